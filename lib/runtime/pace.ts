import { setTimeout as wait } from 'node:timers/promises';
import { Transient } from '../connectors/kit/errors.ts';

/** All that the vendor takes in a second is under way already. Nothing was sent, and the vendor is none the worse for it. */
export class Crowded extends Transient {
  override readonly name = 'Crowded';
}

/** How long one thing that is done for a vendor waits for its turns, all of them together. */
const PATIENCE_MS = 8_000;

/**
 * Each call to a vendor takes its turn with those of all other functions: where the vendor says how many it bears in a
 * second. `throttled` answers with the seconds after which to ask again.
 */
export function openPace(
  throttled: () => Promise<number>,
  fetch: typeof globalThis.fetch,
  { patienceMs = PATIENCE_MS, pause = wait }: { patienceMs?: number; pause?: (ms: number) => Promise<unknown> } = {},
): typeof globalThis.fetch {
  let left = patienceMs;
  return async (input, init) => {
    for (let seconds = await throttled(); seconds > 0; seconds = await throttled()) {
      const ms = seconds * 1_000;
      if (ms > left)
        throw new Crowded('as much as the vendor takes in a second is under way', { retryAfterSeconds: seconds });
      left -= ms;
      await pause(ms);
    }
    return fetch(input, init);
  };
}
