import { createHash } from 'node:crypto';
import type { Context, Manifest, Roles, Verdict } from '../../connectors/contract.ts';
import type { LoyaltyEvent } from '../../loyalty/events.ts';
import { type Attempts, attempted } from './attempts.ts';
import type { MemberCopies } from './member-copies.ts';
import type { SharedCodes } from './shared-codes.ts';
import type { Ending, ToldEvent } from './told.ts';
import type { Vendor } from './vendor.ts';

/** So often at once; an account that moves still faster is told of by the events of its next entries. */
const WRITES_MAX = 4;

export interface CopyingOptions<M extends Manifest> {
  readonly sink: Roles<Context<M>>['sink'];
  readonly limits: Manifest['limits'];
  readonly vendor: Vendor<M>;
  readonly attempts: Attempts;
  readonly copies: MemberCopies;
  readonly codes: SharedCodes;
}

/** Keeps a vendor's copy: several events in one call, each with an end of its own. */
export function openCopying<M extends Manifest>({ sink, limits, vendor, attempts, copies, codes }: CopyingOptions<M>) {
  type OfMember = ToldEvent<LoyaltyEvent>;

  /**
   * Two that write the same member at once may do so in the wrong order: whoever finds himself overtaken afterwards
   * writes again.
   */
  async function write(told: readonly OfMember[], around: Context<M>): Promise<ReadonlyMap<OfMember, Verdict>> {
    const verdicts = new Map<OfMember, Verdict>();
    let left = told;
    for (let writes = 1; left.length > 0 && writes <= WRITES_MAX; writes += 1) {
      const shown = await Promise.all(
        left.map(async (one) => ({
          one,
          event: one.event,
          code: await codes.of(one.event),
          ...(await copies.of(one.event.memberId)),
        })),
      );
      const made = await vendor.askOfEach(around, (context) =>
        sink.apply(
          shown.map(({ event, member, code }) => ({ event, ...(member && { member }), ...(code && { code }) })),
          context,
        ),
      );
      const overtaken = await Promise.all(
        shown.map(async ({ one, ...copy }, at) => {
          const verdict = made[at] ?? new TypeError(`${made.length} verdicts on ${shown.length} events`);
          verdicts.set(one, verdict);
          return verdict instanceof Error || !(await copies.isOvertaken(copy)) ? [] : [one];
        }),
      );
      left = overtaken.flat();
    }
    return verdicts;
  }

  async function together(told: readonly OfMember[], around: Context<M>): Promise<readonly Ending[]> {
    const claims = await Promise.all(told.map(({ event, record }) => attempted(attempts.claim(event.id, record))));
    const claimed = told.filter((_, at) => claims[at] === true);
    const verdicts = await attempted(write(claimed, around));
    return Promise.all(
      told.map(async (one, at): Promise<Ending> => {
        const { event } = one;
        const claim = claims[at];
        if (claim !== true) return claim instanceof Error ? claim : undefined;
        const verdict = verdicts instanceof Error ? verdicts : verdicts.get(one);
        if (verdict instanceof Error) return attempts.failed(event.id, verdict);
        await attempts.done(event.id, verdict?.vendorId);
        return undefined;
      }),
    );
  }

  return async (told: readonly OfMember[]): Promise<readonly Ending[]> => {
    const ends: Ending[] = [];
    for (let from = 0; from < told.length; from += limits.batch) {
      const batch = told.slice(from, from + limits.batch);
      // Ready before the claims: without a secret nothing has been tried.
      const ended = await attempted(vendor.whenReady(keyOf(batch), (around) => together(batch, around)));
      ends.push(...(ended instanceof Error ? batch.map(() => ended) : ended));
    }
    return ends;
  };
}

/** The same for the same events, told together again. */
function keyOf(told: readonly ToldEvent<LoyaltyEvent>[]): string {
  const ids = told.map(({ event }) => event.id);
  const [first = ''] = ids;
  return ids.length === 1 ? first : createHash('sha256').update(ids.join('\n')).digest('hex');
}
