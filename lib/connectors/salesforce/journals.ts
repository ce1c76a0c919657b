import * as z from 'zod';
import type { LoyaltyEvent } from '../../loyalty/events.ts';
import type { Receipt, Verdict } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import type { Call } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { type Answered, type Around, oneOf, query, Refused, recordsOf, together } from './api.ts';
import { change } from './entries.ts';

type Settings = Around['settings'];
type Program = NonNullable<Settings['loyaltyManagement']>;

/**
 * Journals in Loyalty Management, with the points that we have reckoned: two programs never both award. A process knows
 * no repetition by itself, so what stands there already is looked up first. By event.
 */
export async function writeJournals(
  events: readonly LoyaltyEvent[],
  call: Call,
  { loyaltyManagement: program }: Settings,
): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  const changing = events.filter((event) => change(event) !== 0);
  if (!program || changing.length === 0) return verdicts;
  const { journaled, enrolled } = await standing(changing, program, call);
  const refused = new Map<string, Verdict>();
  for (const event of changing) {
    const { memberId, entryId } = event;
    if (journaled.has(entryId)) {
      verdicts.set(event.id, { vendorId: entryId });
      continue;
    }
    if (program.enrol && !enrolled.has(memberId)) {
      enrolled.add(memberId);
      const verdict = await attempted(() => enrol(event, program, call));
      if (verdict instanceof Error) refused.set(memberId, verdict);
    }
    verdicts.set(event.id, refused.get(memberId) ?? (await attempted(() => run(event, program, call))));
  }
  return verdicts;
}

async function standing(events: readonly LoyaltyEvent[], program: Program, call: Call) {
  const entries = oneOf(events.map(({ entryId }) => entryId));
  const members = oneOf([...new Set(events.map(({ memberId }) => memberId))]);
  const [journals, memberships] = (await together(
    [
      query(
        `SELECT ExternalTransactionNumber FROM TransactionJournal WHERE ExternalTransactionNumber IN ${entries} AND LoyaltyProgram.Name IN ${oneOf([program.program])}`,
      ),
      query(
        `SELECT MembershipNumber FROM LoyaltyProgramMember WHERE MembershipNumber IN ${members} AND LoyaltyProgram.Name IN ${oneOf([program.program])}`,
      ),
    ],
    call,
  )) as [Answered, Answered];
  return {
    journaled: new Set(recordsOf(journals).map(({ ExternalTransactionNumber: number }) => number)),
    enrolled: new Set(recordsOf(memberships).map(({ MembershipNumber: number }) => number)),
  };
}

/** Under the member's id, and with nothing else of the person: nothing there could be erased again by it. */
async function enrol({ memberId, occurredAt }: LoyaltyEvent, { program }: Program, call: Call): Promise<Receipt> {
  try {
    await call('POST', `/loyalty-programs/${encodeURIComponent(program)}/individual-member-enrollments`, {
      enrollmentDate: occurredAt,
      membershipNumber: memberId,
      memberStatus: 'Active',
      associatedContactDetails: { lastName: memberId, allowDuplicateRecords: 'false' },
    });
  } catch (error) {
    // Somebody else was quicker, perhaps we ourselves.
    if (!(error instanceof Refused && error.codes.includes('DUPLICATE_VALUE'))) throw error;
  }
  return { vendorId: memberId };
}

const Result = z.object({ status: z.boolean() });

/** A success of HTTP says in its body whether it was one. */
async function run(event: LoyaltyEvent, { program, credit, debit }: Program, call: Call): Promise<Receipt> {
  const points = change(event);
  const { name, parameter, journalType } = points > 0 ? credit : debit;
  const path = `/connect/loyalty/programs/${encodeURIComponent(program)}/program-processes/${encodeURIComponent(name)}`;
  const answer = await call('POST', path, {
    processParameters: [
      {
        TransactionJournal: {
          ActivityDate: event.occurredAt,
          ExternalTransactionNumber: event.entryId,
          JournalTypeName: journalType,
          MembershipNumber: event.memberId,
          Status: 'Processed',
        },
        [parameter]: Math.abs(points),
      },
    ],
  });
  // Why, only Salesforce may say: its words may name the member.
  if (!read(Result, answer).status) throw new Permanent(`the process ${name} in Salesforce did not do it`);
  return { vendorId: event.entryId };
}

/** What can never work for one keeps nobody from the others; what may work later does so for all. */
async function attempted(act: () => Promise<Receipt>): Promise<Verdict> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Permanent) return error;
    throw error;
  }
}
