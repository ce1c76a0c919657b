import { createServer } from 'node:http';

/**
 * What is dear to make and good for a whole run of Jest: made when the first file asks for it at the address that this
 * gives, and the same for all that ask after it. Made by Jest's own process, since each file has a world of its own.
 */
export async function onceForAll(make: () => Promise<string>): Promise<string> {
  let made: Promise<string> | undefined;
  const server = createServer((_, response) => {
    made ??= make();
    made.then(
      (said) => response.end(said),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

/** What was made for all, by the name under which the address lies in the environment. */
export async function madeForAll(name: string): Promise<string> {
  const url = process.env[name];
  if (!url) throw new Error(`${name} is not set: run this through Jest's projects`);
  const response = await fetch(url);
  const said = await response.text();
  if (!response.ok) throw new Error(said);
  return said;
}
