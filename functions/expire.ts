import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { channelsFor } from '../lib/connectors/channels.ts';
import { dayIn } from '../lib/loyalty/calendar.ts';
import type { ProgramEvent } from '../lib/loyalty/events.ts';
import { mayEarn } from '../lib/loyalty/own-activities.ts';
import { openCampaignMessages } from '../lib/runtime/campaign-messages.ts';
import { readCampaign } from '../lib/runtime/campaign-rows.ts';
import { advanceCampaign, openCampaigns } from '../lib/runtime/campaigns.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { openDuties } from '../lib/runtime/duties.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { log } from '../lib/runtime/log.ts';
import { openOccasions } from '../lib/runtime/occasions.ts';
import { reports } from '../lib/runtime/reporting.ts';
import { openSegments } from '../lib/runtime/segments.ts';
import { keeper, members, personOf } from '../lib/runtime/shop.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { openSweepWork } from '../lib/runtime/sweep-work.ts';
import { openSweeps, SweepMessage } from '../lib/runtime/sweeps.ts';
import { worker } from '../lib/runtime/worker.ts';

const sweeps = () =>
  openSweeps({
    client: dynamodb,
    tables: {
      accounts: setting('TABLE_ACCOUNTS'),
      members: setting('TABLE_MEMBERS'),
      program: setting('TABLE_PROGRAM'),
    },
    leapDay: merchant().program.leapDay,
    makes: (round) => (round === 'statements' ? merchant().program.statements : mayEarn(merchant().program, round)),
    queue: { client: sqs, url: setting('QUEUE_SWEEPS_URL') },
  });

const duties = () =>
  openDuties({
    till: keeper(),
    program: merchant().program,
    now: () => new Date(),
    remindsThrough: channelsFor(merchant().connectors, 'points.expiring'),
  });

const occasions = () =>
  openOccasions({ till: keeper(), members: members(), program: merchant().program, now: () => new Date() });

const work = () =>
  openSweepWork({
    program: merchant().program,
    sweeps,
    duties,
    occasions,
    advanceCampaign: (id) => advanceCampaign(campaigns(), id, tell, (of) => messages().begin(of)),
    campaignMessages: messages,
    today: () => dayIn(merchant().program.timeZone, new Date()),
  });

/** Looks after what falls due: points whose last day is over; points put aside and never fetched, points that have waited, tiers. */
export const handler = worker(async ({ body, messageId }) => {
  const message = SweepMessage.parse(JSON.parse(body));
  await work()(message, messageId);
  if (message.kind === 'sweep') log.info('swept', { duty: message.duty });
});

/** How long one message looks through the members; the rest is the next one's. */
const LOOK_MS = 15_000;

function messages() {
  const until = Date.now() + LOOK_MS;
  return openCampaignMessages({
    campaign: (id) => readCampaign({ client: dynamodb, table: setting('TABLE_PROGRAM') }, id),
    segments: openSegments({
      reports: reports(),
      people: (memberIds) => members().getEach(memberIds),
      program: merchant().program,
    }),
    keeper: keeper(),
    personOf,
    summaryOf: (memberId) => reports().summary(memberId),
    send: (found) => sweeps().send(found),
    now: () => new Date(),
    today: () => dayIn(merchant().program.timeZone, new Date()),
    hasTime: () => Date.now() < until,
  });
}

const campaigns = () =>
  openCampaigns({ client: dynamodb, table: setting('TABLE_PROGRAM'), program: merchant().program });

const bus = new EventBridgeClient({ maxAttempts: 3 });

/** What is in nobody's journal is told from here. */
async function tell(event: ProgramEvent): Promise<void> {
  const { FailedEntryCount } = await bus.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: setting('BUS_NAME'),
          Source: 'stampbook',
          DetailType: event.type,
          Detail: JSON.stringify(event),
          Time: new Date(event.occurredAt),
        },
      ],
    }),
  );
  if (FailedEntryCount) throw new Error(`the bus did not take ${event.id}`);
}
