import { createServer } from 'node:http';
import { type Java, startJava } from './dynamodb-java.ts';

/**
 * One DynamoDB Local for a whole run of Jest, since a Java that has just started costs more than most files ask of it.
 * Here is where a file asks for it; it starts when the first one does, and ends with the run.
 */
export default async function setup(): Promise<void> {
  let java: Promise<Java> | undefined;
  const server = createServer((_, response) => {
    java ??= startJava();
    java.then(
      ({ endpoint }) => response.end(endpoint),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  process.env.ONE_DYNAMODB = `http://127.0.0.1:${address.port}`;
}
