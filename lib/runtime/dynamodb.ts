import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** One pool of connections a process. A call that hangs is given up early enough to be tried again within a till's patience. */
export const dynamodb = new DynamoDBClient({
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_500, throwOnRequestTimeout: true },
});
