import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openShop, type Shop } from './shop.ts';

/** From a till's sale through the journal's stream to what the owner reads. */

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
  for (const name of ['1', '2']) {
    const member = await shop.enrol();
    await shop.sell(`rep-${name}a`, member.phone, '10.00');
    await shop.sell(`rep-${name}b`, member.phone, '30.00');
  }
  await shop.idle();
}, 300_000);
afterAll(() => shop?.stop());

const stampbook = (...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const options = {
      cwd: join(import.meta.dirname, '..', '..'),
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    } as const;
    const command = ['bin/stampbook.ts', ...args, '--data', join(shop.directory, 'data')];
    execFile(process.execPath, command, options, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

describe('what the tills have sold', () => {
  it('is answered to staff, by whatever it is asked', async () => {
    const { status, body } = await shop.call('GET', '/v1/reports/points?by=month', undefined, 'staff');
    expect(status).toBe(200);
    expect(body.rows).toEqual([expect.objectContaining({ sales: 4, sold: '80.00' })]);
    const segment = { all: [{ is: 'purchases', atLeast: 2 }, { not: { is: 'tag-in', tags: ['press'] } }] };
    const counted = await shop.call('POST', '/v1/segments/count', { segment }, 'staff');
    expect(counted.body).toEqual({ count: 2, looked: 2 });
  });

  it('is in the terminal too', async () => {
    const { status, stdout } = await stampbook('report', 'points', '--by', 'month', '--format', 'json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout).rows).toEqual([expect.objectContaining({ sales: 4, sold: '80.00' })]);
  });

  it('can be looked at as a chart, and taken into a spreadsheet', async () => {
    const { stdout } = await stampbook('report', 'liability');
    expect(stdout).toMatch(/outstanding/);
    expect(stdout).toMatch(/█{24}/);
    const { stdout: csv } = await stampbook('report', 'points', '--by', 'source', '--format', 'csv');
    expect(csv.split('\n')[0]).toMatch(/^source,issued,redeemed/);
  });

  it('is what the journal says, which a recount proves', async () => {
    expect(await stampbook('report', 'rebuild')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^2 members, \d+ entries: every sum is what the journal says/),
    });
  });

  it('refuses what is no report', async () => {
    const { status, stderr } = await stampbook('report', 'cohorts', '--by', 'day');
    expect(status).toBe(1);
    expect(stderr).toContain('told one way only');
  });
});
