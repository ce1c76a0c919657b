import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Manifest } from '../lib/connectors/contract.ts';
import { manifests } from '../lib/connectors/manifests.ts';
import { addDays, dayIn } from '../lib/loyalty/calendar.ts';
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
import { type Dated, type Duty, isDated, openSweeps, SweepMessage } from '../lib/runtime/sweeps.ts';
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

/** Where a duty that was never done begins: nothing is due before it is written. */
function since(duty: Duty | Dated): string {
  const { program } = merchant();
  // A day that was before anybody looked is over.
  if (isDated(duty)) return [today(), program.startsOn].sort().at(-1) ?? today();
  if (duty !== 'points') return addDays(today(), -UNSWEPT_DAYS_MAX);
  return program.startsOn;
}

/** A shop that is open for longer than this without a single sweep has been told so by its alarms. */
const UNSWEPT_DAYS_MAX = 31;

/** Looks after what falls due: points whose last day is over; points put aside and never fetched, points that have waited, tiers. */
export const handler = worker(async ({ body }) => {
  const message = SweepMessage.parse(JSON.parse(body));
  switch (message.kind) {
    case 'sweep':
      await sweeps().sweep(message.duty, { since: since(message.duty), through: today() });
      log.info('swept', { duty: message.duty });
      return;
    case 'rest':
      await sweeps().enqueue(message.duty, message.day, message.shard, message.after);
      return;
    case 'member':
      await duties()[message.duty](message.memberId);
      return;
    case 'among':
      await sweeps().among(message.duty, message.day, message.born, message.shard, message.after);
      return;
    case 'everyone':
      await sweeps().everyone(message.duty, message.day, message.part, message.after);
      return;
    case 'campaign':
      await advanceCampaign(campaigns(), message.id, tell);
      return;
    case 'on-day':
      await occasions()[message.duty](message.memberId, message.day);
  }
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

const today = () => dayIn(merchant().program.timeZone, new Date());
