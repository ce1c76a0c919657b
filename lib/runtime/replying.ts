import { createHash } from 'node:crypto';
import { Permanent } from '../connectors/kit/errors.ts';
import type { Account } from '../loyalty/account.ts';
import { byDate, isPast, payable, spendable } from '../loyalty/buckets.ts';
import { type Entry, newAccount } from '../loyalty/entry.ts';
import type { ReplyFact } from '../loyalty/facts.ts';
import type { Program } from '../loyalty/program.ts';
import { type Refusal, refusalOf, startKey } from '../loyalty/redeem.ts';
import { type Choice, choiceFor, choicesOf, type Language, type Understood, understood } from '../loyalty/replies.ts';
import type { Answer } from '../loyalty/reply-answers.ts';
import { today } from '../loyalty/situation.ts';
import type { Allowance } from './allowance.ts';
import {
  type AskedRedemption,
  type AskedRedemptions,
  MINUTES_TO_CONFIRM,
  redemptionIdFor,
} from './asked-redemptions.ts';
import type { openEnrolment } from './enrolment.ts';
import type { Heard } from './heard.ts';
import type { Outcome } from './journal.ts';
import type { Supplies } from './ledger/redeeming.ts';
import type { Ledger } from './ledger.ts';
import type { LinkCodes } from './link-codes.ts';
import { count, log, reasonOf } from './log.ts';
import { type Member, type Members, textOf } from './members.ts';
import type { Overrides } from './message-texts.ts';
import { type Answering, composeReply, type Replying } from './messages/replies.ts';
import type { Said } from './messages.ts';
import type { Orders } from './orders.ts';
import type { PlanQueue } from './plan-work.ts';

export interface ReplyingParts {
  readonly merchant: Answering;
  readonly members: Pick<Members, 'find' | 'findAny' | 'get'>;
  readonly ledger: Pick<Ledger, 'account' | 'entry' | 'authorize'>;
  readonly enrolment: Pick<ReturnType<typeof openEnrolment>, 'change'>;
  /** The program with what campaigns offer to this member. */
  readonly offeredTo: (account: Account) => Promise<Program>;
  readonly supplies: {
    readonly stock: Pick<Supplies['stock'], 'left'>;
    readonly codes: Pick<Supplies['codes'], 'row'>;
  };
  readonly orders: Pick<Orders, 'keepRedemption'>;
  readonly asked: AskedRedemptions;
  readonly linkCodes: Pick<LinkCodes, 'use' | 'mayTry'>;
  readonly allowance: Allowance;
  readonly heard: Pick<Heard, 'note'>;
  readonly plan: PlanQueue;
  /** What staff have written at run time. */
  readonly overrides: () => Promise<Overrides>;
  readonly now?: () => Date;
}

/** `nobody`: it came from somebody whom no one knows. `enough`: more than anybody has to ask in a day. */
export type Replied = 'answered' | 'done' | 'nobody' | 'enough';

/** Answers of one day to one member: a machine that answers ours costs no more than this. */
const ANSWERS_MAX = 30;
/** Numbers that one member may try within an hour, right or wrong. */
const NUMBERS_MAX = 10;
/** Of what is in reach, as many as fit into a message or two. */
const LISTED_MAX = 8;

/**
 * Does what members write to us. All of it may be told twice, and the work on it may break off anywhere: an answer has its
 * name from the reply, and a redemption has its id from the reply that asked for it, so that there is one of each.
 */
export function openReplying({
  merchant,
  members,
  ledger,
  enrolment,
  offeredTo,
  supplies,
  orders,
  asked,
  linkCodes,
  allowance,
  heard,
  plan,
  overrides,
  now = () => new Date(),
}: ReplyingParts) {
  const firstTier = merchant.program.tiers[0]?.id ?? '';

  const accountOf = async (memberId: string): Promise<Account> =>
    (await ledger.account(memberId)) ?? newAccount(memberId, firstTier);

  async function answer(
    fact: ReplyFact,
    memberId: string,
    said: Answer,
    { language, id = `reply:${nameOf(fact)}` }: { readonly language?: Language | undefined; readonly id?: string } = {},
  ): Promise<Replied> {
    const member = await members.get(memberId);
    if (!member) return 'nobody';
    const { source: connector, channel, identities } = fact;
    const reply = worded(said, member, { channel, overrides: await overrides(), written: language });
    // The merchant has nothing to say to that.
    if (!reply) return 'done';
    await plan.tell([{ kind: 'answer', id, memberId, connector, identities, ...reply, purpose: 'transactional' }]);
    return 'answered';
  }

  /** In our words where the merchant's cannot be made: somebody waits for it, maybe for a code. */
  function worded(said: Answer, member: Member, how: Replying): Said | undefined {
    try {
      return composeReply(said, member, merchant, how);
    } catch (error) {
      if (!(error instanceof Permanent)) throw error;
      count('MessageUnwritable');
      log.error('an answer cannot be written in the merchant’s words', { reason: reasonOf(error).message });
      return composeReply(said, member, { ...merchant, messages: {} }, { ...how, overrides: {} });
    }
  }

  async function points(memberId: string): Promise<Answer> {
    const { program } = merchant;
    const account = await accountOf(memberId);
    const day = today({ program, now: now() });
    const [first] = byDate(account.buckets).filter(([date]) => date !== 'never' && !isPast(date, day));
    const balance = spendable(account.buckets, day);
    return {
      kind: 'points',
      balance,
      pending: account.pending,
      held: account.held,
      // Where something is owed, it is not that many that lapse.
      ...(first && balance > 0 && { expiring: { points: Math.min(first[1], balance), on: first[0] } }),
    };
  }

  /** What there is, and what stands against each of it. */
  async function catalogueFor(account: Account) {
    const program = await offeredTo(account);
    const choices = choicesOf(program);
    const left = choices.some(({ reward }) => reward.stock !== undefined) ? await supplies.stock.left() : new Map();
    const why = ({ reward, step }: Choice): Refusal | undefined =>
      refusalOf(account, { rewardId: reward.id, step }, { program, now: now() }, { gone: left.get(reward.id) === 0 });
    const missing = ({ cost }: Choice) => cost - payable(account.buckets, today({ program, now: now() }), program);
    return { choices, why, missing };
  }

  async function rewards(memberId: string): Promise<Answer> {
    const { choices, why, missing } = await catalogueFor(await accountOf(memberId));
    const inReach = choices.filter((choice) => why(choice) === undefined);
    const [next] = choices.filter((choice) => why(choice) === 'not-enough-points').sort((a, b) => a.cost - b.cost);
    return {
      kind: 'rewards',
      inReach: inReach.slice(0, LISTED_MAX),
      more: Math.max(0, inReach.length - LISTED_MAX),
      ...(next && { next: { choice: next, missing: missing(next) } }),
    };
  }

  /** Asks whether it is meant: nothing is spent for a word that was mistyped, or written by somebody else's machine. */
  async function redeem(fact: ReplyFact, memberId: string, which: string): Promise<Answer> {
    if (which === '') return rewards(memberId);
    const { choices, why, missing } = await catalogueFor(await accountOf(memberId));
    const choice = choiceFor(which, choices);
    const because = choice ? why(choice) : 'unknown-reward';
    if (!choice || because) return refused(because ?? 'unknown-reward', choice && missing(choice));
    const { reward, step, cost } = choice;
    const { number } = await asked.ask(memberId, {
      redemptionId: redemptionIdFor(fact),
      rewardId: reward.id,
      step,
      cost,
      // A code is of use to whoever has it; all else is handed over by staff, who then take the points.
      capture: reward.code !== undefined,
    });
    return { kind: 'asked', choice, number, minutes: MINUTES_TO_CONFIRM };
  }

  async function confirm(
    fact: ReplyFact,
    memberId: string,
    number: string,
    language: Language | undefined,
  ): Promise<Replied> {
    const say = (said: Answer) => answer(fact, memberId, said, { language });
    const all = await asked.all(memberId);
    // Four digits that nobody asked for are no yes to anything.
    if (all.length === 0) return unknown(fact, memberId, language);
    const isAllowed = await allowance.allows(`numbers#${memberId}`, nameOf(fact), NUMBERS_MAX, 'hour');
    if (!isAllowed) return 'enough';
    const one = all.find((row) => row.number === number);
    if (!one) return say({ kind: 'not-the-number' });
    const account = await accountOf(memberId);
    const choice = choicesOf(await offeredTo(account)).find(
      ({ reward, step }) => reward.id === one.rewardId && step === one.step,
    );
    // What was done once is answered again, whatever the hour and the price.
    if (!(await ledger.entry(account.memberId, startKey(one.redemptionId)))) {
      if (Date.parse(fact.occurredAt) > Date.parse(one.until)) return say({ kind: 'too-late' });
      if (choice && choice.cost !== one.cost) return say({ kind: 'not-as-asked' });
    }
    const { redemptionId, rewardId, step, capture } = one;
    const outcome = await ledger.authorize(memberId, { redemptionId, rewardId, step, capture });
    if (outcome.kind === 'refused') return say(refused(outcome.because as Refusal));
    const said = await redeemed(memberId, outcome, one, choice?.reward.name ?? rewardId);
    // By the redemption and not by the reply: who says yes twice is not given the code twice.
    return answer(fact, memberId, said, { language, id: `redeemed:${redemptionId}` });
  }

  async function redeemed(
    memberId: string,
    outcome: Exclude<Outcome, { kind: 'refused' }>,
    { redemptionId }: AskedRedemption,
    name: string,
  ): Promise<Answer> {
    const { detail, after }: Entry = outcome.entry;
    if (detail.kind === 'authorized' && detail.lapsesAt !== undefined) {
      // So that the counter can end it by its id alone.
      await orders.keepRedemption(redemptionId, memberId);
      return { kind: 'aside', name, redemptionId, until: detail.lapsesAt };
    }
    const given = detail.kind === 'redeemed' && detail.code ? await supplies.codes.row(detail.code) : undefined;
    if (!given) throw new Error(`the redemption ${redemptionId} was booked and has no code`);
    return { kind: 'given', name, code: given.code, through: given.validThrough, balance: after.available };
  }

  /** Once a day: whoever talks to us, or has a machine answer, is not taught again and again. */
  async function unknown(fact: ReplyFact, memberId: string, language: Language | undefined): Promise<Replied> {
    const isFirst = await allowance.allows(`help#${memberId}`, nameOf(fact), 1, 'day');
    return isFirst ? answer(fact, memberId, { kind: 'help' }, { language }) : 'done';
  }

  /** Whoever writes a member's code is that member, here too. */
  async function link(fact: ReplyFact, code: string, language: Language | undefined): Promise<Replied> {
    const say = (to: string, said: Answer) => answer(fact, to, said, { language });
    const { factId, source, channel, occurredAt: at } = fact;
    const identities = fact.identities.filter(({ type }) => type !== 'member');
    const [sender] = identities;
    if (!sender || !(await linkCodes.mayTry(textOf(sender), factId))) return 'enough';
    const owner = await members.findAny(identities);
    const found = await linkCodes.use(code, { factId: nameOf(fact), at });
    const memberId = found === undefined ? undefined : await members.find({ type: 'member', value: found });
    // Nobody can be told who is nobody's.
    if (memberId === undefined) return owner === undefined ? 'nobody' : say(owner, { kind: 'no-such-code' });
    const owners = await Promise.all(identities.map(members.find));
    const another = owners.find((one) => one !== undefined && one !== memberId);
    if (another !== undefined) return say(another, { kind: 'linked-elsewhere' });
    const member = await members.get(memberId);
    // To link a chat is to want to be written to there; a no that was said before stands.
    const isAsked = member?.consents[channel]?.transactional === undefined;
    const wanted = { identities, ...(isAsked && { consents: { [channel]: { transactional: true } } }) };
    const changed = await enrolment.change(memberId, { ...wanted, proof: `linked in ${factId}` }, { source, at });
    // Erased meanwhile, or known by so much already that nothing more is taken.
    if (!('member' in changed) || !changed.member.identities.some((one) => textOf(one) === textOf(sender)))
      return 'nobody';
    await heard.note(memberId, source, at);
    return say(memberId, { kind: 'linked' });
  }

  async function asks(fact: ReplyFact, memberId: string, command: Understood): Promise<Replied> {
    const { language } = command;
    const say = (said: Answer) => answer(fact, memberId, said, { language });
    switch (command.kind) {
      case 'points':
        return say(await points(memberId));
      case 'rewards':
        return say(await rewards(memberId));
      case 'redeem':
        return say(await redeem(fact, memberId, command.which));
      case 'help':
        return say({ kind: 'help' });
      case 'start':
        return say({ kind: 'started' });
      default:
        return unknown(fact, memberId, language);
    }
  }

  return async function reply(fact: ReplyFact): Promise<Replied> {
    const command = understood(fact.text, fact.channel);
    if (command.kind === 'link') return link(fact, command.code, command.language);
    const memberId = await members.findAny(fact.identities);
    if (memberId === undefined) return 'nobody';
    await heard.note(memberId, fact.source, fact.occurredAt);
    switch (command.kind) {
      case 'stop':
        // The last word is theirs.
        return 'done';
      case 'confirm':
        return confirm(fact, memberId, command.number, command.language);
      default: {
        const isAllowed = await allowance.allows(`answers#${memberId}`, nameOf(fact), ANSWERS_MAX, 'day');
        return isAllowed ? asks(fact, memberId, command) : 'enough';
      }
    }
  };
}

const refused = (because: Refusal, missing?: number): Answer => ({
  kind: 'refused',
  because,
  ...(because === 'not-enough-points' && missing !== undefined && { missing }),
});

/** Short enough for a key, whatever the source calls it. */
const nameOf = ({ source, factId }: ReplyFact): string =>
  createHash('sha256').update(`${source}\n${factId}`).digest('base64url').slice(0, 22);
