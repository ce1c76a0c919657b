import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { confirmActivity, declineActivity, postActivity } from '../../lib/runtime/api/activities.ts';
import { getBalance } from '../../lib/runtime/api/balance.ts';
import {
  cancelCampaign,
  dryRunCampaign,
  endCampaign,
  getCampaign,
  listCampaigns,
  postCampaign,
  scheduleCampaign,
} from '../../lib/runtime/api/campaigns.ts';
import {
  deleteMember,
  exportMember,
  findMember,
  getMember,
  listEntries,
  listMatches,
  mergeMember,
  patchMember,
  postLinkCode,
  postMember,
  unmergeMember,
} from '../../lib/runtime/api/members.ts';
import {
  deleteMessage,
  getMessage,
  listMessages,
  previewMessage,
  putMessage,
  testMessage,
} from '../../lib/runtime/api/messages.ts';
import { getProgram } from '../../lib/runtime/api/program.ts';
import { captureRedemption, postRedemption, voidRedemption } from '../../lib/runtime/api/redemptions.ts';
import { countSegment, getReport, listSegment } from '../../lib/runtime/api/reports.ts';
import { addStock, getCode, listRewards, loadCodes, revokeCode, useCode } from '../../lib/runtime/api/rewards.ts';
import type { Route } from '../../lib/runtime/api/route.ts';
import { confirmSale, declineSale, postRefund, postSale, quoteSale } from '../../lib/runtime/api/sales.ts';
import { postGift, postReferral, postReferralCode } from '../../lib/runtime/api/sharing.ts';
import {
  approveRequest,
  approveReview,
  closeDispute,
  declineRequest,
  declineReview,
  endTierGrant,
  listApprovals,
  listDisputes,
  listReviews,
  postAdjustment,
  postDispute,
  postTierGrant,
  undoEntry,
} from '../../lib/runtime/api/staff.ts';
import * as bodies from './answers.ts';
import { openRoutes } from './open-routes.ts';

/** `docs/openapi.json`: requests from the very schemas that check them, answers from those that the tests hold them to. */

interface Operation {
  readonly route: Route;
  readonly name: string;
  readonly summary: string;
  readonly says?: string;
  /** By status: what it means, and the body. Besides, any request may be answered as `COMMON` says. */
  readonly answers: Readonly<Record<number, readonly [meaning: string, body?: z.ZodType]>>;
}

const notFound = { 404: ['Nobody is known by that', bodies.Problem] } as const;
const posted = (body: z.ZodType, more = '') =>
  ({
    201: [`Booked${more}`, body],
    200: ['Booked before: the very same body as then', body],
    404: ['Nobody is known by that', bodies.Problem],
    409: ['The id stands for something else (`differences`), or a rule says no (`because`)', bodies.Problem],
  }) as const;

const joined = (done: string) =>
  ({
    201: [done, bodies.Merged],
    200: [`${done} before: the very same body as then`, bodies.Merged],
    404: ['Nobody is known by one of the ids', bodies.Problem],
    409: ['It cannot be (`because`)', bodies.Problem],
  }) as const;

function campaignStep(done: string) {
  return {
    200: [done, bodies.Campaign],
    404: ['There is no such campaign', bodies.Problem],
    409: ['It cannot be (`because`)', bodies.Problem],
  } as const;
}

export const operations: readonly Operation[] = [
  {
    route: postMember,
    name: 'enrolMember',
    summary: 'Enrol a member, or complete one',
    says: 'Safe to repeat: whoever is known by one of the identities is that member, and gains the others.',
    answers: {
      201: ['Enrolled', bodies.Member],
      200: ['Known, and completed', bodies.Member],
      409: ['The identities belong to different members; `differences` names their kinds', bodies.Problem],
    },
  },
  {
    route: findMember,
    name: 'findMember',
    summary: 'Find a member by one identity',
    answers: { 200: ['The member', bodies.Member], ...notFound },
  },
  {
    route: getMember,
    name: 'getMember',
    summary: 'A member with the balance of today',
    answers: { 200: ['The member', bodies.Member], ...notFound },
  },
  {
    route: patchMember,
    name: 'changeMember',
    summary: 'Change profile, identities and consents',
    says: 'What is absent stays, `null` takes away.',
    answers: {
      200: ['As it is now', bodies.Member],
      ...notFound,
      409: ['An identity belongs to somebody else, or nothing would be left to be known by', bodies.Problem],
    },
  },
  {
    route: deleteMember,
    name: 'eraseMember',
    summary: 'Forget a person',
    says: 'Everything personal is removed. Account and journal stay, under an id that leads to nobody.',
    answers: { 204: ['Forgotten, now or before'], ...notFound },
  },
  {
    route: listEntries,
    name: 'listEntries',
    summary: 'The member’s journal, page by page',
    answers: { 200: ['Entries in their order; `next` is the `after` of the next page', bodies.Entries], ...notFound },
  },
  {
    route: listMatches,
    name: 'listMatches',
    summary: 'Others of the same name, who may be the same person',
    says: 'The likeliest first. Nothing follows from it: whoever knows merges them.',
    answers: { 200: ['Whom it may be, with what agrees and what differs', bodies.Matches], ...notFound },
  },
  {
    route: mergeMember,
    name: 'mergeMember',
    summary: 'Make one member of two',
    says: 'Whatever memberId had is this member’s from then on, and whatever is told of it. Both ids keep leading here.',
    answers: joined('Merged'),
  },
  {
    route: unmergeMember,
    name: 'unmergeMember',
    summary: 'Make two of them again',
    says: 'Each has what it had. What was booked meanwhile stays here, but for what goes on with something that memberId had begun.',
    answers: joined('Parted'),
  },
  {
    route: exportMember,
    name: 'exportMember',
    summary: 'All that is held of a person',
    says: 'Profile, identities, consents with their proof, notes, and the journal, page by page.',
    answers: { 200: ['`next` is the `after` of the next page of entries', bodies.Export], ...notFound },
  },
  {
    route: getBalance,
    name: 'getBalance',
    summary: 'The member’s balance as of any day or instant',
    says: 'What the books said then: a sale that was told later does not change it.',
    answers: { 200: ['The balance', bodies.Balance], ...notFound },
  },
  {
    route: postSale,
    name: 'postSale',
    summary: 'Tell of a sale, and earn points',
    says: 'An order earns once, for ever. Told again with the same content, the first answer is given again.',
    answers: posted(bodies.Earned),
  },
  {
    route: quoteSale,
    name: 'quoteSale',
    summary: 'What a sale would earn; nothing is booked',
    answers: { 200: ['The decision as it would be made now', bodies.Quote], ...notFound },
  },
  {
    route: postRefund,
    name: 'postRefund',
    summary: 'Take a sale back, whole or in part',
    says: 'An amount without `net` has the sale’s own share of tax; lines need it wherever the sale’s had it. More than was sold is taken back no further, and flagged.',
    answers: {
      ...posted(bodies.Refund),
      202: ['The order is not known yet: the refund is kept and booked when it comes', bodies.WaitingRefund],
    },
  },
  {
    route: confirmSale,
    name: 'confirmSale',
    summary: 'Say yes to an order’s points that wait for it',
    says: 'Points wait once: whichever comes first, yes or no, is their end. A yes while staff still look at them is kept, and counts once they are done.',
    answers: posted(bodies.Lot),
  },
  {
    route: declineSale,
    name: 'declineSale',
    summary: 'Say no to an order’s points that wait',
    says: 'They are not earned. What the program counts in points counts towards no tier either.',
    answers: posted(bodies.Lot),
  },
  {
    route: postActivity,
    name: 'postActivity',
    summary: 'Tell of a visit, a booking, a review …',
    answers: posted(bodies.Earned),
  },
  {
    route: confirmActivity,
    name: 'confirmActivity',
    summary: 'Say yes to an activity’s points: the guest came',
    answers: posted(bodies.Lot),
  },
  {
    route: declineActivity,
    name: 'declineActivity',
    summary: 'Say no to an activity’s points: the guest did not come',
    answers: posted(bodies.Lot),
  },
  {
    route: postRedemption,
    name: 'redeem',
    summary: 'Spend points, at once or put aside first',
    says: 'A refusal stands too: the same `redemptionId` is refused for the same reason, whatever is earned since.',
    answers: posted(bodies.Redemption),
  },
  {
    route: captureRedemption,
    name: 'captureRedemption',
    summary: 'Spend what was put aside, or part of it',
    answers: posted(bodies.Redemption),
  },
  {
    route: voidRedemption,
    name: 'voidRedemption',
    summary: 'Give back what was put aside',
    answers: posted(bodies.Redemption),
  },
  {
    route: getProgram,
    name: 'getProgram',
    summary: 'What is promised to members, in words',
    says: 'The sentences are made from the data that decides. `used` is what was put aside of a rule’s budget over all members.',
    answers: { 200: ['The program', bodies.Program] },
  },
  {
    route: listRewards,
    name: 'listRewards',
    summary: 'What points can be spent on',
    says: 'Asked for a member: whether it can be had now, and if not, why.',
    answers: { 200: ['The catalogue', bodies.Rewards], ...notFound },
  },
  {
    route: postCampaign,
    name: 'createCampaign',
    summary: 'Write a campaign: a draft, which gives nothing yet',
    says: 'Safe to repeat. `startsAt` is the first instant that is in, `endsAt` the first that is not; what counts is when something happened, however late it is told.',
    answers: {
      201: ['Written', bodies.Campaign],
      200: ['Written before, in the same words', bodies.Campaign],
      409: ['Another campaign has this id', bodies.Problem],
    },
  },
  {
    route: listCampaigns,
    name: 'listCampaigns',
    summary: 'All campaigns, the latest first',
    answers: { 200: ['The campaigns', bodies.Campaigns] },
  },
  {
    route: getCampaign,
    name: 'getCampaign',
    summary: 'A campaign, and what of its budget is used',
    answers: { 200: ['The campaign', bodies.Campaign], 404: ['There is no such campaign', bodies.Problem] },
  },
  {
    route: scheduleCampaign,
    name: 'scheduleCampaign',
    summary: 'Put a draft on the calendar',
    says: 'It begins and ends by itself. Safe to repeat.',
    answers: campaignStep('Scheduled, or it was before'),
  },
  {
    route: endCampaign,
    name: 'endCampaign',
    summary: 'End a campaign before its time',
    says: 'What happens from now on earns nothing by it; a till may take five seconds to hear of it.',
    answers: campaignStep('Ended, now or before'),
  },
  {
    route: cancelCampaign,
    name: 'cancelCampaign',
    summary: 'Cancel a campaign: before it begins, or while it is on',
    says: 'What it has given stays.',
    answers: campaignStep('Cancelled, now or before'),
  },
  {
    route: dryRunCampaign,
    name: 'dryRunCampaign',
    summary: 'What a campaign would have given in the last days, to whom',
    says: 'A page of members at a time, whose stories are told again as if it had been on; nothing is booked. Its budget is left out of it.',
    answers: { 200: ['The page', bodies.DryRun], 404: ['There is no such campaign', bodies.Problem] },
  },
  {
    route: listMessages,
    name: 'listMessages',
    summary: 'What members are told of, in which locales, and who has written the words',
    answers: { 200: ['Kind by kind', bodies.Messages] },
  },
  {
    route: getMessage,
    name: 'getMessage',
    summary: 'The words for one kind in one locale, and what they may speak of',
    says: 'Liquid; docs/messages.md tells the filters.',
    answers: { 200: ['What is said now', bodies.Message], 404: ['Nothing is written for it', bodies.Problem] },
  },
  {
    route: putMessage,
    name: 'writeMessage',
    summary: 'Say it in other words',
    says: 'They take the place of all that was written so before, and hold within seconds. They are tried out first: a text that could fail is refused.',
    answers: { 200: ['What is said now', bodies.Message] },
  },
  {
    route: deleteMessage,
    name: 'deleteMessage',
    summary: 'Say it as before it was written through the API',
    says: 'Safe to repeat.',
    answers: { 200: ['Gone, now or before', bodies.DeletedMessage] },
  },
  {
    route: previewMessage,
    name: 'previewMessage',
    summary: 'How a message arrives on each channel, and what an SMS of it costs',
    says: 'Made of an example. With `words` it shows those, and saves nothing.',
    answers: { 200: ['Channel by channel', bodies.Preview] },
  },
  {
    route: testMessage,
    name: 'sendTestMessage',
    summary: 'Send it to one member, made of an example',
    says: 'Safe to repeat: once for each `testId`. It goes the way of an answer to the member, who is asked for no consent: send it to one of yours.',
    answers: {
      202: ['On its way', bodies.TestSent],
      404: ['Nobody is known by that', bodies.Problem],
      409: ['It `says-nothing` there', bodies.Problem],
    },
  },
  {
    route: addStock,
    name: 'addStock',
    summary: 'Tell of pieces that came, or went otherwise than for points',
    says: 'The count begins with what the program says. Told twice under one `stockId`, it is counted once.',
    answers: {
      201: ['Counted', bodies.Stocked],
      200: ['Counted before', bodies.Stocked],
      404: ['There is no such reward', bodies.Problem],
      409: [
        'The id stands for another number; or the reward’s pieces are `not-counted`, or there are `fewer-than-that`',
        bodies.Problem,
      ],
    },
  },
  {
    route: loadCodes,
    name: 'loadCodes',
    summary: 'Load codes that a reward gives out',
    says: 'Safe to repeat: what is loaded already stays as it is.',
    answers: {
      200: ['How many came in', bodies.LoadedCodes],
      404: ['There is no such reward', bodies.Problem],
      409: ['The reward `takes-no-list`: its codes are generated, or it has none', bodies.Problem],
    },
  },
  {
    route: getCode,
    name: 'getCode',
    summary: 'What a code is good for',
    answers: { 200: ['The code', bodies.Code], 404: ['Nobody was given this code', bodies.Problem] },
  },
  {
    route: useCode,
    name: 'useCode',
    summary: 'Use a code, once',
    says: 'Told again under one `useId`, the first answer is given again.',
    answers: {
      201: ['Used', bodies.Code],
      200: ['Used before, by the same use: the very same body as then', bodies.Code],
      404: ['Nobody was given this code', bodies.Problem],
      409: ['It was `used-before`, was `revoked`, or is `no-longer-valid`', bodies.Problem],
    },
  },
  {
    route: revokeCode,
    name: 'revokeCode',
    summary: 'Take a code back',
    says: 'The points that it cost stay spent: give them back by an adjustment.',
    answers: {
      201: ['Taken back', bodies.Code],
      200: ['Taken back before', bodies.Code],
      404: ['There is no such code', bodies.Problem],
      409: ['It was `used-before`', bodies.Problem],
    },
  },
  {
    route: postReferralCode,
    name: 'referralCode',
    summary: 'The code with which a member brings friends',
    says: 'One for each member, for good. It opens nothing, and says nothing of who has it.',
    answers: {
      201: ['Made now', bodies.ReferralCode],
      200: ['Made before: the very same', bodies.ReferralCode],
      ...notFound,
      409: ['The program has no referrals: `because` is no-referrals', bodies.Problem],
    },
  },
  {
    route: postLinkCode,
    name: 'linkCode',
    summary: 'A code by which a member links a chat',
    says: 'The member writes it there within some minutes, once: whoever does so is that member from then on. A new one each time; ten within an hour.',
    answers: { 201: ['Made now', bodies.LinkCode], ...notFound },
  },
  {
    route: postReferral,
    name: 'refer',
    summary: 'Say whose code brought a new member',
    says: 'Once, and before the first purchase. Both are paid when the friend has bought as the program asks, and neither keeps anything when all of that order goes back. `because` is one of no-referrals, self-referral, referral-ring, not-new, referred-before.',
    answers: { ...posted(bodies.Referral), 404: ['Nobody is known by that, or nobody has this code', bodies.Problem] },
  },
  {
    route: postGift,
    name: 'give',
    summary: 'Give points to another member',
    says: 'Those that would be spent first; each keeps its last day. The answer is the giver’s. A refusal stands too; `because` is one of no-gifts, to-oneself, too-few-points, limit-reached, not-enough-points.',
    answers: posted(bodies.Gift),
  },
  {
    route: postAdjustment,
    name: 'adjust',
    summary: 'Give or take points by hand',
    says: 'From the program’s `staff.approvalFromPoints` on it waits for a second person. Points that are not there are refused, unless `belowZero` lets the program’s policy for what is spent decide.',
    answers: { ...posted(bodies.Adjustment), 202: ['It waits for a second person', bodies.Approval] },
  },
  {
    route: undoEntry,
    name: 'undoEntry',
    summary: 'Take back what an entry did',
    says: 'Adjustments, activities and tiers that were given: by another entry, never by a change. Sales are refunded, redemptions voided.',
    answers: {
      ...posted(bodies.Adjustment),
      202: ['It waits for a second person', bodies.Approval],
      404: ['There is no such entry', bodies.Problem],
    },
  },
  {
    route: listApprovals,
    name: 'listApprovals',
    summary: 'What waits for a second person, the oldest first',
    answers: { 200: ['A page; `next` is the `after` of the following one', bodies.Approvals] },
  },
  {
    route: approveRequest,
    name: 'approve',
    summary: 'Say yes as a second person',
    says: 'Another `staffId`, and another key, than what was asked with.',
    answers: { ...posted(bodies.Adjustment), 404: ['Nothing of that id waits, or has waited', bodies.Problem] },
  },
  {
    route: declineRequest,
    name: 'decline',
    summary: 'Say no as a second person',
    answers: {
      200: ['Declined, now or before', bodies.Declined],
      404: ['Nothing of that id waits, or has waited', bodies.Problem],
      409: ['It was approved before, or the same person asked (`because`)', bodies.Problem],
    },
  },
  {
    route: postTierGrant,
    name: 'grantTier',
    summary: 'Give a tier, through a day',
    answers: posted(bodies.TierGrant),
  },
  {
    route: endTierGrant,
    name: 'endTierGrant',
    summary: 'Take a given tier back',
    answers: posted(bodies.TierGrant),
  },
  {
    route: listReviews,
    name: 'listReviews',
    summary: 'Points that wait since something looked wrong, the oldest first',
    answers: { 200: ['A page; `next` is the `after` of the following one', bodies.Reviews] },
  },
  {
    route: approveReview,
    name: 'approveReview',
    summary: 'The points may be spent',
    says: 'Not by who served.',
    answers: { ...posted(bodies.Reviewed), 404: ['Nothing of that name waits, or has waited', bodies.Problem] },
  },
  {
    route: declineReview,
    name: 'declineReview',
    summary: 'The points are gone',
    says: 'Not by who served.',
    answers: { ...posted(bodies.Reviewed), 404: ['Nothing of that name waits, or has waited', bodies.Problem] },
  },
  {
    route: postDispute,
    name: 'openDispute',
    summary: 'Say that something is wrong',
    says: 'The words are kept with the member’s profile, and erased with it.',
    answers: posted(bodies.Dispute),
  },
  {
    route: listDisputes,
    name: 'listDisputes',
    summary: 'Open disputes, the oldest first',
    answers: { 200: ['A page; `next` is the `after` of the following one', bodies.Disputes] },
  },
  {
    route: closeDispute,
    name: 'closeDispute',
    summary: 'Say what came of a dispute',
    says: 'With an adjustment, that is booked first; where it waits for a second person, the dispute stays open until it is closed again.',
    answers: {
      ...posted(bodies.Dispute),
      202: ['Its adjustment waits for a second person', bodies.Approval],
      404: ['There is no such dispute', bodies.Problem],
    },
  },
  {
    route: getReport,
    name: 'getReport',
    summary: 'What the program did, by day or by what it is about',
    says: 'Kept from the journal, some seconds behind it. `points`, `redemptions`: by anything; `liability`, `members`, `deliveries`: by day or month; the others have a form of their own. Without `from`: thirty days, or twelve months for `breakage` and `cohorts`. What each column means is in docs/reports.md. `format=csv` answers text/csv.',
    answers: { 200: ['A table: `columns` names what each row holds', bodies.Report] },
  },
  {
    route: countSegment,
    name: 'countSegment',
    summary: 'How many members a segment means',
    says: 'Goes on for some seconds; with `next`, ask again with it as `after` and add up.',
    answers: { 200: ['Of those that were looked at', bodies.SegmentCount] },
  },
  {
    route: listSegment,
    name: 'listSegment',
    summary: 'Which members a segment means',
    answers: { 200: ['A page; `next` is the `after` of the following one', bodies.SegmentMembers] },
  },
];

/** What any route may answer. */
export const COMMON: Operation['answers'] = {
  400: ['The request has faults: `errors` lists every one', bodies.Problem],
  401: ['No API key, or one that is not in use', bodies.Problem],
  403: ['The key’s scope does not reach', bodies.Problem],
  413: ['More than 256 KB', bodies.Problem],
  429: ['Too many requests with this key: wait as long as Retry-After says', bodies.Problem],
  500: ['A fault of ours; `requestId` leads to it', bodies.Problem],
  503: ['Too many wrote to one account at once. Nothing was booked: try again', bodies.Problem],
};

/** What fields mean, wherever they stand. Kept here, since no function needs to carry it. */
const FIELDS: Readonly<Record<string, string>> = {
  giftId: 'Your id for the gift.',
  orderId: 'The order’s number at whoever tells of it. With the key’s source it names the sale.',
  total: 'Goods after discounts with tax, without tip and shipping: a decimal string in major units, "12.34".',
  net: 'The same without tax. Absent: as much as total.',
  currency: 'ISO 4217, such as EUR.',
  occurredAt: 'RFC 3339 with its offset, at most 400 days ago. Absent: now.',
  lines: 'Every line of goods; their sums are total and net.',
  member: 'Exactly one of id, phone, email, card; an id with a source is another system’s.',
  phone:
    'International form: "+4915112345678". Members are also found by a number as it is dialled in the merchant’s country.',
  redemptionId: 'Your id for the redemption.',
  adjustmentId: 'Your id for the adjustment.',
  disputeId: 'Your id for the dispute.',
  grantId: 'Your id for the grant.',
  staffId: 'Who of the staff, by your own name for them.',
  reason: 'One of the program’s `staff.reasons`, or of a refund: return, cancelled, chargeback, correction.',
  step: 'Which of the reward’s steps, from 1. Absent: the reward itself.',
  stockId: 'Your id for this delivery.',
  pieces: 'How many came; negative, how many went.',
  codes: 'Your codes, as they are to be shown. Capitals, spaces and hyphens make no difference.',
  useId: 'Your id for this use of the code.',
  capture: 'false puts the points aside until capture, void or the lapse of time.',
  everything: 'The whole order comes back.',
  refundId: 'Your id for this refund of the order.',
  consents: 'Channel → yes or no, for all that comes that way or for one purpose.',
  tags: 'Tag → given (true) or taken away (false). Tags that are not named stay.',
  consentProof: 'Where the yes or no can be looked up.',
  ids: 'Under what names other systems know the member.',
  after: 'The seq of the last entry that you have.',
  source: 'Another system’s name: the id of a connector, or the source of another API key.',
};

interface Json {
  [key: string]: unknown;
}

/** What refers to itself has a name, and stands among the components. */
const shared: Json = {};
const elsewhere = (json: Json): Json =>
  JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, $defs, ...json } = elsewhere(z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json);
  Object.assign(shared, $defs);
  return io === 'input' ? described(json) : json;
};

/** Adds to each property what its name means. */
function described(json: Json): Json {
  const properties = json.properties as Record<string, Json> | undefined;
  const items = json.items as Json | undefined;
  return {
    ...json,
    ...(items && { items: described(items) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [
          name,
          { ...described(property), ...(FIELDS[name] && { description: FIELDS[name] }) },
        ]),
      ),
    }),
  };
}

const component = new Map<z.ZodType, string>(Object.entries(bodies).map(([name, schema]) => [schema, name]));

function responses({ answers, route }: Operation): Json {
  const all = { ...COMMON, ...answers };
  return Object.fromEntries(
    Object.entries(all)
      // Only what has a body can be too large.
      .filter(([status]) => status !== '413' || hasBody(route))
      .map(([status, [description, body]]) => {
        const type = body === bodies.Problem ? 'application/problem+json' : 'application/json';
        const schema = body && { $ref: `#/components/schemas/${component.get(body)}` };
        const headers =
          status === '429' || status === '503'
            ? { headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds' } } }
            : {};
        return [status, { description, ...headers, ...(schema && { content: { [type]: { schema } } }) }];
      }),
  );
}

const hasBody = ({ key }: Route): boolean => ['POST', 'PUT', 'PATCH'].includes(key.split(' ', 1)[0] ?? '');

const takesNothing = ({ input }: Route, inPath: readonly string[]): boolean =>
  input.safeParse(Object.fromEntries(inPath.map((field) => [field, 'x']))).success;

/** By what a path is about: `/v1/members/{id}` by members, `/webhooks/{connector}` by webhooks. */
const tagOf = (path: string): string => path.replace('/v1/', '/').split('/')[1] ?? '';

function operation(one: Operation): Json {
  const { route, name, summary, says } = one;
  const [, path = ''] = route.key.split(' ');
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => String(parameter));
  const {
    properties = {},
    required = [],
    ...rest
  } = schemaOf(route.input, 'input') as Json & { properties?: Record<string, Json>; required?: string[] };
  const parameter = (field: string, where: 'path' | 'query') => {
    const { description, ...schema } = properties[field] ?? {};
    return {
      name: field,
      in: where,
      required: where === 'path' || required.includes(field),
      ...(description !== undefined && { description }),
      schema,
    };
  };
  const others = Object.keys(properties).filter((field) => !inPath.includes(field));
  const body = {
    ...rest,
    properties: Object.fromEntries(others.map((field) => [field, properties[field]])),
    ...(required.some((field) => others.includes(field)) && {
      required: required.filter((field) => others.includes(field)),
    }),
  };
  return {
    operationId: name,
    summary,
    description: [says, `Scope: ${route.scope}.`].filter(Boolean).join(' '),
    tags: [tagOf(path)],
    ...(inPath.length > 0 || !hasBody(route)
      ? {
          parameters: [
            ...inPath.map((field) => parameter(field, 'path')),
            ...(hasBody(route) ? [] : others.map((field) => parameter(field, 'query'))),
          ],
        }
      : {}),
    ...(hasBody(route) && {
      requestBody: { required: !takesNothing(route, inPath), content: { 'application/json': { schema: body } } },
    }),
    responses: responses(one),
  };
}

export function openApi(): object {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const paths: Record<string, Json> = {};
  for (const one of operations) {
    const [method = '', path = ''] = one.route.key.split(' ');
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(one) };
  }
  for (const [path, methods] of Object.entries(openRoutes))
    paths[path] = Object.fromEntries(
      Object.entries(methods).map(([method, one]) => [method, { tags: [tagOf(path)], security: [], ...one }]),
    );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Stampbook',
      version,
      description:
        'The API that tills and shops call. Amounts are decimal strings in major units. What is told twice is booked once: the second time is answered 200 with the first body. Errors are RFC 9457.',
    },
    servers: [
      {
        url: 'https://{api}',
        description: 'The stack’s output ApiUrl',
        variables: { api: { default: 'api.example' } },
      },
    ],
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key. What a pos key may do, a staff key may; what a staff key may do, an admin key may.',
        },
      },
      schemas: {
        ...Object.fromEntries([...component].map(([schema, name]) => [name, schemaOf(schema, 'output')])),
        ...shared,
      },
    },
  };
}
