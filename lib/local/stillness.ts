import type { AwsFront } from './aws/front.ts';
import type { Functions } from './functions.ts';
import type { HttpApi } from './http-api.ts';
import type { Busy, Stillness } from './idle.ts';
import type { Outbox } from './outbox.ts';
import type { Mapping, Poller } from './pollers/mapping.ts';
import type { Schedules } from './schedules.ts';

/** Watches every part in which something may be on its way. */
export function watch(parts: {
  readonly aws: AwsFront;
  readonly api: HttpApi;
  readonly functions: Functions;
  readonly outbox: Outbox;
  readonly schedules: Schedules;
  readonly pollers: readonly Poller[];
  readonly mappings: readonly Mapping[];
}): Stillness {
  const { aws, api, functions, outbox, schedules, pollers } = parts;
  // Dead letters wait for a person, not for a function: nobody takes them, so nothing is on its way there.
  const served = new Set(parts.mappings.map(({ sourceArn }) => sourceArn.split(':').at(-1)));
  const streams = pollers.filter(({ mapping }) => mapping.source.type === 'AWS::DynamoDB::Table');
  const listeners = new Set<() => void>();
  let activity = 0;
  const happened = () => {
    activity += 1;
    for (const listener of listeners) listener();
  };
  for (const part of [aws, api, functions, outbox, schedules]) part.subscribe(happened);

  return {
    activity: () => activity,
    onActivity(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async busy(): Promise<readonly Busy[]> {
      const queues = (await aws.queues()).filter(({ name }) => served.has(name));
      const all = [
        { what: 'requests', count: api.inFlight() },
        { what: 'invocations', count: functions.inFlight() },
        { what: 'calls to AWS', count: aws.inFlight() },
        { what: 'calls to vendors', count: outbox.inFlight() },
        { what: 'schedules', count: schedules.busy() ? 1 : 0 },
        { what: 'batches', count: pollers.reduce((sum, poller) => sum + poller.inFlight(), 0) },
        ...queues.map((queue) => ({ what: queue.name, count: queue.visible + queue.inFlight + queue.delayed })),
      ];
      return all.filter(({ count }) => count > 0);
    },
    async streamsQuiet() {
      return (await Promise.all(streams.map((poller) => poller.quiet()))).every((quiet) => quiet);
    },
  };
}
