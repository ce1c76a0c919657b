import { startJava } from './dynamodb-java.ts';
import { onceForAll } from './once-for-all.ts';

/** One DynamoDB Local for a whole run, since a Java that has just started costs more than most files ask of it. */
export default async function setup(): Promise<void> {
  process.env.ONE_DYNAMODB = await onceForAll(async () => (await startJava()).endpoint);
}
