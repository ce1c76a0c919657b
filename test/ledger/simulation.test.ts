import { describe, expect, it } from '@jest/globals';
import { simulate } from '../simulation/simulate.ts';
import { liveYears } from '../simulation/years/live.ts';

/** The short run of `npm run simulate`: each seed draws a program of its own as well as what happens in it. */

describe('a year of many members, by chance', () => {
  it.each([1, 2, 3, 4])(
    'promises 1, 2, 4, 6, 9, 10, 16, 17 hold under duplicates, delays, conflicts and lost answers (seed %i)',
    async (seed) => {
      const { broken, ...counts } = await simulate({ seed, events: 1_000, members: 40 });
      process.stdout.write(
        `\nseed ${seed}: ${counts.told} simulated events, ${counts.duplicates} twice, ${counts.late} late, ${counts.conflicts} conflicts, ${counts.lost} lost answers\n`,
      );
      expect(broken).toEqual([]);
    },
    60_000,
  );

  it('the same seed is the same year', async () => {
    const twice = await Promise.all([1, 2].map(() => simulate({ seed: 5, events: 300, members: 10 })));
    expect(twice[0]).toEqual(twice[1]);
  });
});

/** The short run of `npm run simulate -- --years 3`: by its seed a program, a place, and nights that are missed. */
describe('a shop over all that time does', () => {
  it('nothing early, nothing late, each once, over 29 February, month ends and midnights that there are not', async () => {
    const { broken, kinds, ...counts } = await liveYears({ seed: 22, days: 410, members: 20 });
    process.stdout.write(
      `\n${counts.place} ${counts.from} to ${counts.through}: ${counts.nights} nights, ${counts.missed} missed, ${counts.messages} messages, ${counts.again} again, ${counts.died} workers died, ${counts.entries} entries\n`,
    );
    expect(broken).toEqual([]);
    // None of what was to be proved has not come about.
    for (const kind of ['reminded', 'reminder-told', 'expired', 'inactive', 'statement', 'activated', 'tier-reviewed'])
      expect(kinds[kind]).toBeGreaterThan(0);
  }, 240_000);

  it('and the same seed lives the same', async () => {
    const twice = [];
    for (const _ of [1, 2]) twice.push(await liveYears({ seed: 9, days: 60, members: 6 }));
    expect(twice[0]).toEqual(twice[1]);
  }, 60_000);
});
