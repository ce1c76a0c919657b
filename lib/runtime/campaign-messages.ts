import type { Day } from '../loyalty/account.ts';
import type { Campaign } from '../loyalty/campaign.ts';
import { toldCounter } from '../loyalty/campaigning.ts';
import type { Summed } from '../loyalty/messaging.ts';
import { type Person, sourcesOf } from '../loyalty/segmenting.ts';
import type { Summary } from '../loyalty/tally.ts';
import { type CampaignRow, messageOf } from './campaign-rows.ts';
import type { Keeper } from './keeper.ts';
import { type openSegments, subjectOf } from './segments.ts';
import type { SweepMessage } from './sweeps.ts';

/** Members that are sent round at once; the rest is a message of its own. */
const PAGE = 500;

export interface CampaignMessagesOptions {
  readonly campaign: (id: string) => Promise<CampaignRow | undefined>;
  readonly segments: Pick<ReturnType<typeof openSegments>, 'find'>;
  readonly keeper: Pick<Keeper, 'account' | 'message'>;
  readonly personOf: (memberId: string) => Promise<Person | undefined>;
  /** The read model's row; asked for only where a segment has a word about what it adds up. */
  readonly summaryOf: (memberId: string) => Promise<Summary | undefined>;
  readonly send: (messages: readonly SweepMessage[]) => Promise<void>;
  readonly now: () => Date;
  readonly today: () => Day;
  readonly hasTime: () => boolean;
  readonly page?: number;
}

/**
 * What a campaign has to say to each member whom it means. They are looked up in the read model, page by page; each is
 * asked about once more when it is his turn. Twice, late or half it says so once: what is said is an entry. A campaign
 * that was stopped meanwhile says no more.
 */
export function openCampaignMessages(options: CampaignMessagesOptions) {
  const { segments, keeper, personOf, summaryOf, send, now, today, hasTime, page = PAGE } = options;
  const current = async (id: string): Promise<Campaign | undefined> =>
    messageOf(await options.campaign(id), now())?.campaign;

  return {
    /** One page of those whom it is for; `after`: where the page before ended. */
    async begin(id: string, after?: string | undefined): Promise<void> {
      const campaign = await current(id);
      if (!campaign) return;
      const { memberIds, next } = await segments.find(campaign.segment ?? EVERYBODY, {
        after,
        limit: page,
        today: today(),
        hasTime,
      });
      // The rest last: a page that breaks off comes again, and must not have sent the others on their way already.
      const rest: SweepMessage[] = next === undefined ? [] : [{ kind: 'messages', id, after: next }];
      await send([...memberIds.map((memberId): SweepMessage => ({ kind: 'message', id, memberId })), ...rest]);
    },

    /** One member's turn. */
    async write(id: string, memberId: string): Promise<void> {
      const campaign = await current(id);
      if (!campaign) return;
      const account = await keeper.account(memberId);
      // It was his turn before: a second message costs a look.
      if (!account || account.mergedInto || account.counters[toldCounter(campaign)]) return;
      const person = await personOf(memberId);
      // Erased this moment.
      if (!person) return;
      await keeper.message(memberId, campaign, { person, summed: await summed(campaign, memberId) });
    },
  };

  async function summed({ segment }: Campaign, memberId: string): Promise<Summed> {
    const sources = segment ? sourcesOf(segment) : new Set();
    if (!sources.has('summary') && !sources.has('place')) return {};
    const summary = await summaryOf(memberId);
    if (!summary) return {};
    const { joinedOn, spentMinor, location } = subjectOf(summary);
    return {
      ...(joinedOn !== undefined && { joinedOn }),
      ...(spentMinor !== undefined && { spentMinor }),
      ...(location !== undefined && { location }),
    };
  }
}

const EVERYBODY = { all: [] } as const;
