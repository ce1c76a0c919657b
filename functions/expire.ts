import { NEVER } from '../lib/loyalty/account.ts';
import { lastDayOf } from '../lib/loyalty/buckets.ts';
import { addDays, dayIn } from '../lib/loyalty/calendar.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { openDuties } from '../lib/runtime/duties.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { log } from '../lib/runtime/log.ts';
import { till } from '../lib/runtime/shop.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { type Duty, openSweeps, SweepMessage } from '../lib/runtime/sweeps.ts';
import { worker } from '../lib/runtime/worker.ts';

const sweeps = () =>
  openSweeps({
    client: dynamodb,
    tables: { accounts: setting('TABLE_ACCOUNTS'), program: setting('TABLE_PROGRAM') },
    queue: { client: sqs, url: setting('QUEUE_SWEEPS_URL') },
  });

const duties = () => openDuties({ till: till(), program: merchant().program, now: () => new Date() });

/** Where a duty that was never done begins: no point lapses before the first ones do, and nothing is due before it is written. */
function since(duty: Duty): string {
  const { program } = merchant();
  if (duty === 'reviews') return addDays(today(), -UNSWEPT_DAYS_MAX);
  const first = lastDayOf(program.expiry, program.startsOn);
  return first === NEVER ? program.startsOn : addDays(first, 1);
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
  }
});

const today = () => dayIn(merchant().program.timeZone, new Date());
