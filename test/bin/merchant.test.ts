import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openMerchant } from '../../bin/merchant.ts';
import { keptOffset } from '../../lib/local/clock.ts';

const data = mkdtempSync(join(tmpdir(), 'stampbook-bin-'));
beforeAll(() => {
  const operator = { endpoint: 'http://127.0.0.1:9', region: 'eu-central-1', accessKeyId: 'a', secretAccessKey: 'b' };
  writeFileSync(
    join(data, 'operator.json'),
    JSON.stringify({ ...operator, stage: 'art-cafe', vendors: 'http://127.0.0.1:9/_vendor' }),
  );
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

it('a command knows the time of the shop that it looks at', async () => {
  const before = Date.now();
  expect((await openMerchant({ merchant: 'art-cafe', data })).now().getTime() - before).toBeLessThan(60_000);
  const year = 365 * 86_400_000;
  keptOffset(data).keep({ offsetMs: year });
  expect((await openMerchant({ merchant: 'art-cafe', data })).now().getTime() - before).toBeGreaterThanOrEqual(year);
  // In AWS there is the world's.
  const { now } = await openMerchant({ merchant: 'art-cafe', data, aws: true });
  expect(now().getTime() - before).toBeLessThan(60_000);
});

it('says so where another merchant’s stacks are running', async () => {
  await expect(openMerchant({ merchant: 'book-bar', data })).rejects.toThrow('say --merchant art-cafe');
});

it('says what to do where no local cloud is running', async () => {
  await expect(openMerchant({ merchant: 'art-cafe', data: join(data, 'none') })).rejects.toThrow(/npm start/);
});
