import { describe, expect, it } from '@jest/globals';
import { simulate } from '../simulation/simulate.ts';

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
