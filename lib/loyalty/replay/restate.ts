import type { RefundExtent } from '../account.ts';
import { dayIn } from '../calendar.ts';
import type { Detail } from '../detail.ts';
import type { Change, Entry } from '../entry.ts';
import { keptOf } from '../kept.ts';
import type { Program } from '../program.ts';
import { windowKey } from '../tiers.ts';

/** Whether two programs count towards a tier in the same words: the same things, by the same stretches of time. */
export const countsAlike = ({ qualify: a }: Program, { qualify: b }: Program): boolean =>
  a.by === b.by && a.window.kind === b.window.kind;

/**
 * What entries count towards a tier, said as another program counts it: what was booked as points in a year may be asked
 * for as money in a month. What came from elsewhere, or with another account, nobody can say anew: it counts towards nothing.
 */
export function restated(entries: readonly Entry[], program: Program): readonly Entry[] {
  const extents = new Map<string, RefundExtent[]>();
  const sales = new Map<string, Extract<Detail, { kind: 'sale' }>>();
  return entries.map((entry) => {
    const { detail } = entry;
    const key = windowKey(program, dayIn(program.timeZone, entry.occurredAt));
    switch (detail.kind) {
      case 'sale': {
        const order = `${entry.source}#${detail.orderId}`;
        const began = { ...detail, window: { key, by: program.qualify.by, amount: 0 } };
        const counted = Object.keys(entry.change.window ?? {}).length > 0;
        const amount = counted ? keptOf(began, extents.get(order) ?? []).window : 0;
        const sale = { ...began, window: { ...began.window, amount } };
        sales.set(order, sale);
        return { ...entry, detail: sale, change: { ...entry.change, window: { [key]: amount } } };
      }
      case 'refund': {
        const order = `${entry.source}#${detail.orderId}`;
        const sale = sales.get(order);
        const before = extents.get(order) ?? [];
        extents.set(order, [...before, detail.extent]);
        if (!sale) return entry;
        const counts = (list: readonly RefundExtent[]) => Math.min(sale.window.amount, keptOf(sale, list).window);
        const windowLeft = counts([...before, detail.extent]);
        return {
          ...entry,
          detail: { ...detail, windowLeft },
          change: { ...entry.change, window: { [sale.window.key]: windowLeft - counts(before) } },
        };
      }
      case 'activity': {
        const { by } = program.qualify;
        const amount = by === 'points' ? detail.earned : by === 'visits' ? (entry.change.visits ?? 0) : 0;
        return { ...entry, change: { ...entry.change, window: { [key]: amount } } };
      }
      case 'declined': {
        const { windowLeft: _, ...rest } = detail;
        return { ...entry, detail: rest, change: uncounted(entry.change) };
      }
      default:
        return { ...entry, change: uncounted(entry.change) };
    }
  });
}

/** Without what it counted in another program's words. */
export function uncounted({ window: _, ...change }: Change): Change {
  return change;
}
