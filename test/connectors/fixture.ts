import type * as z from 'zod';
import type { Connector, Context, Manifest, Role, SinkEvent } from '../../lib/connectors/contract.ts';
import type { RawRequest } from '../../lib/connectors/kit/webhook.ts';
import type { Alert, Message, Ticket } from '../../lib/loyalty/events.ts';
import type { Fact } from '../../lib/loyalty/facts.ts';

/** What the contract suite needs of each connector: one sample of every role that its manifest declares. */
export type Fixture<M extends Manifest = Manifest> = {
  readonly settings: z.input<M['settings']>;
  readonly secret: z.input<M['secret']>;
} & { readonly [R in M['roles'][number]]: Samples[R] };

interface Samples extends Record<Role, unknown> {
  source: SourceSample;
  channel: { readonly message: Message; readonly vendorId: string } & Answered;
  sink: { readonly told: readonly SinkEvent[]; readonly vendorIds: readonly string[] } & Answered;
  alert: { readonly alert: Alert; readonly vendorId: string } & Answered;
  ticket: { readonly ticket: Ticket; readonly vendorId: string } & Answered;
}

interface Answered {
  readonly answer: Answer | Answering;
  /** How many calls it takes; absent: one for each thing. */
  readonly calls?: number;
}

/** A vendor that is asked several things. */
export type Answering = (call: { readonly url: URL; readonly method: string; readonly body: string }) => Answer;

/** What the vendor answers when all is well. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

export interface SourceSample {
  /** When the deliveries arrive. */
  readonly now: Date;
  /** At least one for each name that the manifest says it hears. */
  readonly deliveries: readonly Delivery[];
  /** A delivery as the vendor would send it, signed with the fixture's own secret or the one given. */
  send(body: string, as?: Sent): RawRequest;
  /** The header that carries the proof. */
  readonly proof: string;
  /** The proof is a secret that comes along, and says nothing about the body. */
  readonly proves?: 'sender';
  /** What the vendor answers where a delivery only names the thing, and translating it is to look it up. */
  readonly vendor?: typeof fetch;
  /** What the secret must hold is all that it takes to ask the vendor. */
  readonly equipped?: true;
  /** The body by which the vendor says that it has none of what was asked for, where that is one of the odd ones. */
  readonly nothing?: string;
  /** Where a time is signed: the same delivery with another time written over it. */
  readonly restamp?: (request: RawRequest, at: Date) => RawRequest;
  /** Genuine in every way, and meant for somebody else. */
  readonly otherTenant: RawRequest;
  /** Where the manifest says `reconcile`: what the vendor has, and what we find. */
  readonly reconcile?: { readonly since: Date; readonly vendor: typeof fetch; readonly facts: readonly Fact[] };
  /** Where it says `subscribes`: a vendor that sends all it should, and one that sends nothing yet. */
  readonly subscribe?: { readonly sending: typeof fetch; readonly silent: () => Silent };
}

/** A vendor that sends nothing: what it is told to change, and what only the merchant can. */
export interface Silent {
  readonly fetch: typeof fetch;
  readonly changes: () => readonly unknown[];
  readonly says: readonly string[];
}

export const HOOK_URL = 'https://api.example/webhooks';

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly at?: Date;
  readonly key?: string;
}

export interface Delivery {
  readonly hears: string;
  /** What is special about it. */
  readonly when: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly facts: readonly Fact[];
}

export const unreachable: typeof fetch = async () => {
  throw new Error('a source asked the vendor something');
};

/** The context that the runtime would make: settings and secret go through the manifest's own schemas. */
export function contextOf<M extends Manifest>(
  connector: Connector<M>,
  fixture: Pick<Fixture, 'settings' | 'secret'>,
  given: {
    readonly now?: Date;
    readonly fetch?: typeof fetch;
    readonly settings?: unknown;
    readonly secret?: unknown;
    readonly tokenBase?: string;
  } = {},
): Context<M> {
  return {
    settings: given.settings ?? connector.manifest.settings.parse(fixture.settings),
    secret: given.secret ?? connector.manifest.secret.parse(fixture.secret),
    idempotencyKey: 'key-1',
    now: given.now ?? new Date('2026-11-21T10:00:00Z'),
    fetch: given.fetch ?? unreachable,
    accessToken: connector.manifest.oauth && (async () => 'an-access-token-of-the-vendor'),
    tokenBase: connector.manifest.oauth && (async () => given.tokenBase),
  } as Context<M>;
}
