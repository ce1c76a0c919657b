import type { MemberCopy, RoleOf, SinkEvent } from '../contract.ts';
import { openSalesforce } from './api.ts';
import { writeEntries } from './entries.ts';
import { writeJournals } from './journals.ts';
import type manifest from './manifest.ts';
import { emptyRecords, writeRecords } from './records.ts';

/** A member's standing on the record, the entries as rows, and journals in Loyalty Management: as far as the merchant has them. */
export const sink: RoleOf<typeof manifest, 'sink'> = {
  async apply(told, context) {
    const { settings } = context;
    const call = await openSalesforce(context);
    const leaving = new Map<string, { readonly everything: boolean }>();
    // However they come, who was erased is not only unlinked.
    for (const { event } of told.filter(isLeaving)) {
      const erases = event.type === 'member.erased' && settings.onErasure === 'anonymise';
      leaving.set(event.memberId, { everything: erases || leaving.get(event.memberId)?.everything === true });
    }
    const staying = new Map<string, MemberCopy>();
    for (const { event, member } of told)
      if (member && !leaving.has(event.memberId)) staying.set(event.memberId, member);

    const records = await writeRecords(staying, call, settings);
    const gone = await emptyRecords(leaving, call, settings);
    // A row hangs on the member's record: without that one there is nothing to hang it on.
    const events = told
      .map(({ event }) => event)
      .filter(({ memberId }) => records.has(memberId) && !(records.get(memberId) instanceof Error));
    const parts = [await writeEntries(events, call, settings), await writeJournals(events, call, settings)];

    return told.map(({ event: { id, memberId } }) => {
      const failed = parts.map((verdicts) => verdicts.get(id)).find((verdict) => verdict instanceof Error);
      // Who is not known any more has no copy: it went with the event that says so.
      return failed ?? records.get(memberId) ?? gone.get(memberId) ?? { vendorId: memberId };
    });
  },
};

/** What is late about an account that was merged would make a second record of somebody, or take the first. */
const isLeaving = ({ event, member }: SinkEvent): boolean =>
  event.type === 'member.erased' || event.type === 'member.merged' || member?.mergedInto !== undefined;
