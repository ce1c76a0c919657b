import type { Account } from './account.ts';
import type { Campaign } from './campaign.ts';
import { isHeldOut, isOn, subjectOf, toldCounter } from './campaigning.ts';
import { fingerprint } from './canonical.ts';
import type { CampaignNoted } from './detail.ts';
import { type Draft, keyOf } from './entry.ts';
import { OURSELVES } from './own-activities.ts';
import { NO_POINTS } from './points.ts';
import { isIn, type Subject } from './segmenting.ts';
import { type Situation, today } from './situation.ts';

/** What reports have added up of a member, where a segment asks. */
export type Summed = Pick<Subject, 'joinedOn' | 'spentMinor' | 'location'>;

/**
 * A campaign's message to one member: once for the person, and noted also for those who are held out, so that what both
 * do afterwards can be compared. Asked when it is the member's turn: who is not meant any more gets none.
 */
export function decideMessage(
  account: Account,
  campaign: Campaign,
  situation: Situation,
  summed: Summed = {},
): Draft | undefined {
  const { program, person, now } = situation;
  if (campaign.effect.kind !== 'message' || !isOn(campaign, now) || account.mergedInto) return undefined;
  const subject = { ...subjectOf(account, situation, person), ...summed };
  if (campaign.segment && !isIn(campaign.segment, subject, today(situation), program.currency)) return undefined;
  const { id } = campaign;
  const noted: CampaignNoted = isHeldOut(campaign, account.memberId) ? { id, held: true } : { id, points: NO_POINTS };
  return {
    key: keyOf(OURSELVES, `campaign:${id}`, 'message'),
    source: OURSELVES,
    occurredAt: now.toISOString(),
    tier: account.tier,
    fingerprint: fingerprint(['message', id]),
    detail: { kind: 'messaged', campaigns: [noted] },
    change: { counters: { [toldCounter(campaign)]: 1 } },
    trace: [],
  };
}
