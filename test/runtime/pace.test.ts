import { describe, expect, it } from '@jest/globals';
import { Transient } from '../../lib/connectors/kit/errors.ts';
import { openPace } from '../../lib/runtime/pace.ts';

/** A vendor's door, at which the next callers wait so many seconds each time they ask. */
function openDoor(...seconds: number[]) {
  const paused: number[] = [];
  const called: string[] = [];
  const fetch = openPace(
    async () => seconds.shift() ?? 0,
    async (input) => {
      called.push(String(input));
      return new Response();
    },
    { pause: async (ms) => paused.push(ms) },
  );
  return { fetch, paused, called };
}

describe('a call to a vendor', () => {
  it('goes at once while there is room', async () => {
    const { fetch, paused, called } = openDoor();
    await fetch('https://bell.example/1');
    expect({ paused, called }).toEqual({ paused: [], called: ['https://bell.example/1'] });
  });

  it('waits for its turn, as often as others are quicker', async () => {
    const { fetch, paused, called } = openDoor(1, 2);
    await fetch('https://bell.example/1');
    expect({ paused, called }).toEqual({ paused: [1_000, 2_000], called: ['https://bell.example/1'] });
  });

  it('is put off when its turn is too far, or all waits together are too long: nothing has left', async () => {
    const far = openDoor(9);
    await expect(far.fetch('https://bell.example/1')).rejects.toBeInstanceOf(Transient);
    expect(far).toMatchObject({ paused: [], called: [] });
    const often = openDoor(5, 0, 5);
    await often.fetch('https://bell.example/1');
    await expect(often.fetch('https://bell.example/2')).rejects.toMatchObject({ retryAfterSeconds: 5 });
    expect(often.called).toEqual(['https://bell.example/1']);
  });
});
