import type { Day } from '../loyalty/account.ts';
import { addDays } from '../loyalty/calendar.ts';
import type { Program } from '../loyalty/program.ts';
import type { openCampaignMessages } from './campaign-messages.ts';
import type { Duties } from './duties.ts';
import type { Occasions } from './occasions.ts';
import { type Dated, type Duty, isDated, type openSweeps, type SweepMessage } from './sweeps.ts';

export interface SweepWorkOptions {
  readonly program: Pick<Program, 'startsOn'>;
  /** What is needed for one message is opened for that message. */
  readonly sweeps: () => Pick<ReturnType<typeof openSweeps>, 'sweep' | 'enqueue' | 'among' | 'everyone'>;
  readonly duties: () => Duties;
  readonly occasions: () => Occasions;
  readonly advanceCampaign: (id: string) => Promise<void>;
  /** Absent: no campaign here has anything to say. */
  readonly campaignMessages?: () => ReturnType<typeof openCampaignMessages>;
  /** In the merchant's zone. */
  readonly today: () => Day;
}

/** A shop that is open for longer than this without a single sweep has been told so by its alarms. */
const UNSWEPT_DAYS_MAX = 31;

/** What is to be done for a message; `by` is the message's id, the same whenever it comes again. */
export function openSweepWork(options: SweepWorkOptions) {
  const { program, sweeps, duties, occasions, advanceCampaign, campaignMessages = nobodySays, today } = options;
  /** Where a duty that was never done begins: nothing is due before it is written. */
  function since(duty: Duty | Dated): Day {
    const on = today();
    // A day that was before anybody looked is over.
    if (isDated(duty)) return [on, program.startsOn].sort().at(-1) ?? on;
    return duty === 'points' ? program.startsOn : addDays(on, -UNSWEPT_DAYS_MAX);
  }

  return async (message: SweepMessage, by: string): Promise<void> => {
    switch (message.kind) {
      case 'sweep':
        return sweeps().sweep(message.duty, { since: since(message.duty), through: today(), by });
      case 'rest':
        return sweeps().enqueue(message.duty, message.day, message.shard, message.after);
      case 'among':
        return sweeps().among(message.duty, message.day, message.born, message.shard, message.after);
      case 'everyone':
        return sweeps().everyone(message.duty, message.day, message.part, message.after);
      case 'member':
        return duties()[message.duty](message.memberId);
      case 'on-day':
        return occasions()[message.duty](message.memberId, message.day);
      case 'campaign':
        return advanceCampaign(message.id);
      case 'messages':
        return campaignMessages().begin(message.id, message.after);
      case 'message':
        return campaignMessages().write(message.id, message.memberId);
    }
  };
}

const nobodySays = (): never => {
  throw new Error('a campaign has something to say, and nobody says it');
};
