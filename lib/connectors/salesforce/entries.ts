import type { LoyaltyEvent } from '../../loyalty/events.ts';
import type { Verdict } from '../contract.ts';
import type { Call } from '../kit/json-api.ts';
import { movementOf } from '../kit/movement.ts';
import { type Answered, type Around, failureIn, isSuccess, type Part, together } from './api.ts';

type Settings = Around['settings'];

/** By how much an event changes what the member can spend. */
export const change = (event: LoyaltyEvent): number => movementOf(event).spendable;

/** A row for each entry, under the entry's id: written twice, it is one row still. By event. */
export async function writeEntries(
  events: readonly LoyaltyEvent[],
  call: Call,
  { record, ledger }: Settings,
): Promise<Map<string, Verdict>> {
  if (!ledger) return new Map();
  const rows = events.filter((event) => change(event) !== 0);
  const parts = rows.map(
    (event): Part => ({
      method: 'PATCH',
      // What follows a dot, an address may take for the ending of a file.
      path: `/sobjects/${ledger.object}/${ledger.key}/${encodeURIComponent(event.entryId.replaceAll('.', '-'))}`,
      body: {
        [ledger.member]: { [record.key]: event.memberId },
        [ledger.points]: change(event),
        [ledger.balance]: event.balance.available,
        [ledger.type]: event.type,
        [ledger.occurredAt]: event.occurredAt,
      },
    }),
  );
  const answers = await together(parts, call);
  return new Map(
    rows.map(({ id, entryId }, index) => {
      const answer = answers[index] as Answered;
      return [id, isSuccess(answer) ? { vendorId: entryId } : failureIn(answer)];
    }),
  );
}
