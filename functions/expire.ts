import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Manifest } from '../lib/connectors/contract.ts';
import { manifests } from '../lib/connectors/manifests.ts';
import { dayIn } from '../lib/loyalty/calendar.ts';
import type { EventType, ProgramEvent } from '../lib/loyalty/events.ts';
import { mayEarn } from '../lib/loyalty/own-activities.ts';
import { advanceCampaign, openCampaigns } from '../lib/runtime/campaigns.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { openDuties } from '../lib/runtime/duties.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { log } from '../lib/runtime/log.ts';
import { openOccasions } from '../lib/runtime/occasions.ts';
import { keeper, members } from '../lib/runtime/shop.ts';
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
    remindsThrough: channelsFor('points.expiring'),
  });

const occasions = () =>
  openOccasions({ till: keeper(), members: members(), program: merchant().program, now: () => new Date() });

/** Connectors that write to members when that happens. */
const channelsFor = (event: EventType): readonly string[] =>
  merchant()
    .connectors.filter(({ id, on }) => on.includes(event) && channelIds.has(id))
    .map(({ id }) => id);

const channelIds: ReadonlySet<string> = new Set(
  Object.values(manifests)
    .filter(({ roles }: Manifest) => roles.includes('channel'))
    .map(({ id }) => id),
);

const work = () =>
  openSweepWork({
    program: merchant().program,
    sweeps,
    duties,
    occasions,
    advanceCampaign: (id) => advanceCampaign(campaigns(), id, tell),
    today: () => dayIn(merchant().program.timeZone, new Date()),
  });

/** Looks after what falls due: points whose last day is over; points put aside and never fetched, points that have waited, tiers. */
export const handler = worker(async ({ body, messageId }) => {
  const message = SweepMessage.parse(JSON.parse(body));
  await work()(message, messageId);
  if (message.kind === 'sweep') log.info('swept', { duty: message.duty });
});

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
