/** Something that may be at work, by name. */
export interface Busy {
  readonly what: string;
  readonly count: number;
}

export interface Stillness {
  /** Whatever can be counted without asking the streams. */
  busy(): Promise<readonly Busy[]>;
  /** Asks the streams once more; true when they had nothing. */
  streamsQuiet(): Promise<boolean>;
  /** Grows with everything that happens. */
  activity(): number;
  /** Calls back at the next thing that happens. */
  onActivity(listener: () => void): () => void;
}

export type Idle =
  | { readonly idle: true; readonly waitedMs: number }
  | { readonly idle: false; readonly waitedMs: number; readonly busy: readonly Busy[] };

/** Messages become visible by the clock, without telling anybody: looked at this often, besides at each thing that happens. */
const LOOK_AGAIN_MS = 100;

/** Answers once nothing is in flight anywhere, or when the time is over. */
export async function waitUntilIdle(stillness: Stillness, timeoutMs: number): Promise<Idle> {
  const startedAt = performance.now();
  for (;;) {
    // Quiet only counts when nothing moved from one place to another while we looked at them one by one.
    const before = stillness.activity();
    let busy = await stillness.busy();
    if (busy.length === 0 && (await stillness.streamsQuiet())) {
      busy = await stillness.busy();
      if (busy.length === 0 && stillness.activity() === before) {
        return { idle: true, waitedMs: Math.round(performance.now() - startedAt) };
      }
    }
    const waitedMs = Math.round(performance.now() - startedAt);
    if (waitedMs >= timeoutMs) return { idle: false, waitedMs, busy };
    await somethingHappens(stillness, Math.min(LOOK_AGAIN_MS, timeoutMs - waitedMs));
  }
}

const somethingHappens = (stillness: Stillness, withinMs: number): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(done, withinMs);
    const stop = stillness.onActivity(() => setImmediate(done));
  });
