import path from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { keepIn } from './kept.ts';

/** The time of the local cloud: the machine's own, moved by an offset that can be set while it runs. */
export interface Clock {
  now(): Date;
  offsetMs(): number;
  set(now: Date): void;
  /** By an ISO 8601 duration, such as `P30D` or `PT15M`; calendar parts are taken in UTC. */
  advance(duration: string): void;
  /** Called after each move. */
  onChange(listener: () => void): void;
}

/** How far it is ahead, for the next run and for whoever looks at the shop from outside. */
export const keptOffset = (dataDirectory: string) => keepIn(path.join(dataDirectory, 'clock.json'), { offsetMs: 0 });

export function createClock(offsetMs = 0): Clock {
  const listeners: (() => void)[] = [];
  let offset = offsetMs;
  const now = () => new Date(Date.now() + offset);
  const set = (to: Date) => {
    if (Number.isNaN(to.getTime())) throw new RangeError('not a point in time');
    offset = to.getTime() - Date.now();
    for (const listener of listeners) listener();
  };
  return {
    now,
    offsetMs: () => offset,
    set,
    advance(duration) {
      const here = Temporal.Instant.fromEpochMilliseconds(now().getTime()).toZonedDateTimeISO('UTC');
      set(new Date(here.add(Temporal.Duration.from(duration)).epochMilliseconds));
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
