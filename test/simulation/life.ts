import type { RefundFact, SaleFact } from '../../lib/loyalty/facts.ts';
import type { Outcome } from '../../lib/runtime/journal.ts';
import type { Ledger } from '../../lib/runtime/ledger.ts';
import { refund, sale, visit } from '../ledger/world.ts';
import type { Chance } from './random.ts';

/** Something that somebody tells the ledger: once, twice, late, or while something else is told. */
export interface Act {
  readonly kind: string;
  readonly at: Date;
  /** `undefined` where there is nothing to be told. */
  tell(ledger: Ledger): Promise<Outcome | undefined>;
}

interface Order {
  readonly orderId: string;
  readonly member: string;
  readonly fact: SaleFact;
}

const MINUTE_MS = 60_000;
const SHELF = ['coffee', 'cake', 'gift-card', 'picture'] as const;

export interface Company {
  /** Those who are about at that time; absent: all members always. */
  readonly around?: (at: Date) => readonly string[];
  /** Without: nobody brings friends, and no two accounts turn out to be one person's. */
  readonly mingle?: boolean;
}

/** Members who buy, come by, book, return goods, spend points and change their minds, from one day on. */
export function* lives(
  chance: Chance,
  from: Date,
  members: readonly string[],
  stepMinutes: number,
  { around = () => members, mingle = true }: Company = {},
): Generator<Act> {
  const orders: Order[] = [];
  const holds: { readonly id: string; readonly member: string }[] = [];
  const bookings: { readonly id: string; readonly member: string }[] = [];
  const merges: { readonly host: string; readonly guest: string }[] = [];
  const friends: { readonly member: string; readonly orderId: string }[] = [];
  let at = from.getTime();
  for (let n = 0; ; n += 1) {
    at += chance.below(2 * stepMinutes * MINUTE_MS);
    const when = new Date(at);
    const occurredAt = when.toISOString();
    const here = around(when);
    if (here.length === 0) continue;
    const member = chance.oneOf(here);
    const act = (kind: string, tell: Act['tell']): Act => ({ kind, at: when, tell });
    const dice = chance.below(122);
    if (dice < 42 || orders.length === 0) {
      const fact = drawSale(chance, `o${n}`, occurredAt, holds);
      orders.push({ orderId: fact.orderId, member, fact });
      if (orders.length > 500) orders.shift();
      yield act('sale', (ledger) => ledger.sale(member, fact));
    } else if (dice < 60) {
      const order = chance.oneOf(orders);
      const fact = drawRefund(chance, order, `f${n}`, occurredAt);
      yield act('refund', (ledger) => ledger.refund(order.member, fact));
    } else if (dice < 66) {
      yield act('visit', (ledger) => ledger.activity(member, visit(`v${n}`, { occurredAt })));
    } else if (dice < 70) {
      bookings.push({ id: `b${n}`, member });
      yield act('booking', (ledger) => ledger.activity(member, visit(`b${n}`, { occurredAt, activity: 'booking' })));
    } else if (dice < 86) {
      const capture = chance() < 0.5;
      if (!capture) holds.push({ id: `r${n}`, member });
      const wanted =
        chance() < 0.4
          ? { rewardId: chance.oneOf(['espresso', 'dinner', 'mug', 'no-such']) }
          : { points: 1 + chance.below(150) };
      yield act('redemption', (ledger) => ledger.authorize(member, { redemptionId: `r${n}`, ...wanted, capture }));
    } else if (dice < 94 && holds.length > 0) {
      const [hold] = holds.splice(chance.below(holds.length), 1);
      if (!hold) continue;
      const points = chance() < 0.3 ? 1 + chance.below(40) : undefined;
      yield chance() < 0.6
        ? act('capture', (ledger) =>
            ledger.capture(hold.member, { redemptionId: hold.id, ...(points !== undefined && { points }) }),
          )
        : act('void', (ledger) => ledger.void(hold.member, { redemptionId: hold.id, reason: 'voided' }));
    } else if (dice < 98 && bookings.length > 0) {
      const [booking] = bookings.splice(chance.below(bookings.length), 1);
      if (!booking) continue;
      const said = { source: 'till', object: `booking:${booking.id}`, by: 'staff-1' };
      yield chance() < 0.7
        ? act('attended', (ledger) => ledger.confirmLot(booking.member, said))
        : act('not attended', (ledger) => ledger.declineLot(booking.member, said));
    } else if (dice < 102) {
      const large = orders.filter(({ fact }) => fact.grossMinor > 14_000);
      const { member: buyer, orderId } = chance.oneOf(large.length > 0 ? large : orders);
      const said = { source: 'till', object: orderId, by: 'staff-1', of: 'review' as const };
      yield chance() < 0.5
        ? act('looked at', (ledger) => ledger.confirmLot(buyer, said))
        : act('turned down', (ledger) => ledger.declineLot(buyer, said));
    } else if (dice < 106) {
      const points = chance.below(400) - 150;
      const asked = { adjustmentId: `a${n}`, points, reason: 'goodwill', by: 'staff-1', belowZero: chance() < 0.5 };
      if (points !== 0) yield act('adjustment', (ledger) => ledger.adjust(member, asked));
    } else if (dice < 111) {
      const gift = { giftId: `g${n}`, to: chance.oneOf(here), points: 5 + chance.below(100) };
      yield act('gift', (ledger) => ledger.give(member, gift));
    } else if (dice < 113) {
      if (!mingle) continue;
      // Nobody is new for long here: friends are members of their own.
      const friend = `friend_${n}`;
      const fact = drawSale(chance, `o${n}`, occurredAt, []);
      orders.push({ orderId: fact.orderId, member: friend, fact });
      friends.push({ member: friend, orderId: fact.orderId });
      yield act('referral', (ledger) => ledger.refer(friend, { by: member, code: `code-of-${member}` }));
      const later = new Date(at + 2 * 86_400_000);
      const bought = { ...fact, occurredAt: later.toISOString() };
      yield { kind: 'sale', at: later, tell: (ledger) => ledger.sale(friend, bought) };
    } else if (dice < 117 && friends.length > 0) {
      // The relay tells it after the sale and after each refund; here it does so at any time.
      const { member: friend, orderId } = chance.oneOf(friends);
      yield act('referral settled', (ledger) => ledger.settleReferral({ memberId: friend, source: 'till', orderId }));
    } else if (dice < 118) {
      const through = new Date(at + chance.below(90) * 86_400_000).toISOString().slice(0, 10);
      const grant = { grantId: `t${n}`, tier: chance.oneOf(['silver', 'gold']), through, by: 'staff-1' };
      yield act('tier granted', (ledger) => ledger.grantTier(member, grant));
    } else if (dice < 119) {
      const id = {
        adjustmentId: `u${n}`,
        points: 1 + chance.below(300),
        reason: 'goodwill',
        by: 'staff-1',
        belowZero: false,
      };
      yield act('undone', async (ledger) => {
        const adjusted = await ledger.adjust(member, id);
        const { entry } = adjusted;
        return entry && ledger.undo(entry, { reason: 'correction', by: 'staff-2' });
      });
    } else if (dice < 120) {
      if (!mingle) continue;
      const guest = chance.oneOf(members);
      merges.push({ host: member, guest });
      yield act('merge', (ledger) => ledger.merge(member, guest, 'staff-1'));
    } else if (dice < 122 && merges.length > 0) {
      const { host, guest } = chance.oneOf(merges);
      yield act('unmerge', (ledger) => ledger.unmerge(host, guest, 'staff-1'));
    }
  }
}

function drawSale(
  chance: Chance,
  orderId: string,
  occurredAt: string,
  holds: readonly { readonly id: string }[],
): SaleFact {
  const lines = Array.from({ length: chance.below(4) }, (_, place) => {
    const netMinor = 50 + chance.below(4_000);
    const grossMinor = netMinor + chance.below(800);
    const discount = chance() < 0.3 ? chance.below(1_000) : 0;
    return {
      id: String(place + 1),
      category: chance.oneOf(SHELF),
      quantity: chance.oneOf([1, 1, 2, 3, 0.75]),
      netMinor,
      grossMinor,
      ...(discount > 0 && { listNetMinor: netMinor + discount, listGrossMinor: grossMinor + discount }),
      ...(chance() < 0.2 && { tags: ['promoted'] }),
    };
  });
  const sum = (of: 'netMinor' | 'grossMinor') => lines.reduce((total, line) => total + line[of], 0);
  const netMinor = lines.length > 0 ? sum('netMinor') : 1 + chance.below(chance() < 0.01 ? 200_000 : 15_000);
  const hold = holds.at(-1);
  return sale(orderId, netMinor, {
    occurredAt,
    grossMinor: lines.length > 0 ? sum('grossMinor') : netMinor + chance.below(2_000),
    lines,
    ...(hold && chance() < 0.2 && { redemptionId: hold.id }),
  });
}

function drawRefund(chance: Chance, { fact }: Order, refundId: string, occurredAt: string): RefundFact {
  const dice = chance();
  const line = fact.lines.length > 0 ? chance.oneOf(fact.lines) : undefined;
  if (dice < 0.3) return refund(fact.orderId, refundId, { kind: 'everything' }, { occurredAt });
  if (line && dice < 0.7) {
    const { id, netMinor, grossMinor } = line;
    return refund(fact.orderId, refundId, { kind: 'lines', lines: [{ id, netMinor, grossMinor }] }, { occurredAt });
  }
  const grossMinor = 1 + chance.below(fact.grossMinor + 100);
  return refund(fact.orderId, refundId, { kind: 'amount', grossMinor }, { occurredAt });
}
