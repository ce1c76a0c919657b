import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { lock, requireFree } from '../../lib/local/data-directory.ts';
import { scratch } from './stubs.ts';

const place = scratch();
afterAll(() => place.remove());

it('a directory is one cloud’s until it lets go of it', async () => {
  const directory = path.join(place.directory, 'ours');
  const owned = await lock(directory);
  await expect(requireFree(directory)).rejects.toThrow('already running');
  await expect(lock(directory)).rejects.toThrow('already running');
  owned.release();
  await expect(requireFree(directory)).resolves.toBeUndefined();
});

it('another process’s cloud keeps it while it answers, and also when it is too busy to', async () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(other, 'spawn');
  const server = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = `${other.pid} http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const held = path.join(place.directory, 'cloud.pid');
  try {
    writeFileSync(held, own);
    await expect(requireFree(place.directory)).rejects.toThrow(`process ${other.pid}`);
    server.removeAllListeners('request');
    await expect(requireFree(place.directory)).rejects.toThrow(`process ${other.pid}`);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    // Nobody is there any more: the number is somebody else's by now.
    await expect(requireFree(place.directory)).resolves.toBeUndefined();
  } finally {
    other.kill();
  }
});
