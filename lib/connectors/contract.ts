import type * as z from 'zod';
import type { Alert, LoyaltyEvent, Message, Ticket } from '../loyalty/events.ts';
import type { Channel, Fact, Identity } from '../loyalty/facts.ts';
import type { Value } from '../loyalty/program/rewards.ts';
import type { Failure } from './kit/http.ts';
import type { RawRequest, Reply, Verified } from './kit/webhook.ts';

/** What a connector may be. A vendor may be several at once. */
export interface Roles<C> {
  /** Tells us what happened elsewhere: a sale, a sign-up, a reply, a delivery receipt. */
  source: {
    /** Proves who sent it, or throws `WebhookRejected`. Nothing is parsed before. */
    verify(request: RawRequest, context: C): Verified | Promise<Verified>;
    /**
     * Our words for it. An empty list means: understood, and nothing for us. Throws `Permanent` for what cannot be read,
     * of several things told at once `PartlyRead`, so that one keeps nobody from the others.
     */
    translate(request: Verified, context: C): readonly Fact[] | Promise<readonly Fact[]>;
    /** Answers the vendor's set-up challenge; `undefined` when this is not one. */
    handshake?(request: RawRequest, context: C): Reply | undefined;
    /** Says in the vendor's own words what we answer with that status, for those that read them; else it has none. */
    answer?(request: RawRequest, status: number): Reply | undefined;
    /**
     * Asks the vendor to send to `hookUrl`. Called daily: safe to repeat, makes what is missing, renews what expires.
     * Answers what only the merchant can put right, in words for staff; nothing: all is as it should be.
     */
    subscribe?(hookUrl: string, context: C): Promise<readonly string[]>;
    /**
     * Looks up what has happened since, in case nobody told us: one page of it, in a few calls. Its facts have the keys
     * that `translate` gives, so that what was heard already changes nothing. May tell more than was asked, and again.
     */
    reconcile?(since: Date, context: C, after?: string): Promise<Found>;
  };
  /** Reaches a member on the manifest's `channel`. */
  channel: {
    /**
     * Throws `NotNow` for what this channel cannot carry at present, `OptedOut` and `Permanent` for what it never will:
     * all three had no effect, and the member is written to in another way. `Unknown`: it may have been sent.
     */
    send(message: Message, context: C): Promise<Receipt>;
    /** Where the vendor can be asked whether a message with an unknown end was sent after all; `undefined`: it was not. */
    find?(message: Message, context: C): Promise<Receipt | undefined>;
  };
  /**
   * Keeps a copy of a member, a balance or a ledger line: at most `limits.batch` events at a time, each with a verdict of
   * its own, in the order of the events. What it throws is the verdict on all of them. All of it may come again.
   */
  sink: { apply(told: readonly SinkEvent[], context: C): Promise<readonly Verdict[]> };
  /** Reaches the staff. */
  alert: { raise(alert: Alert, context: C): Promise<Receipt> };
  /** Opens a case with a support desk, or adds to the one with the same `externalId`. */
  ticket: { file(ticket: Ticket, context: C): Promise<Receipt> };
}

export type Role = keyof Roles<never>;

/** What the vendor calls the thing we made there; kept in the delivery log. */
export interface Receipt {
  readonly vendorId: string;
}

/** What became of one event of several. */
export type Verdict = Receipt | Failure;

/** An event, and what a sink may know of the member. */
export interface SinkEvent {
  readonly event: LoyaltyEvent;
  /** Absent once the member was erased. */
  readonly member?: MemberCopy;
  /** What came with a redeemed reward, while it can be used. */
  readonly code?: SharedCode;
}

/** Whoever knows it can use it: it is written to the shop that takes it, and nowhere else. */
export interface SharedCode {
  readonly code: string;
  readonly value: Value;
  /** The last day on which it can be used, in the merchant’s zone. */
  readonly validThrough: string;
}

/** As things stand now, which may be later than the event: only what the manifest's `shares` names. */
export interface MemberCopy {
  /** The member's phone and e-mail, where they are shared, and always the vendor's own ids of him. */
  readonly identities: readonly Identity[];
  /** The account is a part of this member's by now, and so is all else that is said here. */
  readonly mergedInto?: string;
  readonly name?: string;
  readonly locale?: string;
  /** What the API answers for him, since the ledger's last entry. Written again if it has moved on during the write. */
  readonly standing?: Standing;
}

export interface Standing {
  readonly available: number;
  readonly pending: number;
  readonly held: number;
  readonly lifetime: number;
  readonly tier: string;
  readonly visits: number;
  readonly enrolledOn: string;
  /** The next day on which points lapse, and how many. */
  readonly nextExpiryOn?: string;
  readonly nextExpiryPoints?: number;
}

/** What of a member leaves for the vendor. The page of the connector says so to the merchant. */
export type Shared = 'phone' | 'email' | 'name' | 'locale' | 'standing' | 'code';

/** A page of what was looked up. */
export interface Found {
  readonly facts: readonly Fact[];
  /** What is there and cannot be read: the vendor's name for it, and why. It keeps nobody from the rest. */
  readonly unreadable?: readonly { readonly what: string; readonly because: string }[];
  /** What to give as `after` for the next page; absent: that was all. */
  readonly next?: string;
}

/** How often a source is asked what happened, and from when on. */
export interface Reconciling {
  /** 5 to 1,440; a merchant's file may choose another. */
  readonly everyMinutes: number;
  /** How far back each time beyond where it was the last time: vendors list late what they have just done. */
  readonly overlapMinutes: number;
  /** How far back the first time. Nothing that happened before is ever taken in this way. */
  readonly lookBackDays: number;
}

/** Pure data: read by CDK at synth, by the functions at run time, by the docs. */
export interface Manifest {
  /** Folder name; also names the queue, the secret, the route and the metrics. */
  readonly id: string;
  readonly title: string;
  readonly roles: readonly [Role, ...Role[]];
  /** The vendor's API version this code was written against. */
  readonly apiVersion: string;
  /** Which channel its `channel` role serves. */
  readonly channel?: Channel;
  /** What its `source` understands, by the vendor's own names: what to subscribe to. All else is taken in and ignored. */
  readonly hears?: readonly string[];
  /** Its `source` can `subscribe`. */
  readonly subscribes?: true;
  /** Its `source` can `reconcile`. */
  readonly reconcile?: Reconciling;
  /** What its `sink` is shown of a member, beside the event. */
  readonly shares?: readonly Shared[];
  /** Not secret, kept in `merchants/`, checked at synth. */
  readonly settings: z.ZodObject;
  /** Kept in Secrets Manager, checked at cold start. */
  readonly secret: z.ZodObject;
  /** Absent when the secret itself signs each request. Several: the first whose fields the secret holds. */
  readonly oauth?: Ways;
  readonly limits: {
    /** Functions at once. One and the same for all that is written to the vendor. */
    readonly concurrency: number;
    readonly timeoutSeconds: number;
    /** Events that `apply` takes at a time. */
    readonly batch: number;
    /** What the vendor lets an account do in a second, all functions together. Absent: more than we would. */
    readonly perSecond?: number;
  };
}

/** Enough for the shared token keeper to get and to refresh tokens on every connector's behalf. */
export type OAuth = {
  /** `{name}` stands for a setting. */
  readonly tokenUrl: string;
  readonly scope?: string;
  /** The field of the answer that says where to go with the token, where the vendor says so. */
  readonly base?: string;
} & (
  | {
      /** The secret holds `clientId` and `clientSecret`. */
      readonly grant: 'client_credentials';
      readonly clientAuth: 'basic' | 'body';
    }
  | {
      /** And `refreshToken`: the first one, which the keeper replaces where each use makes a new one. */
      readonly grant: 'refresh_token';
      readonly clientAuth: 'basic' | 'body';
      readonly rotatesRefreshToken: boolean;
    }
  | {
      /** A signed assertion (RFC 7523, RS256) under the secret's `privateKey` in PEM. */
      readonly grant: 'jwt_bearer';
      /** Which fields of the secret say who asks, and on whose behalf. */
      readonly issuer: string;
      readonly subject?: string;
      /** `{name}` stands for a setting. */
      readonly audience: string;
    }
);

export type Ways = OAuth | readonly [OAuth, ...OAuth[]];

export interface Context<M extends Manifest> {
  readonly settings: z.output<M['settings']>;
  readonly secret: z.output<M['secret']>;
  /** Same key for every retry of the same work. */
  readonly idempotencyKey: string;
  readonly now: Date;
  /** The only way out to the vendor; on the local cloud it leads to the outbox. */
  readonly fetch: typeof fetch;
  /** Present exactly when the manifest declares `oauth`. */
  readonly accessToken: M extends { oauth: Ways } ? () => Promise<string> : undefined;
  /** Where the vendor says to go with it: what stood in the field that `base` names. Nobody has looked at it yet. */
  readonly tokenBase: M extends { oauth: Ways } ? () => Promise<string | undefined> : undefined;
}

/** One role of one connector: `RoleOf<typeof manifest, 'source'>`. */
export type RoleOf<M extends Manifest, R extends M['roles'][number]> = Roles<Context<M>>[R];

export interface Connector<M extends Manifest = Manifest> {
  readonly manifest: M;
  readonly roles: { readonly [R in M['roles'][number]]: RoleOf<M, R> };
  /**
   * A call that changes nothing and needs the credentials, for `stampbook secret` and `stampbook doctor`: answers in a
   * few words whose account it is; throws `Unauthorized` when they are refused. Absent where nothing can be asked.
   */
  readonly check?: (context: Context<M>) => Promise<string>;
}

/** Keeps the literal types, so that `roles` must hold each declared role and no other. */
export const defineManifest = <const M extends Manifest>(manifest: M): M => manifest;
export const defineConnector = <M extends Manifest>(
  manifest: M,
  roles: Connector<M>['roles'],
  check?: Connector<M>['check'],
): Connector<M> => ({ manifest, roles, ...(check && { check }) });
