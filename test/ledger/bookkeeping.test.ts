import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { asOf } from '../../lib/loyalty/as-of.ts';
import { bookkeeping, plainText, type Transaction } from '../../lib/loyalty/bookkeeping.ts';
import { addDays } from '../../lib/loyalty/calendar.ts';
import { type Entry, entryIdOf } from '../../lib/loyalty/entry.ts';
import { ADA, BEN, CAT, everything, MOVES } from './everything.ts';
import { MemoryClient } from './memory-client.ts';
import { ledgerOn, refund, sale, TestClock, visit } from './world.ts';

const M = 'm_books';
const there = spawnSync('hledger', ['--version']).status === 0;
if (!there) process.stdout.write('\nhledger is not installed: the export is not checked by it (apt install hledger)\n');

const checked = there || process.env.CI ? it : it.skip;
const check = (text: string) => spawnSync('hledger', ['check', '-f', '-'], { input: text, encoding: 'utf8' });
const HEAD = 'commodity 1000. PTS\n\n';

async function journal(): Promise<string> {
  const clock = new TestClock();
  const ledger = ledgerOn(new MemoryClient().asClient(), clock, { refunds: { whenSpent: 'owe' } });
  await ledger.sale(M, sale('o1', 10_000));
  await ledger.activity(M, visit('v1'));
  await ledger.authorize(M, { redemptionId: 'r1', points: 200, capture: false });
  await ledger.sale(M, sale('o2', 2_000, { redemptionId: 'r1', occurredAt: '2026-04-02T12:00:00Z' }));
  await ledger.authorize(M, { redemptionId: 'r2', rewardId: 'coffee', capture: true });
  await ledger.authorize(M, { redemptionId: 'r3', points: 600, capture: true });
  await ledger.refund(M, refund('o1', 'all', { kind: 'everything' }));
  await ledger.sale(M, sale('o3', 20_000));
  clock.to('2027-05-01T12:00:00Z');
  await ledger.expire(M, '2027-04-30');
  return `${HEAD}${plainText(bookkeeping(await ledger.entries(M)))}`;
}

describe('the journal as plain-text accounting', () => {
  it('has a transaction for each entry that moves points, with the balance after it', async () => {
    expect((await journal()).split('\n\n')[1]).toBe(
      '2026-03-10 sale till o1  ; entry m_books.1\n    members:m_books:available:2027-03-31  700 PTS = 700 PTS\n    issued:till  -700 PTS',
    );
  });

  it('is in the order of days, also where a clock was behind at midnight', async () => {
    const { entries } = await everything();
    const [first, ...rest] = entries.filter(({ memberId }) => memberId === ADA);
    if (!first) throw new Error('no entry');
    const skewed = [
      first,
      ...rest.map((entry, at) => (at % 2 === 0 ? entry : { ...entry, recordedAt: '2026-03-10T00:00:00Z' })),
    ];
    const days = bookkeeping(skewed).map(({ day }) => day);
    expect(days).toEqual([...days].sort());
  });

  describe('of everything that can happen', () => {
    let entries: readonly Entry[];
    let transactions: Transaction[];
    beforeAll(async () => {
      ({ entries } = await everything());
      transactions = [ADA, BEN, CAT].flatMap((member) =>
        bookkeeping(entries.filter(({ memberId }) => memberId === member)),
      );
    });

    it('knows every kind of entry that moves points', () => {
      const kinds = new Set(entries.map(({ detail }) => detail.kind));
      expect(
        Object.keys(MOVES).filter((kind) => MOVES[kind as keyof typeof MOVES] && !kinds.has(kind as never)),
      ).toEqual([]);
    });

    it('leaves out those that move none', () => {
      const booked = new Set(transactions.map(({ entryId }) => entryId));
      const moving = entries.filter((entry) => booked.has(entryIdOf(entry))).map(({ detail }) => detail.kind);
      expect([...new Set(moving)].filter((kind) => !MOVES[kind])).toEqual([]);
    });

    it('balances each transaction', () => {
      for (const { postings } of transactions) expect(postings.reduce((sum, { points }) => sum + points, 0)).toBe(0);
    });

    it('says where points came from and where they went, each in an account of its own', () => {
      const others = transactions.flatMap(({ postings }) => postings.map(({ account }) => account));
      expect([...new Set(others.filter((account) => !account.startsWith('members:')))].sort()).toEqual([
        'adjusted:correction',
        'adjusted:goodwill',
        'declined',
        'expired',
        'gifts',
        'issued:referral',
        'issued:till',
        'merged',
        'opening:smile--io-',
        'redeemed:coffee',
        'redeemed:points',
        'reversed:referral',
        'reversed:till',
      ]);
    });

    it('gives as much as is received, and parts as much as was merged', () => {
      const sumOf = (account: string) =>
        transactions
          .flatMap(({ postings }) => postings)
          .filter((posting) => posting.account === account)
          .reduce((sum, { points }) => sum + points, 0);
      expect([sumOf('gifts'), sumOf('merged')]).toEqual([0, 0]);
    });

    checked('is accepted by hledger', () => {
      const { status, stderr } = check(`${HEAD}${plainText(transactions)}`);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    });

    checked.each(['2026-03-13', '2026-03-18', '2026-04-02', '2028-01-02'])(
      'comes to the balances of the ledger as of %s, by hledger’s own sums',
      (day) => {
        const { stdout } = spawnSync(
          'hledger',
          ['balance', '-f', '-', '--depth', '2', '-N', '--layout=bare', '--end', addDays(day, 1), 'members'],
          { input: `${HEAD}${plainText(transactions)}`, encoding: 'utf8' },
        );
        const summed = (member: string) => Number(new RegExp(`(-?\\d+)\\D+members:${member}`).exec(stdout)?.[1] ?? 0);
        const inTheBooks = (member: string) => {
          const own = entries.filter(({ memberId }) => memberId === member);
          const { available, pending, held } = asOf(own, day, 'Europe/Berlin').account;
          return available + pending + held;
        };
        const members = [ADA, BEN, CAT];
        expect(members.map((member) => [member, summed(member)])).toEqual(
          members.map((member) => [member, inTheBooks(member)]),
        );
      },
    );
  });

  checked('is accepted by hledger check, which finds a point that is off', async () => {
    const text = await journal();
    const good = check(text);
    expect({ status: good.status, stderr: good.stderr }).toEqual({ status: 0, stderr: '' });
    expect(check(text.replace('700 PTS = 700', '701 PTS = 700').replace('-700 PTS', '-701 PTS')).status).not.toBe(0);
  });
});
