import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import type { DeployedMerchant } from '../runtime/config.ts';
import type { AwsFront } from './aws/front.ts';
import type { AwsCaller } from './aws-call.ts';
import type { Clock } from './clock.ts';
import type { Functions, MetricSum } from './functions.ts';
import type { Outbox, OutboxCall } from './outbox.ts';
import { demoMember, type Samples } from './samples.ts';
import type { Schedules } from './schedules.ts';
import type { Assembly } from './template.ts';
import type { Trail } from './trail.ts';

export interface ShowOptions {
  readonly assembly: Assembly;
  readonly merchant: DeployedMerchant;
  readonly clock: Clock;
  readonly aws: AwsFront;
  readonly functions: Functions;
  readonly schedules: Schedules;
  readonly outbox: Outbox;
  readonly samples: Samples;
  readonly trail: Trail;
  readonly operate: AwsCaller;
  /** Physical names. */
  readonly tables: { readonly members: string; readonly accounts: string };
}

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string } | undefined>>;

/** What the page at `/` shows. */
export interface Show {
  state(): Promise<object>;
  metrics(): readonly MetricSum[];
  /** Server-sent events: `hello`, then `step`, `vendor` and `state` as things happen. */
  stream(request: IncomingMessage, response: ServerResponse): void;
  /** A file of the page; false when it is none. */
  file(pathname: string, response: ServerResponse): boolean;
  stop(): void;
}

/** Long enough for a burst to be one picture, short enough to look live. */
const SETTLE_MS = 150;
const HEARTBEAT_MS = 5_000;
const CALLS_SHOWN = 60;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing inline, nothing from elsewhere, in nobody's frame. */
export const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cache-control': 'no-store',
} as const;

export function createShow(options: ShowOptions): Show {
  const { assembly, merchant, clock, trail, outbox } = options;
  const folder = path.join(import.meta.dirname, 'page');
  const files = new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]));
  const viewers = new Set<ServerResponse>();

  const tell = (event: string, data: unknown, to: Iterable<ServerResponse> = viewers) => {
    const message = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const viewer of to) viewer.write(message);
  };

  async function tables() {
    return Promise.all(
      assembly.ofType('AWS::DynamoDB::Table').map(async ({ physicalId: TableName }) => {
        const { Table } = (await options.operate('DynamoDB_20120810.DescribeTable', { TableName })) as {
          Table: { ItemCount?: number };
        };
        return { name: TableName, items: Table.ItemCount ?? 0 };
      }),
    );
  }

  /** Read from the tables and not asked of the API: a page that looks must not make anything happen. */
  async function demoAccount() {
    const get = async (TableName: string | undefined, Key: object) => {
      const { Item } = (await options.operate('DynamoDB_20120810.GetItem', { TableName, Key })) as { Item?: Item };
      return Item;
    };
    const identity = await get(options.tables.members, { pk: { S: `I#phone:${demoMember.phone}` }, sk: { S: 'I' } });
    const memberId = identity?.memberId?.S;
    if (memberId === undefined) return undefined;
    const account = await get(options.tables.accounts, { memberId: { S: memberId } });
    const number = (name: string) => Number(account?.[name]?.N ?? 0);
    return {
      id: memberId,
      name: demoMember.name,
      phone: demoMember.phone,
      available: number('available'),
      pending: number('pending'),
      held: number('held'),
      lifetime: number('lifetime'),
      tier: account?.tier?.S ?? merchant.program.tiers[0]?.id,
    };
  }

  async function state() {
    const [queues, counted, member] = await Promise.all([options.aws.queues(), tables(), demoAccount()]);
    const { program } = merchant;
    return {
      merchant: {
        id: merchant.id,
        name: merchant.name,
        program: program.name,
        currency: program.currency,
        timeZone: program.timeZone,
        tiers: program.tiers,
        rewards: program.rewards,
        connectors: merchant.connectors.map(({ id }) => id),
      },
      stage: assembly.stage,
      now: clock.now().toISOString(),
      offsetMs: clock.offsetMs(),
      functions: options.functions.states(),
      queues,
      tables: counted,
      schedules: options.schedules.states(),
      samples: options.samples.kinds,
      member,
      calls: outbox.calls().length,
    };
  }

  let settling: NodeJS.Timeout | undefined;
  const changed = () => {
    if (settling || viewers.size === 0) return;
    settling = setTimeout(async () => {
      try {
        tell('state', await state());
      } catch {
        // DynamoDB Local is being started again; the next picture will do.
      }
      settling = undefined;
    }, SETTLE_MS);
  };
  const stops = [
    trail.subscribe((step) => {
      tell('step', step);
      changed();
    }),
    outbox.subscribe((call) => tell('vendor', shown(call))),
    options.functions.subscribe(changed),
  ];
  clock.onChange(changed);
  const heartbeat = setInterval(changed, HEARTBEAT_MS);
  heartbeat.unref();

  return {
    state,
    metrics: () => options.functions.metrics(),
    stream(request, response) {
      response.writeHead(200, { ...pageHeaders, 'content-type': 'text/event-stream' });
      viewers.add(response);
      request.once('close', () => viewers.delete(response));
      tell('hello', { steps: trail.steps, calls: outbox.calls().slice(-CALLS_SHOWN).map(shown) }, [response]);
      changed();
    },
    file(pathname, response) {
      const name = pathname === '/' ? 'index.html' : /^\/page\/([a-z-]+\.[a-z]+)$/.exec(pathname)?.[1];
      const content = name === undefined ? undefined : files.get(name);
      const type = types[path.extname(name ?? '')];
      if (!content || !type) return false;
      response.writeHead(200, { ...pageHeaders, 'content-type': type });
      response.end(content);
      return true;
    },
    stop() {
      clearTimeout(settling);
      clearInterval(heartbeat);
      for (const stop of stops) stop();
      for (const viewer of viewers) viewer.end();
    },
  };
}

/** As the page needs it: without credentials, and not longer than a screen. */
export function shown({ headers: _, ...call }: OutboxCall): Omit<OutboxCall, 'headers'> {
  return {
    ...call,
    // Whoever has the address of a Slack channel can post there.
    url: call.url.replace(/(hooks\.slack\S*\/services\/).+/, '$1…'),
    body: call.body.replace(CREDENTIALS, '$1…').slice(0, 4_000),
  };
}

/** What tokens and webhooks are asked for with, in a form or in JSON. */
const CREDENTIALS =
  /((?:^|[&"])(?:assertion|client_secret|refresh_token|secret|verify_token)(?:=|"\s*:\s*"))(?:[^&"\\]|\\.)+/g;
