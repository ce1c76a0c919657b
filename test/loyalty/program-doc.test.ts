import { describe, expect, it } from '@jest/globals';
import { type Account, OWED } from '../../lib/loyalty/account.ts';
import { decideActivity, decideSale } from '../../lib/loyalty/accrue.ts';
import { append, type Draft, type Entry, newAccount } from '../../lib/loyalty/entry.ts';
import type { ActivityFact } from '../../lib/loyalty/facts.ts';
import { afterwards, isLot, waitsFor } from '../../lib/loyalty/lots.ts';
import { formatAmount, parseAmount } from '../../lib/loyalty/money.ts';
import { Program } from '../../lib/loyalty/program.ts';
import { decideRedemption } from '../../lib/loyalty/redeem.ts';
import { decideRefund } from '../../lib/loyalty/refund.ts';
import type { Situation } from '../../lib/loyalty/situation.ts';
import { tierOf } from '../../lib/loyalty/tiers.ts';
import { programSchema, wordsIn, wordsOf } from '../../scripts/generate/program.ts';
import {
  type Doing,
  EXAMPLES,
  type Example,
  type Goods,
  type Happening,
  WHOLE,
} from '../../scripts/generate/program-examples.ts';
import { refund, sale, visit } from '../ledger/world.ts';

const minor = (text: string): number => parseAmount(text, 'EUR') ?? Number.NaN;

/** Somebody to whom an example happens. */
class Customer {
  private account: Account;
  private readonly entries: Entry[] = [];
  private readonly program: Program;
  private readonly memberTags: readonly string[];

  constructor({ program, memberTags = [], broughtByFriend }: Example) {
    this.program = Program.parse({ ...WHOLE, ...program });
    this.memberTags = memberTags;
    const account = newAccount('m', this.program.tiers[0]?.id ?? '');
    this.account = broughtByFriend ? { ...account, referredBy: { memberId: 'f', on: '2026-03-01' } } : account;
  }

  does({ does, at = '2026-03-10T12:00:00Z' }: Happening): string {
    const situation = { program: this.program, now: new Date(at), memberTags: this.memberTags };
    const id = `o${this.entries.length}`;
    if ('sale' in does) {
      const fact = sale(id, minor(does.sale.net ?? does.sale.total), {
        occurredAt: at,
        grossMinor: minor(does.sale.total),
        lines: (does.sale.lines ?? []).map(lineOf),
        ...(does.place && { locationId: does.place }),
        ...(does.source && { source: does.source }),
      });
      return earned(this.post(decideSale(this.account, fact, situation), situation));
    }
    if ('activity' in does) {
      const activity = does.activity as ActivityFact['activity'];
      return earned(
        this.post(
          decideActivity(this.account, visit(id, { activity, occurredAt: at, daysAway: does.daysAway }), situation),
          situation,
        ),
      );
    }
    if ('back' in does) return this.back(does.back, id, situation);
    if ('redeem' in does) {
      const asked = { redemptionId: id, capture: true, ...does.redeem };
      const { detail } = this.post(decideRedemption(this.account, asked, situation), situation);
      if (detail.kind === 'refused') return `refused: ${detail.because}`;
      if (detail.kind !== 'redeemed') throw new Error(detail.kind);
      return `${detail.points} points spent${detail.cashMinor ? `, and ${formatAmount(detail.cashMinor, 'EUR')} to pay` : ''}`;
    }
    return this.asked(does.ask, situation);
  }

  private back(what: string, refundId: string, situation: Situation): string {
    const sold = this.entries.findLast(({ detail }) => detail.kind === 'sale');
    if (sold?.detail.kind !== 'sale') throw new Error('nothing was sold');
    const { orderId } = sold.detail;
    const fact = refund(orderId, refundId, what === 'everything' ? { kind: 'everything' } : minor(what));
    const before = this.entries.filter(({ detail }) => detail.kind === 'refund' && detail.orderId === orderId);
    const { detail } = this.post(decideRefund(this.account, fact, situation, sold, before), situation);
    return `${detail.kind === 'refund' ? detail.reversed : ''} points back`;
  }

  private asked(ask: Extract<Doing, { ask: string }>['ask'], situation: Situation): string {
    if (ask === 'tier') return tierOf(this.program, this.account, situation.now.toISOString().slice(0, 10)).name;
    if (ask === 'balance') return String(this.account.available);
    const amounts = { ...this.account.buckets } as Record<string, number>;
    for (const [lot, amount] of Object.entries(this.account.lots)) {
      const bucket = afterwards(lot);
      amounts[bucket] = (amounts[bucket] ?? 0) + amount;
    }
    return Object.entries(amounts)
      .sort(([a], [b]) => (a === 'never' ? -1 : b === 'never' ? 1 : a < b ? -1 : 1))
      .map(([day, amount]) =>
        day === OWED ? `${amount} owed` : day === 'never' ? `${amount} for ever` : `${amount} until ${day}`,
      )
      .sort((a, b) => Number(b.endsWith('owed')) - Number(a.endsWith('owed')))
      .join(', ');
  }

  private post(draft: Draft, { now }: Situation): Entry {
    const { entry, account } = append(this.account, draft, { recordedAt: now.toISOString(), program: 'test' });
    this.entries.push(entry);
    this.account = account;
    return entry;
  }
}

const lineOf = ({ total, net = total, list, quantity = 1, tags, ...line }: Goods, at: number) => ({
  ...line,
  id: String(at + 1),
  quantity,
  netMinor: minor(net),
  grossMinor: minor(total),
  ...(tags && { tags: [...tags] }),
  ...(list && { listNetMinor: minor(list), listGrossMinor: minor(list) }),
});

function earned({ detail, change }: Entry): string {
  if (detail.kind !== 'sale' && detail.kind !== 'activity') throw new Error(detail.kind);
  const waiting = Object.entries(change.lots ?? {}).map(([lot, amount]) => {
    if (!isLot(lot)) throw new Error(lot);
    const what = waitsFor(lot);
    if (what.startsWith('@review:')) return `, ${amount} of them wait for staff: ${detail.flags?.join(', ')}`;
    return what.startsWith('@') ? `, ${amount} of them wait for a yes` : `, ${amount} of them wait until ${what}`;
  });
  return `${detail.earned} ${detail.earned === 1 ? 'point' : 'points'}${waiting.join('')}`;
}

describe('what docs/program.md says is so', () => {
  const all = EXAMPLES.flatMap(({ section, examples }) =>
    examples.map((example) => [`${section}: ${example.title}`, example] as const),
  );

  it.each(all)('%s', (_, example) => {
    const customer = new Customer(example);
    expect(example.happens.map((one) => [one.says, customer.does(one)])).toEqual(
      example.happens.map(({ says, comes }) => [says, comes]),
    );
  });

  it('and every word of the schema has an example', () => {
    const shown = new Set([WHOLE, ...all.map(([, { program }]) => program)].flatMap((one) => [...wordsIn(one)]));
    expect([...wordsOf(programSchema())].filter((word) => !shown.has(word))).toEqual([]);
  });
});
