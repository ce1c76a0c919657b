import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { bookkeeping, plainText } from '../../lib/loyalty/bookkeeping.ts';
import { MemoryClient } from './memory-client.ts';
import { ledgerOn, refund, sale, TestClock, visit } from './world.ts';

const M = 'm_books';
const there = spawnSync('hledger', ['--version']).status === 0;
if (!there) process.stdout.write('\nhledger is not installed: the export is not checked by it (apt install hledger)\n');

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
  return `commodity 1000. PTS\n\n${plainText(bookkeeping(await ledger.entries(M)))}`;
}

describe('the journal as plain-text accounting', () => {
  it('has a transaction for each entry that moves points, with the balance after it', async () => {
    expect((await journal()).split('\n\n')[1]).toBe(
      '2026-03-10 sale till o1  ; entry m_books.1\n    members:m_books:available:2027-03-31  700 PTS = 700 PTS\n    issued:till  -700 PTS',
    );
  });

  (there || process.env.CI ? it : it.skip)(
    'is accepted by hledger check, which finds a point that is off',
    async () => {
      const check = (text: string) => spawnSync('hledger', ['check', '-f', '-'], { input: text, encoding: 'utf8' });
      const text = await journal();
      const good = check(text);
      expect({ status: good.status, stderr: good.stderr }).toEqual({ status: 0, stderr: '' });
      expect(check(text.replace('700 PTS = 700', '701 PTS = 700').replace('-700 PTS', '-701 PTS')).status).not.toBe(0);
    },
  );
});
