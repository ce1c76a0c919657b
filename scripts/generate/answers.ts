import * as z from 'zod';
import { Campaign as CampaignWords } from '../../lib/loyalty/campaign.ts';
import { Channel, Identity, Profile, Purpose } from '../../lib/loyalty/facts.ts';
import { WORDED_KINDS, Words } from '../../lib/loyalty/message-words.ts';
import { Reward as ProgramReward, Value } from '../../lib/loyalty/program/rewards.ts';
import { Tier } from '../../lib/loyalty/program/tiers.ts';
import { GROUPINGS, REPORTS } from '../../lib/loyalty/report-tables.ts';
import type { BalanceAnswer } from '../../lib/runtime/answers/balance.ts';
import type { CampaignAnswer, DryRunAnswer } from '../../lib/runtime/answers/campaigns.ts';
import type { LotAnswer } from '../../lib/runtime/answers/lots.ts';
import type { LinkCodeAnswer, MatchAnswer, MergeAnswer } from '../../lib/runtime/answers/members.ts';
import type {
  MessageAnswer,
  MessagesAnswer,
  PreviewAnswer,
  TestSendAnswer,
} from '../../lib/runtime/answers/messages.ts';
import type { ProgramAnswer } from '../../lib/runtime/answers/program.ts';
import type { ReportAnswer, SegmentCountAnswer, SegmentMembersAnswer } from '../../lib/runtime/answers/reports.ts';
import type { CodeAnswer, LoadedAnswer, RewardAnswer, StockAnswer } from '../../lib/runtime/answers/rewards.ts';
import type { GiftAnswer, ReferralAnswer, ReferralCodeAnswer } from '../../lib/runtime/answers/sharing.ts';
import type {
  AdjustmentAnswer,
  ApprovalAnswer,
  DeclinedAnswer,
  DisputeAnswer,
  DisputeStateAnswer,
  ReviewAnswer,
  ReviewedAnswer,
  TierGrantAnswer,
} from '../../lib/runtime/answers/staff.ts';
import type {
  EarnedAnswer,
  EntryAnswer,
  MemberAnswer,
  RedemptionAnswer,
  RefundAnswer,
} from '../../lib/runtime/answers.ts';
import { CAMPAIGN_STATES } from '../../lib/runtime/campaign-rows.ts';
import { ORIGINS } from '../../lib/runtime/messages/choice.ts';
import type { Problem as ProblemAnswer } from '../../lib/runtime/problem.ts';

/** The bodies of answers, for the API's document. No function carries them; the tests hold every answer to them. */

const points = z.int();
const standing = { entryId: z.string(), balance: points, pending: points, held: points, tier: z.string() };
const trace = z.array(z.strictObject({ text: z.string(), points: points.optional(), rule: z.string().optional() }));

const earned = {
  balance: points,
  pending: points,
  held: points,
  tier: z.string(),
  earned: points,
  unlocked: z.array(z.string()),
  spent: z.strictObject({ redemptionId: z.string(), points }).optional(),
  trace,
};
export const Earned = z.strictObject({ ...standing, ...earned }) satisfies z.ZodType<EarnedAnswer>;
export const Quote = z.strictObject(earned) satisfies z.ZodType<Omit<EarnedAnswer, 'entryId'>>;

export const Refund = z.strictObject({
  ...standing,
  status: z.enum(['booked', 'waiting']),
  reversed: points,
  returned: points,
  flags: z.array(z.string()),
  trace,
}) satisfies z.ZodType<RefundAnswer>;
export const WaitingRefund = z.union([z.strictObject({ status: z.literal('waiting') }), Refund]);

/** What a line holds, `columns` says. */
export const Report = z.strictObject({
  name: z.enum(REPORTS),
  from: z.iso.date(),
  to: z.iso.date(),
  by: z.enum(GROUPINGS).optional(),
  columns: z.array(z.string()),
  rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))),
}) satisfies z.ZodType<ReportAnswer>;
export const SegmentCount = z.strictObject({
  count: z.int(),
  looked: z.int(),
  next: z.string().optional(),
}) satisfies z.ZodType<SegmentCountAnswer>;
export const SegmentMembers = z.strictObject({
  members: z.array(z.string()),
  looked: z.int(),
  next: z.string().optional(),
}) satisfies z.ZodType<SegmentMembersAnswer>;

export const Lot = z.strictObject({
  ...standing,
  status: z.enum(['activated', 'declined']),
  points,
  unlocked: z.array(z.string()),
  trace,
}) satisfies z.ZodType<LotAnswer>;

export const Redemption = z.strictObject({
  ...standing,
  redemptionId: z.string(),
  status: z.enum(['held', 'captured', 'released']),
  points,
  rewardId: z.string().optional(),
  orderId: z.string().optional(),
  lapsesAt: z.iso.datetime().optional(),
  released: points.optional(),
  step: z.int().optional(),
  value: Value.optional(),
  cash: z.string().optional(),
  currency: z.string().optional(),
  code: z.string().optional(),
  codeValidThrough: z.iso.date().optional(),
}) satisfies z.ZodType<RedemptionAnswer>;

const Consent = z.strictObject({
  granted: z.boolean(),
  at: z.iso.datetime({ offset: true }),
  source: z.string(),
  proof: z.string(),
});

export const Member = z.strictObject({
  memberId: z.string(),
  identities: z.array(Identity),
  profile: Profile,
  consents: z.partialRecord(Channel, z.partialRecord(Purpose, Consent)),
  tags: z.array(z.string()),
  enrolledAt: z.iso.datetime({ offset: true }),
  balance: points,
  pending: points,
  held: points,
  lifetime: points,
  tier: z.string(),
}) satisfies z.ZodType<MemberAnswer>;

const Entry = z.strictObject({
  ...standing,
  seq: z.int().positive(),
  kind: z.enum([
    'enrolled',
    'updated',
    'erased',
    'consent',
    'sale',
    'refund',
    'activity',
    'authorized',
    'redeemed',
    'refused',
    'released',
    'expired',
    'code-used',
    'code-revoked',
    'activated',
    'declined',
    'tier-reviewed',
    'tier-granted',
    'tier-grant-ended',
    'adjusted',
    'undone',
    'gift-sent',
    'gift-received',
    'referred',
    'referral-rewarded',
    'referral-reversed',
    'merged-into',
    'merged-from',
    'unmerged',
    'dispute-opened',
    'dispute-closed',
    'imported',
    'history',
    'statement',
    'reminded',
    'reminder-told',
    'inactive',
    'messaged',
  ]),
  source: z.string(),
  occurredAt: z.iso.datetime({ offset: true }),
  recordedAt: z.iso.datetime(),
  points,
  detail: z.looseObject({}),
  trace,
  program: z.string(),
  hash: z.string(),
}) satisfies z.ZodType<EntryAnswer>;
export const Entries = z.strictObject({ entries: z.array(Entry), next: z.int().optional() });

export const Merged = z.strictObject({
  ...standing,
  memberId: z.string(),
  with: z.string(),
  points,
  trace,
}) satisfies z.ZodType<MergeAnswer>;

const Match = z.strictObject({
  memberId: z.string(),
  score: z.int().min(0).max(100),
  agree: z.array(z.enum(['name', 'birthday', 'email'])),
  differ: z.array(z.literal('birthday')),
  profile: Profile,
  identities: z.array(Identity),
  enrolledAt: z.iso.datetime({ offset: true }),
}) satisfies z.ZodType<MatchAnswer>;
export const Matches = z.strictObject({ matches: z.array(Match) });

const { memberId, identities, profile, consents, tags, enrolledAt } = Member.shape;
const told = { source: z.string(), profileAt: z.iso.datetime({ offset: true }) };
const byName = z.record(z.string(), points);
export const Export = z.strictObject({
  member: z.strictObject({ ...Member.shape, ...told }),
  merged: z.array(
    z.strictObject({
      memberId,
      mergedInto: z.string(),
      identities,
      profile,
      consents,
      tags: tags.optional(),
      enrolledAt,
      source: told.source,
    }),
  ),
  account: z
    .strictObject({
      buckets: byName,
      lots: byName,
      holds: z.record(z.string(), z.looseObject({ points })),
      window: byName,
      visits: z.int(),
      purchases: z.int(),
    })
    .optional(),
  notes: z.array(z.looseObject({ memberId })),
  waiting: z.array(z.looseObject({ type: z.string(), factId: z.string() })),
  entries: z.array(z.strictObject({ ...Entry.shape, key: z.string() })),
  next: z.int().optional(),
});

export const Balance = z.strictObject({
  memberId: z.string(),
  asOf: z.string(),
  balance: points,
  pending: points,
  held: points,
  owed: points,
  lifetime: points,
  tier: z.string(),
  seq: z.int().nonnegative(),
  buckets: z.record(z.string(), points),
}) satisfies z.ZodType<BalanceAnswer>;

const said = { id: z.string(), says: z.string() };
export const Program = z.strictObject({
  name: z.string(),
  version: z.string(),
  currency: z.string(),
  timeZone: z.string(),
  startsOn: z.string(),
  rules: z.array(
    z.strictObject({
      ...said,
      on: z.enum(['sale', 'activity']),
      budget: z.strictObject({ points, used: points }).optional(),
    }),
  ),
  multipliers: z.array(z.strictObject(said)),
  caps: z.array(z.strictObject(said)),
  tiers: z.array(Tier),
  pending: z.string(),
  expiry: z.string(),
}) satisfies z.ZodType<ProgramAnswer>;
export const Campaign = z.strictObject({
  ...CampaignWords.shape,
  state: z.enum(CAMPAIGN_STATES),
  createdAt: z.iso.datetime(),
  scheduledAt: z.iso.datetime().optional(),
  startedAt: z.iso.datetime({ offset: true }).optional(),
  endedAt: z.iso.datetime({ offset: true }).optional(),
  usedPoints: z.int().optional(),
}) satisfies z.ZodType<CampaignAnswer>;
export const Campaigns = z.strictObject({ campaigns: z.array(Campaign) });
const some = z.strictObject({ members: z.int(), points: z.int() });
export const DryRun = z.strictObject({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  members: z.int(),
  given: some,
  held: some,
  who: z.array(z.strictObject({ memberId: z.string(), points: z.int(), held: z.boolean() })),
  next: z.string().optional(),
}) satisfies z.ZodType<DryRunAnswer>;
const worded = {
  kind: z.enum(WORDED_KINDS),
  locale: z.string(),
  from: z.enum(ORIGINS),
  writtenAt: z.iso.datetime().optional(),
};
export const Message = z.strictObject({
  ...worded,
  words: Words,
  variables: z.array(z.string()),
  optional: z.array(z.string()),
}) satisfies z.ZodType<MessageAnswer>;
export const Messages = z.strictObject({
  messages: z.array(z.strictObject(worded)),
}) satisfies z.ZodType<MessagesAnswer>;
export const DeletedMessage = z.strictObject({
  kind: worded.kind,
  locale: worded.locale,
  /** What is said instead, if anything. */
  instead: Message.optional(),
});
export const Preview = z.strictObject({
  kind: worded.kind,
  channels: z.array(
    z.strictObject({
      channel: Channel,
      locale: z.string(),
      text: z.string(),
      subject: z.string().optional(),
      html: z.string().optional(),
      template: z.strictObject({ name: z.string(), values: z.array(z.string()) }).optional(),
      cost: z
        .strictObject({ encoding: z.enum(['GSM-7', 'UCS-2']), units: z.int(), segments: z.int().positive() })
        .optional(),
    }),
  ),
}) satisfies z.ZodType<PreviewAnswer>;
export const TestSent = z.strictObject({
  testId: z.string(),
  memberId: z.string(),
  connector: z.string(),
  text: z.string(),
}) satisfies z.ZodType<TestSendAnswer>;
export const Rewards = z.strictObject({
  rewards: z.array(
    z.strictObject({
      ...ProgramReward.shape,
      left: z.int().optional(),
      affordable: z.boolean().optional(),
      because: z
        .enum([
          'unknown-reward',
          'points-buy-rewards-only',
          'not-available-yet',
          'no-longer-available',
          'tier-too-low',
          'limit-reached',
          'wrong-step',
          'not-enough-points',
          'out-of-stock',
        ])
        .optional(),
    }) satisfies z.ZodType<RewardAnswer>,
  ),
});
export const Stocked = z.strictObject({
  rewardId: z.string(),
  stockId: z.string(),
  pieces: z.int(),
}) satisfies z.ZodType<StockAnswer>;
export const LoadedCodes = z.strictObject({
  rewardId: z.string(),
  loaded: z.int(),
  known: z.int(),
  elsewhere: z.int(),
}) satisfies z.ZodType<LoadedAnswer>;
export const Code = z.strictObject({
  code: z.string(),
  rewardId: z.string(),
  status: z.enum(['valid', 'no-longer-valid', 'used', 'revoked']),
  memberId: z.string().optional(),
  redemptionId: z.string().optional(),
  value: Value.optional(),
  validThrough: z.iso.date().optional(),
  endedAt: z.iso.datetime().optional(),
  useId: z.string().optional(),
  orderId: z.string().optional(),
}) satisfies z.ZodType<CodeAnswer>;

export const ReferralCode = z.strictObject({
  memberId: z.string(),
  code: z.string(),
  link: z.string().optional(),
}) satisfies z.ZodType<ReferralCodeAnswer>;

export const LinkCode = z.strictObject({
  memberId: z.string(),
  code: z.string(),
  expiresAt: z.iso.datetime(),
}) satisfies z.ZodType<LinkCodeAnswer>;

export const Referral = z.strictObject({ ...standing, code: z.string(), trace }) satisfies z.ZodType<ReferralAnswer>;

export const Gift = z.strictObject({
  ...standing,
  giftId: z.string(),
  points,
  to: z.string(),
  trace,
}) satisfies z.ZodType<GiftAnswer>;

const page = { next: z.string().optional() };
export const Adjustment = z.strictObject({
  ...standing,
  status: z.literal('booked'),
  adjustmentId: z.string().optional(),
  undoes: z.string().optional(),
  points,
  reason: z.string(),
  by: z.string(),
  approvedBy: z.string().optional(),
  trace,
}) satisfies z.ZodType<AdjustmentAnswer>;
export const Declined = z.strictObject({
  ...standing,
  status: z.literal('declined'),
  points,
  by: z.string(),
}) satisfies z.ZodType<DeclinedAnswer>;
export const Approval = z.strictObject({
  status: z.literal('waiting'),
  approvalId: z.string(),
  memberId: z.string(),
  adjustmentId: z.string().optional(),
  undoes: z.string().optional(),
  points,
  reason: z.string(),
  by: z.string(),
  askedAt: z.iso.datetime(),
  note: z.string().optional(),
}) satisfies z.ZodType<ApprovalAnswer>;
export const Approvals = z.strictObject({ approvals: z.array(Approval), ...page });

export const TierGrant = z.strictObject({
  ...standing,
  grantId: z.string(),
  status: z.enum(['granted', 'ended']),
  granted: z.string().optional(),
  through: z.iso.date().optional(),
}) satisfies z.ZodType<TierGrantAnswer>;

export const Reviewed = z.strictObject({
  ...standing,
  status: z.enum(['approved', 'declined']),
  points,
}) satisfies z.ZodType<ReviewedAnswer>;
export const Reviews = z.strictObject({
  reviews: z.array(
    z.strictObject({
      source: z.string(),
      object: z.string(),
      memberId: z.string(),
      entryId: z.string(),
      because: z.array(z.string()),
      points,
      flaggedAt: z.iso.datetime(),
    }) satisfies z.ZodType<ReviewAnswer>,
  ),
  ...page,
});

export const Dispute = z.strictObject({
  ...standing,
  disputeId: z.string(),
  status: z.enum(['open', 'closed']),
  outcome: z.enum(['upheld', 'rejected', 'withdrawn']).optional(),
  adjustmentId: z.string().optional(),
}) satisfies z.ZodType<DisputeStateAnswer>;
export const Disputes = z.strictObject({
  disputes: z.array(
    z.strictObject({
      disputeId: z.string(),
      memberId: z.string(),
      entryId: z.string().optional(),
      by: z.string(),
      openedAt: z.iso.datetime(),
      text: z.string().optional(),
    }) satisfies z.ZodType<DisputeAnswer>,
  ),
  ...page,
});

export const Problem = z.strictObject({
  type: z.string().startsWith('urn:stampbook:'),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
  because: z.string().optional(),
  differences: z.array(z.string()).optional(),
  requestId: z.string().optional(),
}) satisfies z.ZodType<ProblemAnswer>;
