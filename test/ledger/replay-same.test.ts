import { describe, expect, it } from '@jest/globals';
import type { Program } from '../../lib/loyalty/program.ts';
import { type Replayed, replay } from '../../lib/loyalty/replay.ts';
import { type Ledger, openLedger } from '../../lib/runtime/ledger.ts';
import { readStory } from '../../lib/runtime/stories.ts';
import { lives } from '../simulation/life.ts';
import { drawProgram } from '../simulation/program.ts';
import { chanceOf } from '../simulation/random.ts';
import { sweep } from '../simulation/sweep.ts';
import { ADA, BEN, CAT, EVERYTHING, everything } from './everything.ts';
import { MemoryClient } from './memory-client.ts';
import { program as programOf, TestClock, tables } from './world.ts';

const MEMBERS = Array.from({ length: 6 }, (_, i) => `m_${i}`);
const DAY_MS = 86_400_000;

/** A year of members under a program, both drawn by a seed; sweeps run each noon. */
async function year(
  seed: number,
  events: number,
  merging = 0,
): Promise<{ program: Program; ledger: Ledger; clock: TestClock }> {
  const chance = chanceOf(seed);
  const program = drawProgram(chance);
  const clock = new TestClock('2026-01-01T12:00:00Z');
  const memory = new MemoryClient();
  const ledger = openLedger({
    client: memory.asClient(),
    tables,
    program,
    version: 'one',
    now: clock.now,
    random: () => 0,
  });
  let told = 0;
  for (const act of lives(chance, clock.at, MEMBERS, Math.round((365 * 24 * 60) / events))) {
    while (act.at.getTime() - clock.at.getTime() > DAY_MS) {
      clock.at = new Date(clock.at.getTime() + DAY_MS);
      await sweep(ledger, memory, program, clock.at);
    }
    clock.at = act.at;
    await act.tell(ledger);
    told += 1;
    // Now and then two members turn out to be one, or to be two after all.
    if (chance() < merging) await ledger.merge(chance.oneOf(MEMBERS), chance.oneOf(MEMBERS), 'staff-1');
    if (chance() < merging) await ledger.unmerge(chance.oneOf(MEMBERS), chance.oneOf(MEMBERS), 'staff-1');
    if (told === events) break;
  }
  return { program, ledger, clock };
}

async function replayed(
  { program, ledger, clock }: Awaited<ReturnType<typeof year>>,
  since: string,
  changed = program,
): Promise<Replayed[]> {
  const all: Replayed[] = [];
  for (const memberId of MEMBERS) {
    const story = await readStory(ledger, memberId);
    if (story) all.push(replay(story, { current: program, changed, since, until: clock.at.toISOString() }));
  }
  return all;
}

describe('a program that is the same comes to the same', () => {
  it.each(Array.from({ length: 4 }, (_, index) => index + 1))('in a year drawn by the seed %i', async (seed) => {
    const world = await year(seed, 400);
    for (const since of ['2025-01-01T00:00:00Z', '2026-04-01T00:00:00Z', '2026-09-15T10:00:00Z'])
      for (const { memberId, booked, changed } of await replayed(world, since))
        expect({ seed, since, memberId, ...changed }).toEqual({ seed, since, memberId, ...booked });
  });

  it('of everything that can happen', async () => {
    const { ledger, clock } = await everything();
    const [current, until] = [programOf(EVERYTHING), clock.at.toISOString()];
    let decided = 0;
    for (const memberId of [ADA, BEN, CAT]) {
      const story = await readStory(ledger, memberId);
      if (!story) throw new Error('no story');
      const one = replay(story, { current, changed: current, since: '2026-01-01T00:00:00Z', until });
      expect({ memberId, ...one.changed }).toEqual({ memberId, ...one.booked });
      decided += one.decided;
    }
    expect(decided).toBeGreaterThan(30);
  });

  it.each([21, 22])('also where members are merged and parted, by the seed %i', async (seed) => {
    const world = await year(seed, 400, 0.05);
    for (const since of ['2025-01-01T00:00:00Z', '2026-06-15T10:00:00Z'])
      for (const { memberId, booked, changed } of await replayed(world, since))
        expect({ seed, since, memberId, ...changed }).toEqual({ seed, since, memberId, ...booked });
  });
});
