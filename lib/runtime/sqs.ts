import { SQSClient } from '@aws-sdk/client-sqs';

/** The queue is named with each call, and its address is where the call goes. */
export const sqs = new SQSClient({
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_500, throwOnRequestTimeout: true },
});
