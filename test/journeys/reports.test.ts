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

  it.each([
    [['members', '--by', 'staff'], '--by: "members" can be told by day or month'],
    [['points', '--from', '2026-02-30'], "option '--from <day>' argument '2026-02-30' is invalid"],
    [['rebuild', '--to', '2026-02-01'], '--to is for reports'],
  ])('refuses %j, and says what is wrong with it', async (asked, because) => {
    const { status, stderr } = await stampbook('report', ...asked);
    expect(status).toBe(1);
    expect(stderr).toContain(because);
  });
});

describe('what a campaign has changed, and what connectors were told', () => {
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  const report = async (name: string, query: string) => {
    const { status, body } = await shop.call('GET', `/v1/reports/${name}?${query}`, undefined, 'staff');
    expect(status).toBe(200);
    return body.rows as Record<string, string | number | null>[];
  };

  it('is told with how many were on either side, once the sales of its time are in', async () => {
    const spring = {
      ...{ id: 'spring', name: 'Spring', effect: { kind: 'bonus', points: 10 }, holdOutBp: 5_000 },
      ...{ startsAt: inMinutes(20), endsAt: inMinutes(200) },
    };
    expect((await shop.call('POST', '/v1/campaigns', spring, 'admin')).status).toBe(201);
    expect((await shop.call('POST', '/v1/campaigns/spring/schedule', {}, 'admin')).status).toBe(200);
    expect((await shop.local('POST', '/clock', { advance: 'PT30M' })).status).toBe(200);
    // What came with the day is done with first.
    await shop.idle();
    const { phone } = await shop.enrol();
    await shop.sell('rep-3a', phone, '20.00');
    const back = { refundId: 'some', total: '5.00', currency: 'EUR' };
    expect((await shop.call('POST', '/v1/sales/rep-3a/refunds', back)).status).toBe(201);
    await shop.idle();
    const days = `from=${day(-1)}&to=${day(1)}`;
    const sides = await report('campaigns', days);
    expect(sides).toEqual([
      expect.objectContaining({ campaign: 'spring', members: 1, sales: 1, sold: '20.00', spentPerMember: '15.00' }),
    ]);
    const effects = await report('effects', days);
    expect(effects.map(({ of, verdict }) => [of, verdict])).toEqual(
      ['came', 'spent', 'purchases', 'visits', 'points'].map((of) => [of, 'too-few-to-tell']),
    );
    for (const { given, heldOut } of effects) expect(Number(given) + Number(heldOut)).toBe(3);
    const { status, stdout } = await stampbook('report', 'effects', '--from', day(-1), '--to', day(1));
    expect({ status, told: stdout.includes('too-few-to-tell') }).toEqual({ status: 0, told: true });
  }, 120_000);

  it('is counted once for each that a vendor took', async () => {
    const took = (await shop.outbox()).filter(({ status }) => status < 300);
    const rows = await report('deliveries', `by=month&from=${day(-1)}&to=${day(2)}`);
    const delivered = (connector: string) =>
      rows.reduce((sum, row) => (row.connector === connector ? sum + Number(row.delivered) : sum), 0);
    const connectors = [
      ...new Set(rows.filter((row) => Number(row.delivered) > 0).map((row) => String(row.connector))),
    ];
    expect(connectors.length).toBeGreaterThan(0);
    for (const one of connectors)
      expect([one, delivered(one)]).toEqual([one, took.filter(({ connector }) => connector === one).length]);
  });

  it('and the books still are what the journal says', async () => {
    expect(await stampbook('report', 'rebuild')).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^3 members, \d+ entries: every sum is what the journal says/),
    });
  });
});
