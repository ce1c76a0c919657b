/**
 * In which month points came that leave now. An account knows when points lapse and not when they were issued; reports
 * of what each month's points became need that. So it is a convention: what is spent or lapses is taken of the oldest
 * points first, what is taken back of the newest, and what is given back goes to the newest month it was spent from.
 */

/** Points by month, `YYYY-MM`. Their sum is what the member has; a debt stands in the month in which it was made. */
export type Months = Readonly<Record<string, number>>;

export interface Ages {
  /** What is there still, by the month in which it came. */
  readonly there: Months;
  /** What was spent, by the month in which it had come: to know where it goes when it is given back. */
  readonly spent: Months;
}

const COMES = ['issued', 'opened', 'adjusted', 'moved'] as const;
const TAKEN_BACK = ['reversed', 'declined'] as const;
const LEAVES = ['redeemed', 'expired'] as const;
export const FLOWS = [...COMES, 'returned', ...TAKEN_BACK, ...LEAVES] as const;
export type Flow = (typeof FLOWS)[number];
export type Flows = Readonly<Partial<Record<Flow, number>>>;

/** Longer ago nobody gives back; then it counts as new. */
const SPENT_MONTHS = 12;

const OUT: ReadonlySet<Flow> = new Set([...TAKEN_BACK, ...LEAVES]);

/** What the flows of one entry, of that month, do to the points of each month. */
export function aged(
  before: Ages | undefined,
  flows: Flows,
  month: string,
): { readonly ages: Ages; readonly byMonth: Readonly<Record<string, Flows>> } {
  const there: Record<string, number> = { ...before?.there };
  const spent: Record<string, number> = { ...before?.spent };
  const byMonth: Record<string, Partial<Record<Flow, number>>> = {};
  const book = (of: string, flow: Flow, amount: number) => {
    if (amount === 0) return;
    byMonth[of] = { ...byMonth[of], [flow]: (byMonth[of]?.[flow] ?? 0) + amount };
    there[of] = (there[of] ?? 0) + (OUT.has(flow) ? -amount : amount);
  };
  /** Takes of what is there, month by month; what is not there is owed by this month. */
  const take = (flow: Flow, amount: number, order: 'oldest' | 'newest', taken?: (of: string, much: number) => void) => {
    let left = amount;
    const months = Object.keys(there).sort();
    if (order === 'newest') months.reverse();
    for (const of of months) {
      const much = Math.min(left, Math.max(0, there[of] ?? 0));
      if (much === 0) continue;
      book(of, flow, OUT.has(flow) ? much : -much);
      taken?.(of, much);
      left -= much;
    }
    if (left === 0) return;
    book(month, flow, OUT.has(flow) ? left : -left);
    taken?.(month, left);
  };

  let back = flows.returned ?? 0;
  for (const of of Object.keys(spent).sort().reverse()) {
    const much = Math.min(back, spent[of] ?? 0);
    book(of, 'returned', much);
    spent[of] = (spent[of] ?? 0) - much;
    back -= much;
  }
  book(month, 'returned', back);
  for (const flow of COMES) if ((flows[flow] ?? 0) > 0) book(month, flow, flows[flow] ?? 0);
  for (const flow of COMES)
    if ((flows[flow] ?? 0) < 0) take(flow, -(flows[flow] ?? 0), flow === 'moved' ? 'oldest' : 'newest');
  for (const flow of TAKEN_BACK) take(flow, flows[flow] ?? 0, 'newest');
  for (const flow of LEAVES)
    take(flow, flows[flow] ?? 0, 'oldest', (of, much) => {
      if (flow === 'redeemed') spent[of] = (spent[of] ?? 0) + much;
    });
  const remembered = Object.keys(spent).sort().slice(-SPENT_MONTHS);
  return { ages: { there: sparse(there), spent: sparse(spent, remembered) }, byMonth };
}

const sparse = (months: Months, of = Object.keys(months)): Months =>
  Object.fromEntries(of.sort().flatMap((month) => (months[month] ? [[month, months[month]]] : [])));
