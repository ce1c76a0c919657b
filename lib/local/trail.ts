import type { AwsCall } from './aws/front.ts';
import type { InvocationEnd } from './functions.ts';
import type { ApiExchange } from './http-api.ts';
import type { OutboxCall } from './outbox.ts';
import type { ScheduleRun } from './schedules.ts';

/** Where on its way through the system something was seen. */
export type Lane = 'request' | 'queue' | 'decide' | 'ledger' | 'bus' | 'deliver' | 'vendor' | 'schedule' | 'trouble';

/** One thing that was seen: for people who watch, not for tests. Nothing in it is personal. */
export interface Step {
  readonly id: number;
  /** By the virtual clock. */
  readonly at: string;
  readonly lane: Lane;
  readonly title: string;
  readonly detail: string;
  readonly outcome: 'ok' | 'refused' | 'error';
  readonly tookMs?: number;
}

export interface Trail {
  readonly steps: readonly Step[];
  subscribe(listener: (step: Step) => void): () => void;
  exchange(exchange: ApiExchange): void;
  call(call: AwsCall): void;
  invocation(end: InvocationEnd): void;
  /** The image of a new row of the journal, in DynamoDB's JSON. */
  entry(image: unknown): void;
  vendorCall(call: OutboxCall): void;
  scheduleRun(run: ScheduleRun): void;
  trouble(message: string): void;
}

const KEPT = 250;

export function createTrail({ stage, now }: { stage: string; now: () => Date }): Trail {
  let steps: Step[] = [];
  let lastId = 0;
  const listeners = new Set<(step: Step) => void>();

  function add(lane: Lane, title: string, detail: string, outcome: Step['outcome'] = 'ok', tookMs?: number): void {
    lastId += 1;
    const step: Step = {
      id: lastId,
      at: now().toISOString(),
      lane,
      title,
      detail,
      outcome,
      ...(tookMs !== undefined && { tookMs }),
    };
    steps.push(step);
    if (steps.length > KEPT * 2) steps = steps.slice(-KEPT);
    for (const listener of listeners) listener(step);
  }
  /** A physical name or an ARN, without what all names here have in common. */
  const short = (name: string): string => {
    const last = name.split(/[:/]/).at(-1) ?? name;
    return last.startsWith(`${stage}-`) ? last.slice(stage.length + 1) : last;
  };

  return {
    get steps() {
      return steps.slice(-KEPT);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exchange({ route, method, functionArn, status, tookMs, error }) {
      const outcome = status < 400 ? 'ok' : status < 500 ? 'refused' : 'error';
      const by = functionArn === undefined ? 'API' : short(functionArn);
      const title = route === '(none)' ? `${method} (no such route)` : route;
      add('request', title, `${by} → ${status}${error === undefined ? '' : ` ${error}`}`, outcome, tookMs);
    },
    call(call) {
      const by = short(call.function ?? 'operator');
      if (call.outcome.startsWith('fault:') || call.outcome === 'AccessDeniedException') {
        add(
          'trouble',
          `${by}: ${call.service}:${call.operation}`,
          call.message ?? `${call.outcome} on ${short(call.resource)}`,
          'error',
        );
      } else if (call.outcome !== 'ok') {
        return;
      } else if (call.service === 'sqs' && call.operation.startsWith('SendMessage')) {
        add('queue', short(call.resource), `from ${by}`, 'ok', call.tookMs);
      } else if (call.service === 'events') {
        add('bus', 'event bus', `from ${by}`, 'ok', call.tookMs);
      }
    },
    invocation({ service, outcome, error, durationMs, coldStart }) {
      const lane = service.startsWith('deliver-') ? 'deliver' : 'decide';
      const isWorker = lane === 'deliver' || service === 'accrue' || service === 'expire';
      if (outcome === 'ok' && !isWorker) return;
      const detail = error ?? (coldStart ? 'cold start' : 'warm');
      add(lane, service, detail, outcome === 'ok' ? 'ok' : 'error', durationMs);
    },
    entry(image) {
      const read = (image ?? {}) as Attributes;
      const kind = read.detail?.M?.kind?.S ?? 'entry';
      const available = read.after?.M?.available?.N;
      const tier = read.after?.M?.tier?.S;
      const moved = pointsOf(read);
      const balance = available === undefined ? '' : ` · balance ${available}${tier === undefined ? '' : ` · ${tier}`}`;
      add('ledger', `${kind}${moved === undefined ? '' : ` ${moved}`}`, `entry ${read.seq?.N ?? '?'}${balance}`);
    },
    vendorCall({ connector, method, url, status }) {
      const host = URL.canParse(url) ? new URL(url).host : url;
      add(
        'vendor',
        connector,
        `${method} ${host} → ${status === 0 ? 'hung up' : status}`,
        status >= 200 && status < 300 ? 'ok' : 'error',
      );
    },
    scheduleRun({ name, due, outcome }) {
      add('schedule', name, `due ${due}`, outcome === 'ok' ? 'ok' : 'error');
    },
    trouble: (message) => add('trouble', 'local cloud', message, 'error'),
  };
}

interface Attributes {
  readonly [name: string]: { readonly S?: string; readonly N?: string; readonly M?: Attributes } | undefined;
}

/** What the entry did to the balance, as far as its detail says so in a number of its own. */
function pointsOf(entry: Attributes): string | undefined {
  const detail = entry.detail?.M ?? {};
  const signs = { earned: '+', reversed: '−', points: detail.kind?.S === 'released' ? '+' : '−' } as const;
  for (const [name, sign] of Object.entries(signs)) {
    const value = detail[name]?.N;
    if (value !== undefined) return value === '0' ? '0' : `${sign}${value}`;
  }
  return undefined;
}
