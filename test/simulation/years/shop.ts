import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { dayIn } from '../../../lib/loyalty/calendar.ts';
import type { ProgramEvent } from '../../../lib/loyalty/events.ts';
import { mayEarn } from '../../../lib/loyalty/own-activities.ts';
import { openBudgets } from '../../../lib/runtime/budgets.ts';
import { advanceCampaign, openLaunching } from '../../../lib/runtime/campaigns.ts';
import { openCurrentCampaigns } from '../../../lib/runtime/current-campaigns.ts';
import { openDuties } from '../../../lib/runtime/duties.ts';
import { openEnrolment } from '../../../lib/runtime/enrolment.ts';
import { openLedger } from '../../../lib/runtime/ledger.ts';
import { openMembers } from '../../../lib/runtime/members.ts';
import { openOccasions } from '../../../lib/runtime/occasions.ts';
import type { OneTime } from '../../../lib/runtime/one-time.ts';
import { openCampaignsAround, openSurroundings } from '../../../lib/runtime/surroundings.ts';
import { openSweepWork } from '../../../lib/runtime/sweep-work.ts';
import { openSweeps, type SweepMessage } from '../../../lib/runtime/sweeps.ts';
import { openWaitingRoom } from '../../../lib/runtime/waiting-room.ts';
import { tables as ledgerTables } from '../../ledger/world.ts';
import type { Club } from './club.ts';

export const tables = { ...ledgerTables, members: 'test-members', program: 'test-program' };

/** Few, so that there is always a page more. */
const PAGE = 7;

export interface ShopParts {
  readonly club: Club;
  readonly client: DynamoDBClient;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly queue: { readonly client: SQSClient; readonly put: (message: SweepMessage) => void };
  readonly schedules: OneTime;
  readonly tell: (event: ProgramEvent) => Promise<void>;
}

/** All that a deployed shop opens, over these tables and that clock; what `functions/` put together from the surroundings. */
export function openShop({ club, client, now, newId, queue, schedules, tell }: ShopParts) {
  const { program, remindsThrough } = club;
  const { timeZone, leapDay } = program;
  const members = openMembers({ client, table: tables.members, timeZone, newId });
  const current = openCurrentCampaigns({ client, table: tables.program, now: () => now().getTime() });
  const campaignsFor = openCampaignsAround(current, async (memberId) => {
    const member = await members.get(memberId);
    return member && { ...member.profile, tags: member.tags ?? [], consents: member.consents };
  });
  const ledger = openLedger({
    client,
    tables,
    program,
    version: 'simulated',
    now,
    random: () => 0,
    surroundings: openSurroundings({ program, tagsOf: async () => [], campaignsFor }),
    budgets: openBudgets({ client, table: tables.program, now, random: () => 0 }),
    campaigns: campaignsFor,
  });
  const campaigns = openLaunching({
    client,
    table: tables.program,
    program,
    now,
    schedules,
    send: async (message) => queue.put(message),
  });
  const work = openSweepWork({
    program,
    sweeps: () =>
      openSweeps({
        client,
        tables,
        queue: { client: queue.client, url: 'sweeps' },
        page: PAGE,
        leapDay,
        makes: (round) => (round === 'statements' ? program.statements : mayEarn(program, round)),
        now: () => now().getTime(),
      }),
    duties: () => openDuties({ till: ledger, program, now, remindsThrough }),
    occasions: () => openOccasions({ till: ledger, members, program, now }),
    advanceCampaign: (id) => advanceCampaign(campaigns, id, tell, noMessages),
    campaignMessages: noMessages,
    today: () => dayIn(timeZone, now()),
  });
  const enrolment = openEnrolment({
    members,
    ledger,
    waitingRoom: openWaitingRoom({ client, table: tables.program, now }),
    facts: { tell: nobodyAsks, release: nobodyAsks },
    consentAtEnrolment: [],
  });
  return { ledger, campaigns, enrolment, work };
}

/** No campaign is a message. */
const noMessages = (): never => {
  throw new Error('no message is written here');
};

/** No rule is about registrations, and nobody's facts wait. */
const nobodyAsks = async (): Promise<never> => {
  throw new Error('no fact is told here');
};
