import { setTimeout as wait } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { type Campaign, campaignFaults } from '../loyalty/campaign.ts';
import { campaignRewards } from '../loyalty/campaigning.ts';
import { fingerprint } from '../loyalty/canonical.ts';
import type { ProgramEvent } from '../loyalty/events.ts';
import type { Program } from '../loyalty/program.ts';
import { type CampaignRow, campaignKey, rowIn } from './campaign-rows.ts';
import { CURRENT_KEY, campaignsIn } from './current-campaigns.ts';
import { LedgerBusy } from './journal.ts';
import type { OneTime } from './one-time.ts';

export type CampaignRefusal =
  | 'starts-in-the-past'
  | 'does-not-fit-the-program'
  | 'reward-id-is-taken'
  | 'too-many-campaigns'
  | 'not-started'
  | 'has-ended'
  | 'is-cancelled';

export type CampaignOutcome =
  | { readonly kind: 'done' | 'again'; readonly row: CampaignRow }
  | { readonly kind: 'refused'; readonly because: CampaignRefusal }
  | { readonly kind: 'unknown' };

/** What a row turns into; `undefined`: it is that already. */
type Step = (row: CampaignRow, current: readonly Campaign[]) => CampaignRow | CampaignRefusal | undefined;

/** How a schedule comes to the sweeps' queue, and what it says there. */
export interface CampaignMessage {
  readonly kind: 'campaign';
  readonly id: string;
  readonly to: 'live' | 'ended';
}

export interface CampaignsOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly program: Program;
  readonly now?: () => Date;
}

export interface LaunchingOptions extends CampaignsOptions {
  readonly schedules: OneTime;
  readonly send: (message: CampaignMessage) => Promise<void>;
}

/** Sales of then may be told so late, and what was put aside of a campaign's reward may be fetched. */
const LATE_DAYS = 31;
/** All of them are read by every till, and are asked for every sale. */
const CURRENT_MAX = 50;
/** An item holds 400 KB, and a character takes up to three bytes. */
const CURRENT_LENGTH_MAX = 120_000;
const ATTEMPTS = 16;

/** A schedule whose minute is over when it is written never runs: one that is due in a moment gets another moment. */
const SOONEST_MS = 30_000;

/** The first to begin counts first, whatever becomes of the others: of two that multiply, each adds to those before it. */
const inTheirOrder = (a: Campaign, b: Campaign): number =>
  Date.parse(a.startsAt) - Date.parse(b.startsAt) || (a.id < b.id ? -1 : 1);

/** Without its words: nobody at a counter reads them. */
const forTills = ({ briefing: _, ...campaign }: Campaign): Campaign =>
  campaign.effect.kind === 'message' ? { ...campaign, effect: { kind: 'message', texts: {} } } : campaign;

const scheduleOf = (id: string, end: 'start' | 'end'): string => `campaign-${id}-${end}`;

/** The rows of campaigns. Each change is one transaction of two: the campaign's own, and the one that tills read. */
export function openCampaigns({ client, table, program, now = () => new Date() }: CampaignsOptions) {
  async function read(key: ReturnType<typeof campaignKey>) {
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
    return { item: Item, rev: Number(Item?.rev?.N ?? 0) };
  }
  const put = (
    key: ReturnType<typeof campaignKey>,
    rev: number,
    what: Record<string, { S: string }>,
  ): TransactWriteItem => ({
    Put: {
      TableName: table,
      Item: { ...key, ...what, rev: { N: String(rev + 1) } },
      ...(rev === 0
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'rev = :rev', ExpressionAttributeValues: { ':rev': { N: String(rev) } } }),
    },
  });

  /** Those that a till has to know once this row is so. */
  function currentWith(row: CampaignRow, current: readonly Campaign[]): readonly Campaign[] {
    const oldest = now().getTime() - LATE_DAYS * 86_400_000;
    const known = row.state === 'scheduled' || row.state === 'live' || row.startedAt !== undefined;
    const others = current.filter(({ id }) => id !== row.campaign.id);
    return [...others, ...(known ? [forTills(row.campaign)] : [])]
      .filter(({ endsAt }) => Date.parse(endsAt) > oldest)
      .sort(inTheirOrder);
  }

  /** Decides again whenever somebody else was faster. */
  async function change(id: string, step: Step): Promise<CampaignOutcome> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const [own, all] = await Promise.all([read(campaignKey(id)), read(CURRENT_KEY)]);
      const row = rowIn(own.item);
      if (!row) return { kind: 'unknown' };
      const current = campaignsIn(all.item);
      const next = step(row, current);
      if (typeof next === 'string') return { kind: 'refused', because: next };
      if (!next) return { kind: 'again', row };
      const list = currentWith(next, current);
      const campaigns = JSON.stringify(list);
      // Whatever ends one makes the list no longer.
      const grows = list.length > current.length;
      if (grows && (list.length > CURRENT_MAX || campaigns.length > CURRENT_LENGTH_MAX))
        return { kind: 'refused', because: 'too-many-campaigns' };
      try {
        await client.send(
          new TransactWriteItemsCommand({
            TransactItems: [
              put(campaignKey(id), own.rev, { row: { S: JSON.stringify(next) } }),
              put(CURRENT_KEY, all.rev, { campaigns: { S: campaigns } }),
            ],
          }),
        );
        return { kind: 'done', row: next };
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        await wait(Math.random() * Math.min(250, 4 * 2 ** attempt));
      }
    }
    throw new LedgerBusy(`the campaign ${id} was changed by others ${ATTEMPTS} times`);
  }

  const at = () => now().toISOString();
  const hasBegun = ({ campaign }: CampaignRow): boolean => Date.parse(campaign.startsAt) <= now().getTime();
  const stopped = (row: CampaignRow, state: 'ended' | 'cancelled'): CampaignRow => {
    const { campaign } = row;
    const endsAt = Date.parse(campaign.endsAt) < now().getTime() ? campaign.endsAt : at();
    return {
      ...row,
      state,
      campaign: { ...campaign, endsAt },
      startedAt: row.startedAt ?? campaign.startsAt,
      endedAt: endsAt,
    };
  };

  return {
    /** `again`: it is there, in the very same words; `conflict`: in other ones. */
    async create(campaign: Campaign): Promise<{ kind: 'done' | 'again' | 'conflict'; row: CampaignRow }> {
      const row: CampaignRow = {
        campaign,
        state: 'draft',
        createdAt: at(),
        fingerprint: fingerprint(JSON.stringify(campaign)),
        told: [],
      };
      const { Put } = put(campaignKey(campaign.id), 0, { row: { S: JSON.stringify(row) } });
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: Put?.Item,
            ConditionExpression: Put?.ConditionExpression,
          }),
        );
        return { kind: 'done', row };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const there = rowIn((await read(campaignKey(campaign.id))).item) ?? row;
        return { kind: there.fingerprint === row.fingerprint ? 'again' : 'conflict', row: there };
      }
    },

    async get(id: string): Promise<CampaignRow | undefined> {
      return rowIn((await read(campaignKey(id))).item);
    },

    async list(): Promise<readonly CampaignRow[]> {
      const rows: CampaignRow[] = [];
      let from: Record<string, { S: string }> | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'pk = :campaign',
            ExpressionAttributeValues: { ':campaign': { S: 'CAMPAIGN' } },
            ConsistentRead: true,
            ...(from && { ExclusiveStartKey: from }),
          }),
        );
        rows.push(...(page.Items ?? []).flatMap((item) => rowIn(item) ?? []));
        from = page.LastEvaluatedKey as typeof from;
      } while (from);
      return rows.sort((a, b) => Date.parse(b.campaign.startsAt) - Date.parse(a.campaign.startsAt));
    },

    schedule: (id: string): Promise<CampaignOutcome> =>
      change(id, (row, current) => {
        if (row.state === 'scheduled' || row.state === 'live') return undefined;
        if (row.state !== 'draft') return row.state === 'ended' ? 'has-ended' : 'is-cancelled';
        if (hasBegun(row)) return 'starts-in-the-past';
        // The program may have changed since the draft was written.
        if (campaignFaults(row.campaign, program).length > 0) return 'does-not-fit-the-program';
        const taken = new Set(campaignRewards(current).map((reward) => reward.id));
        if (campaignRewards([row.campaign]).some((reward) => taken.has(reward.id))) return 'reward-id-is-taken';
        return { ...row, state: 'scheduled', scheduledAt: at() };
      }),

    /** From now on it gives nothing more; what it gave stays. */
    cancel: (id: string): Promise<CampaignOutcome> =>
      change(id, (row) => {
        if (row.state === 'cancelled') return undefined;
        if (row.state === 'ended') return 'has-ended';
        if (row.state === 'draft' || !hasBegun(row)) return { ...row, state: 'cancelled', endedAt: at() };
        return stopped(row, 'cancelled');
      }),

    end: (id: string): Promise<CampaignOutcome> =>
      change(id, (row) => {
        if (row.state === 'ended') return undefined;
        if (row.state === 'cancelled') return 'is-cancelled';
        return row.state === 'draft' || !hasBegun(row) ? 'not-started' : stopped(row, 'ended');
      }),

    /** What the calendar has made of it. A message that is late, doubled or for a campaign that was stopped finds nothing to do. */
    advance: (id: string): Promise<CampaignOutcome> =>
      change(id, (row) => {
        if (row.state !== 'scheduled' && row.state !== 'live') return undefined;
        if (Date.parse(row.campaign.endsAt) <= now().getTime()) return stopped(row, 'ended');
        if (row.state === 'live' || !hasBegun(row)) return undefined;
        return { ...row, state: 'live', startedAt: row.campaign.startsAt };
      }),

    told: (id: string, what: CampaignRow['told'][number]): Promise<CampaignOutcome> =>
      change(id, (row) => (row.told.includes(what) ? undefined : { ...row, told: [...row.told, what] })),
  };
}

/** What the world should have heard of a campaign by now, and has not. */
export function untold({ campaign, state, startedAt, endedAt, told }: CampaignRow): readonly ProgramEvent[] {
  if (startedAt === undefined) return [];
  const { id, name, effect, startsAt, endsAt, briefing } = campaign;
  const data = { name, kind: effect.kind, startsAt, endsAt, ...(briefing !== undefined && { briefing }) };
  const event = <Type extends ProgramEvent['type']>(type: Type, occurredAt: string): ProgramEvent =>
    ({ id: `campaign.${id}.${type}`, type, campaignId: id, occurredAt, data }) as ProgramEvent;
  const over = state === 'ended' || state === 'cancelled';
  return [
    ...(told.includes('started') ? [] : [event('campaign.started', startedAt)]),
    ...(over && endedAt !== undefined && !told.includes('ended') ? [event('campaign.ended', endedAt)] : []),
  ];
}

/**
 * Brings a campaign to where its times say it is, and tells the world of it. First the state, then the telling, then the
 * note that it was told: cut off in between, the message comes again, and the same event goes out under the same id.
 */
export async function advanceCampaign(
  campaigns: Pick<ReturnType<typeof openCampaigns>, 'advance' | 'told'>,
  id: string,
  tell: (event: ProgramEvent) => Promise<void>,
  /** Looks up those whom its message is for; that it has begun to is noted, so that a schedule that comes twice does not. */
  write: (id: string) => Promise<void> = nobodyWrites,
): Promise<void> {
  const outcome = await campaigns.advance(id);
  if (outcome.kind === 'unknown' || outcome.kind === 'refused') return;
  for (const event of untold(outcome.row)) {
    await tell(event);
    await campaigns.told(id, event.type === 'campaign.started' ? 'started' : 'ended');
  }
  const { campaign, state, told } = outcome.row;
  if (campaign.effect.kind !== 'message' || state !== 'live' || told.includes('messages')) return;
  await write(id);
  await campaigns.told(id, 'messages');
}

const nobodyWrites = async (id: string): Promise<never> => {
  throw new Error(`the campaign ${id} has something to say, and nobody says it`);
};

/**
 * The commands that also set schedules. The state is first, since tills go by the campaign's own times: a schedule only
 * wakes who tells of it. Whoever repeats a call that broke off completes it.
 */
export function openLaunching(options: LaunchingOptions) {
  const campaigns = openCampaigns(options);
  const { schedules, send, now = () => new Date() } = options;

  async function wake({ campaign: { id, startsAt, endsAt } }: CampaignRow): Promise<void> {
    for (const [end, at, to] of [
      ['start', startsAt, 'live'],
      ['end', endsAt, 'ended'],
    ] as const) {
      const message: CampaignMessage = { kind: 'campaign', id, to };
      const soonest = now().getTime() + SOONEST_MS;
      // A call that is repeated when the time has come already.
      if (Date.parse(at) <= now().getTime()) await send(message);
      else
        await schedules.create(scheduleOf(id, end), new Date(Math.max(Date.parse(at), soonest)).toISOString(), message);
    }
  }

  async function stop(id: string, outcome: CampaignOutcome): Promise<CampaignOutcome> {
    if (outcome.kind !== 'done' && outcome.kind !== 'again') return outcome;
    if (untold(outcome.row).length > 0) await send({ kind: 'campaign', id, to: 'ended' });
    await unplan(id);
    return outcome;
  }

  async function unplan(id: string): Promise<void> {
    for (const end of ['start', 'end'] as const) await schedules.remove(scheduleOf(id, end));
  }

  return {
    ...campaigns,
    async schedule(id: string): Promise<CampaignOutcome> {
      const outcome = await campaigns.schedule(id);
      if (outcome.kind !== 'done' && outcome.kind !== 'again') return outcome;
      await wake(outcome.row);
      // Somebody may have stopped it meanwhile, and have looked for schedules that were not there yet.
      const state = (await campaigns.get(id))?.state;
      if (state === 'cancelled' || state === 'ended') await unplan(id);
      return outcome;
    },
    cancel: async (id: string): Promise<CampaignOutcome> => stop(id, await campaigns.cancel(id)),
    end: async (id: string): Promise<CampaignOutcome> => stop(id, await campaigns.end(id)),
  };
}
