import { openLedger } from '../../lib/runtime/ledger.ts';
import { MemoryClient } from '../ledger/memory-client.ts';
import { TestClock, tables } from '../ledger/world.ts';
import { judge } from './judge.ts';
import { type Act, lives } from './life.ts';
import { drawProgram } from './program.ts';
import { type Chance, chanceOf } from './random.ts';
import { sweep } from './sweep.ts';

export interface Plan {
  readonly seed: number;
  readonly events: number;
  readonly members?: number;
  readonly onProgress?: (told: number, at: Date) => void;
}

export interface Report {
  readonly told: number;
  readonly duplicates: number;
  readonly late: number;
  readonly conflicts: number;
  readonly lost: number;
  readonly entries: number;
  readonly swept: number;
  readonly days: number;
  readonly kinds: Readonly<Record<string, number>>;
  /** Promises that did not hold; none, if all is well. */
  readonly broken: readonly string[];
}

const IN_FLIGHT = 16;
const DAY_MS = 86_400_000;

/**
 * A busy time of many members, drawn by a seed: what happened is told once, twice or late, several things at a time,
 * while the tables refuse some calls and lose the answers of others, and the nightly sweeps run between. At the end
 * every promise that can be looked up is.
 */
export async function simulate({ seed, events, members: count = 200, onProgress }: Plan): Promise<Report> {
  const chance = chanceOf(seed);
  const program = drawProgram(chance);
  const clock = new TestClock('2026-01-01T12:00:00Z');
  const memory = new MemoryClient();
  const counted = { told: 0, duplicates: 0, late: 0, conflicts: 0, lost: 0, swept: 0, days: 0 };
  const kinds: Record<string, number> = {};
  // Mishaps by a chance of their own, so that how often a call is made does not change what happens.
  const mishaps = chanceOf(seed + 1);
  memory.mishap = () => {
    const dice = mishaps();
    if (dice < 0.03) {
      counted.conflicts += 1;
      return 'conflict';
    }
    if (dice < 0.04) {
      counted.lost += 1;
      return 'lost';
    }
    return undefined;
  };
  const ledger = openLedger({
    client: memory.asClient(),
    tables,
    program,
    version: 'simulated',
    now: clock.now,
    random: () => 0,
  });
  const members = Array.from({ length: count }, (_, i) => `m_${i}`);
  const year = Math.max(1, Math.round((365 * 24 * 60) / events));
  const told = deliveries(chance, lives(chance, clock.at, members, year), events, counted);

  const broken: string[] = [];
  /** What each act was answered with, once it was. */
  const answers = new Map<Act, string>();
  let day = clock.at.toISOString().slice(0, 10);
  for (let from = 0; from < told.length; ) {
    const first = told[from];
    if (!first) break;
    // Several at a time, as long as they are of one day.
    const batch = told.slice(from, from + IN_FLIGHT).filter((one) => dayOf(one.at) === dayOf(first.at));
    from += batch.length;
    if (dayOf(first.at) !== day) {
      day = dayOf(first.at);
      clock.at = new Date(`${day}T12:00:00Z`);
      counted.days += 1;
      counted.swept += await settled(() => sweep(ledger, memory, program, clock.at));
    }
    // None of them is told before it happened.
    clock.at = batch.at(-1)?.at ?? first.at;
    await Promise.all(
      batch.map(async ({ act }) => {
        const outcome = await settled(() => act.tell(ledger));
        const answered = outcome && 'entry' in outcome ? outcome.entry?.hash : undefined;
        // Two who were parted may be joined again: that has no name of its own to be asked again by.
        if (answered !== undefined && outcome?.kind !== 'conflict' && !act.kind.endsWith('merge')) {
          const first = answers.get(act) ?? answered;
          if (first !== answered)
            broken.push(`promise 5: ${act.kind} at ${act.at.toISOString()} was answered in two ways`);
          answers.set(act, first);
        }
        const kind = `${act.kind} ${outcome?.kind ?? 'nothing'}`;
        kinds[kind] = (kinds[kind] ?? 0) + 1;
      }),
    );
    counted.told += batch.length;
    onProgress?.(counted.told, clock.at);
  }
  memory.mishap = () => undefined;
  await sweep(ledger, memory, program, clock.at);
  const judged = await judge(ledger, memory, program, clock.at);
  return { ...counted, entries: judged.entries, kinds, broken: [...broken, ...judged.broken] };
}

interface Delivery {
  readonly at: Date;
  readonly act: Act;
}

/** Most of what happens is told at once; some of it late, some of it twice, so that things arrive out of order. */
function deliveries(
  chance: Chance,
  acts: Iterable<Act>,
  events: number,
  counted: { duplicates: number; late: number },
): Delivery[] {
  const told: Delivery[] = [];
  for (const act of acts) {
    const late = chance() < 0.1;
    if (late) counted.late += 1;
    const at = new Date(act.at.getTime() + (late ? chance.below(3 * DAY_MS) : 0));
    told.push({ at, act });
    if (chance() < 0.2) {
      counted.duplicates += 1;
      told.push({ at: new Date(at.getTime() + chance.below(DAY_MS)), act });
    }
    if (told.length >= events) break;
  }
  return told.sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** A queue tells it again until it is answered. */
export async function settled<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if ((error as Error).name !== 'TimeoutError') throw error;
    }
  }
}

const dayOf = (at: Date): string => at.toISOString().slice(0, 10);
