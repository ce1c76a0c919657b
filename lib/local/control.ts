import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { AwsFront } from './aws/front.ts';
import { explain } from './aws-call.ts';
import type { Clock } from './clock.ts';
import { Fault, type Faults } from './faults.ts';
import { type HttpApi, readBody } from './http-api.ts';
import { type Stillness, waitUntilIdle } from './idle.ts';
import { Behaviour, type Outbox } from './outbox.ts';
import { type Samples, sampleKinds } from './samples.ts';
import type { ScheduleRun, Schedules } from './schedules.ts';
import type { Show } from './show.ts';

export interface ControlOptions {
  readonly stage: string;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly aws: AwsFront;
  readonly api: HttpApi;
  readonly outbox: Outbox;
  readonly schedules: Schedules;
  readonly stillness: Stillness;
  readonly samples: Samples;
  readonly show: Show;
  kill(functionName: string): Promise<number>;
}

/** Answers what is asked under `/_local/`. */
export type Control = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

type Answer = readonly [status: number, body: unknown];
type Operation = (input: { readonly query: URLSearchParams; readonly body: unknown }) => Promise<Answer> | Answer;

const ClockMove = z.union([
  z.strictObject({ now: z.iso.datetime({ offset: true }) }),
  z.strictObject({ advance: z.string().regex(/^-?P(?=.)/, 'an ISO 8601 duration, such as P30D') }),
]);
/** No more faults. */
const Calm = z.object({ kind: z.literal('none') });
const Redrive = z.strictObject({ queue: z.string().min(1) });
const Sample = z.strictObject({ kind: z.enum(sampleKinds), text: z.string().trim().min(1).max(300).optional() });
const Kill = z.strictObject({ function: z.string().min(1) });
const Timeout = z.coerce.number().min(0).max(600_000).default(120_000);

const MAX_BODY_BYTES = 1024 * 1024;

/** The outside surface of the local cloud: for tests, tools and the page. */
export function createControl(options: ControlOptions): Control {
  const { clock, faults, aws, outbox, schedules } = options;
  const startedAt = new Date();
  const physical = (name: string) => (name.startsWith(`${options.stage}-`) ? name : `${options.stage}-${name}`);

  const operations: Readonly<Record<string, Operation>> = {
    'GET health': () => [
      200,
      {
        status: 'ok',
        stage: options.stage,
        now: clock.now().toISOString(),
        startedAt,
        pid: process.pid,
        routes: options.api.routes,
      },
    ],
    'GET outbox': ({ query }) => [200, outbox.calls(query.get('connector') ?? undefined)],
    'GET vendor': () => [200, outbox.behaviours()],
    'POST vendor': ({ body }) => {
      outbox.behave(Behaviour.parse(body));
      return [200, outbox.behaviours()];
    },
    'GET clock': () => [200, { now: clock.now().toISOString(), offsetMs: clock.offsetMs() }],
    async 'POST clock'({ body }) {
      const move = ClockMove.parse(body);
      const ran: ScheduleRun[] = [];
      const stop = schedules.subscribe((run) => ran.push(run));
      try {
        if ('now' in move) clock.set(new Date(move.now));
        else clock.advance(move.advance);
        await schedules.catchUp();
      } finally {
        stop();
      }
      return [200, { now: clock.now().toISOString(), offsetMs: clock.offsetMs(), ran }];
    },
    'GET faults': () => [200, faults.list()],
    'POST faults': ({ body }) => {
      if (Calm.safeParse(body).success) faults.clear();
      else faults.add(Fault.parse(body));
      return [200, faults.list()];
    },
    'DELETE faults': () => {
      faults.clear();
      return [200, []];
    },
    'GET queues': async () => [200, await aws.queues()],
    async 'POST redrive'({ body }) {
      const queue = physical(Redrive.parse(body).queue);
      return [200, { queue, moved: await aws.redrive(queue) }];
    },
    async 'GET idle'({ query }) {
      const idle = await waitUntilIdle(options.stillness, Timeout.parse(query.get('timeoutMs') ?? undefined));
      return [idle.idle ? 200 : 504, idle];
    },
    'GET state': async () => [200, await options.show.state()],
    'GET metrics': () => [200, options.show.metrics()],
    async 'POST samples'({ body }) {
      const { kind, text } = Sample.parse(body);
      return [200, await options.samples.send(kind, text)];
    },
    'POST kill': async ({ body }) => [200, { killed: await options.kill(physical(Kill.parse(body).function)) }],
    async 'POST restart-dynamodb'() {
      await aws.restartDynamoDb();
      return [200, { restarted: true }];
    },
  };

  async function perform(request: IncomingMessage, url: URL, path: string): Promise<Answer> {
    const operation = operations[`${request.method} ${path}`];
    if (!operation)
      return [404, { error: `no ${request.method} ${url.pathname}: there are ${Object.keys(operations).join(', ')}` }];
    const read = await readBody(request, MAX_BODY_BYTES);
    try {
      const body = read.length === 0 ? undefined : JSON.parse(read.toString());
      return await operation({ query: url.searchParams, body });
    } catch (cause) {
      if (cause instanceof z.ZodError) return [400, { error: z.prettifyError(cause) }];
      return [400, { error: explain(cause) }];
    }
  }

  return async (request, response, url) => {
    // `local` of endpoints.json ends in /_local; whoever adds it once more is answered too.
    const path = url.pathname.replace(/^(\/_local)+\/?/, '');
    if (request.method === 'GET' && path === 'events') return options.show.stream(request, response);
    const [status, body] = await perform(request, url, path);
    const text = JSON.stringify(body, null, 2);
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(`${text}\n`);
  };
}
