import { createHash } from 'node:crypto';
import { dayIn } from '../../../lib/loyalty/calendar.ts';
import { partOfCampaign } from '../../../lib/loyalty/campaigning.ts';
import type { Entry } from '../../../lib/loyalty/entry.ts';
import type { ProgramEvent } from '../../../lib/loyalty/events.ts';
import { counterOf } from '../../../lib/loyalty/period.ts';
import type { CampaignRow } from '../../../lib/runtime/campaign-rows.ts';
import type { Club } from './club.ts';
import type { Offer } from './offers.ts';

/** A till may have read the campaigns as long ago as this. */
const FRESH_MS = 5_000;

export interface AskedOfOffers {
  readonly club: Club;
  readonly offers: readonly Offer[];
  readonly rows: readonly CampaignRow[];
  readonly events: readonly ProgramEvent[];
  readonly journals: ReadonlyMap<string, readonly Entry[]>;
}

/** What campaigns promise: on the minute, within the budget, and nothing for whoever is held out. */
export function judgeOffers(asked: AskedOfOffers): string[] {
  return asked.offers.flatMap((offer) =>
    [...ofOffer(asked, offer)].map((fault) => `campaign ${offer.campaign.id}: ${fault}`),
  );
}

function* ofOffer(
  { club, rows, events, journals }: AskedOfOffers,
  { campaign, scheduledAt, stopped }: Offer,
): Generator<string> {
  const { id, effect, budgetPoints, perMember, holdOutBp, segment, when } = campaign;
  const startsAt = Date.parse(campaign.startsAt);
  const planned = Date.parse(campaign.endsAt);
  // An end before the beginning is refused; a cancellation is not.
  const stops =
    stopped && (stopped.how === 'cancel' || stopped.at >= startsAt) && stopped.at < planned ? stopped : undefined;
  const begins = scheduledAt !== undefined && (stops === undefined || stops.at > startsAt);
  const endsAt = stops?.at ?? planned;
  const state =
    scheduledAt === undefined
      ? stopped?.how === 'cancel'
        ? 'cancelled'
        : 'draft'
      : stops?.how === 'cancel'
        ? 'cancelled'
        : 'ended';
  const row = rows.find((one) => one.campaign.id === id);
  if (row?.state !== state) yield `is ${row?.state}, not ${state}`;
  const told = new Set(
    events.flatMap((event) => ('campaignId' in event && event.campaignId === id ? [event.type] : [])),
  );
  if ([...told].sort().join() !== (begins ? 'campaign.ended,campaign.started' : '')) yield `was told as ${[...told]}`;

  let given = 0;
  for (const [memberId, journal] of journals) {
    const held = isHeldOut(id, memberId, holdOutBp);
    const times = new Map<string, number>();
    for (const { detail, occurredAt, recordedAt, seq } of journal) {
      const at = Date.parse(occurredAt);
      const inside = begins && startsAt <= at && at < endsAt;
      // Told by a till that had read them just before the end.
      const nearly = begins && startsAt <= at && at < endsAt + FRESH_MS && Date.parse(recordedAt) < endsAt + FRESH_MS;
      if (detail.kind === 'authorized' || detail.kind === 'redeemed') {
        if (effect.kind !== 'reward' || detail.rewardId !== effect.reward.id) continue;
        if (!inside && !nearly) yield `${memberId}, entry ${seq}: its present at ${occurredAt}`;
        if (held) yield `${memberId}, entry ${seq}: held out, and has its present`;
        continue;
      }
      if (detail.kind !== 'sale' && detail.kind !== 'activity') continue;
      const note = detail.campaigns?.find((one) => one.id === id);
      const parts = detail.parts.filter(({ rule }) => rule === partOfCampaign(id));
      const points = parts.reduce((sum, part) => sum + part.points, 0);
      given += points;
      if ((note || points > 0) && !inside && !nearly) yield `${memberId}, entry ${seq}: counted at ${occurredAt}`;
      if (held && points > 0) yield `${memberId}, entry ${seq}: held out, and got ${points}`;
      if (note && (note.held ?? false) !== held)
        yield `${memberId}, entry ${seq}: ${held ? '' : 'not '}held out, says otherwise`;
      if (points > 0 && perMember) {
        const period = counterOf('', perMember.per, dayIn(club.program.timeZone, occurredAt));
        times.set(period, (times.get(period) ?? 0) + 1);
        if ((times.get(period) ?? 0) > perMember.max)
          yield `${memberId}, entry ${seq}: more often than ${perMember.max} a ${perMember.per}`;
      }
      const forAll =
        effect.kind === 'bonus' &&
        effect.on === detail.kind &&
        !segment &&
        when.length === 0 &&
        !perMember &&
        budgetPoints === undefined;
      if (forAll && inside && !note) yield `${memberId}, entry ${seq}: nothing at ${occurredAt}`;
    }
  }
  if (budgetPoints !== undefined && given > budgetPoints) yield `has given ${given} of ${budgetPoints}`;
}

/** As ADR 13 has it: by a hash of both names, so that nobody keeps a list. */
const isHeldOut = (id: string, memberId: string, shareBp: number): boolean =>
  createHash('sha256').update(`${id}#${memberId}`).digest().readUInt32BE(0) % 10_000 < shareBp;
