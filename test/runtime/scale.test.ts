import { describe, expect, it } from '@jest/globals';
import { MEASURED } from '../../scripts/generate/scale/measured.ts';
import { batchSeconds, type Due, NIGHTS, simulate } from '../../scripts/generate/scale/night.ts';

/** What docs/scale.md is reckoned with. */
const birthdays: readonly Due[] = [{ duty: 'birthday', share: 1, atMinute: 0, inIndex: false }];
const lapsing: readonly Due[] = [{ duty: 'expiry', share: 1, atMinute: 0, inIndex: true }];

describe('a night, in steps of a second', () => {
  it('takes the time that its functions need, and no more than their paging adds', () => {
    const { seconds, limit } = simulate({ members: 100_000, functions: 5, shards: 8 }, birthdays);
    const needed = (100_000 / 10 / 5) * batchSeconds(MEASURED.birthday);
    expect(limit).toBe('functions');
    expect(seconds).toBeGreaterThan(needed);
    expect(seconds).toBeLessThan(needed * 1.2);
  });

  it('is no faster than a cold table, which doubles what it bears after half an hour', () => {
    const { seconds, limit } = simulate({ members: 6_000_000, functions: 500, shards: 8 }, birthdays);
    // Two units for each member in either table: 3,600,000 in the first half hour, twice as many a second after it.
    expect(limit).toBe('warming up');
    expect(seconds).toBeGreaterThanOrEqual(1_800 + (6_000_000 - 3_600_000) / 4_000);
    expect(seconds).toBeLessThan(1_800 + (6_000_000 - 3_600_000) / 4_000 + 120);
  });

  it('is held up by the shards of one day in an index, and the less the more there are', () => {
    const night = (shards: number) => simulate({ members: 1_000_000, functions: 1_000, shards, warm: 40_000 }, lapsing);
    expect(night(4)).toMatchObject({ limit: 'index partitions' });
    expect(night(4).seconds).toBeGreaterThanOrEqual(1_000_000 / 4_000);
    expect(night(8).seconds).toBeGreaterThanOrEqual(1_000_000 / 8_000);
    expect(night(8).seconds).toBeLessThan(night(4).seconds);
  });

  it('costs by those who are due, not by those who have time', () => {
    const [few, many] = [1e6, 2e6].map((members) => simulate({ members, functions: 50, shards: 8 }, NIGHTS.ordinary));
    expect((many?.due ?? 0) / (few?.due ?? 1)).toBeCloseTo(2, 3);
    expect((many?.dollars ?? 0) / (few?.dollars ?? 1)).toBeCloseTo(2, 1);
  });

  it('has nobody wait an hour, which would ring: a page is asked for behind the one before', () => {
    expect(simulate({ members: 2e6, functions: 5, shards: 8 }, NIGHTS.worst).oldestSeconds).toBeLessThan(3_600);
  });
});
