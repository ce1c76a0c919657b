import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { SweepMessage } from '../../../lib/runtime/sweeps.ts';
import { Died } from '../../ledger/memory-client.ts';
import type { Chance } from '../random.ts';
import type { Agenda } from './agenda.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** After which a message that was not done comes again. */
const VISIBILITY_MS = 6 * MINUTE_MS;

export interface QueueOptions {
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly now: () => number;
  /** Does what a message says, or throws. */
  readonly work: (message: SweepMessage, id: string) => Promise<void>;
}

/** The sweeps' queue, as SQS is: what was sent comes, at least once, in any order, soon or later. */
export class SweepsQueue {
  readonly counted = { messages: 0, twice: 0, late: 0, again: 0, lost: 0 };
  /** What was sent and is not done, by duty; `''` stands for a coordinator's own. */
  private readonly open = new Map<string, Map<string, number>>();
  private readonly options: QueueOptions;
  /** Mishaps end before the books are looked through. */
  calm = false;

  constructor(options: QueueOptions) {
    this.options = options;
  }

  /** What the sweeps send with: it may take messages and lose its answer, or take none. */
  asClient(): SQSClient {
    const client = {
      send: async (command: unknown) => {
        if (!(command instanceof SendMessageBatchCommand)) throw new Error('only batches are sent here');
        const dice = this.calm ? 1 : this.options.chance();
        if (dice < 0.002) throw lost();
        for (const { MessageBody = '' } of command.input.Entries ?? [])
          this.put(SweepMessage.parse(JSON.parse(MessageBody)));
        if (dice < 0.004) {
          this.counted.lost += 1;
          throw lost();
        }
        return {};
      },
    };
    return client as unknown as SQSClient;
  }

  put(message: SweepMessage): void {
    const { agenda, chance, now } = this.options;
    this.counted.messages += 1;
    const id = `message-${this.counted.messages}`;
    const copies = !this.calm && chance() < 0.04 ? 2 : 1;
    if (copies > 1) this.counted.twice += 1;
    for (let copy = 0; copy < copies; copy += 1) {
      let wait = chance.below(30 * SECOND_MS);
      if (!this.calm && chance() < 0.01) {
        this.counted.late += 1;
        // Most of them the same day; a few days later.
        wait = chance.below(chance() < 0.1 ? 96 * HOUR_MS : 10 * HOUR_MS);
      }
      this.count(message, 1);
      agenda.plan(now() + wait, this.delivery(message, id));
    }
  }

  /** Whether a coordinator of that duty still has something to do, or a member waits for it. */
  waits(duty: string, memberId = ''): boolean {
    return (this.open.get(duty)?.get(memberId) ?? 0) > 0;
  }

  private delivery(message: SweepMessage, id: string) {
    return {
      // Its words go to other rows than anybody else's.
      alone: message.kind === 'campaign',
      happens: async () => {
        const { agenda, now, work } = this.options;
        try {
          await work(message, id);
        } catch (error) {
          if (!isMishap(error)) throw error;
          this.counted.again += 1;
          agenda.plan(now() + VISIBILITY_MS, this.delivery(message, id));
          return;
        }
        this.count(message, -1);
      },
    };
  }

  private count(message: SweepMessage, more: number): void {
    const duty = 'duty' in message ? message.duty : message.kind;
    const whose = 'memberId' in message ? message.memberId : '';
    const open = this.open.get(duty) ?? new Map<string, number>();
    this.open.set(duty, open);
    open.set(whose, (open.get(whose) ?? 0) + more);
  }
}

const lost = () => Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });

/** A call that failed, or a process that is gone. */
const isMishap = (error: unknown): boolean =>
  error instanceof Died || (error instanceof Error && error.name === 'TimeoutError');
