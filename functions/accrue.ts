import type { SQSRecord } from 'aws-lambda';
import { phoneIn } from '../lib/connectors/kit/phone-numbers.ts';
import { type DisputeFact, Fact, type Identity, type ReceiptFact, type SaleFact } from '../lib/loyalty/facts.ts';
import { consentIn } from '../lib/loyalty/replies.ts';
import { replying } from '../lib/runtime/answering.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { enrolment } from '../lib/runtime/enrolling.ts';
import { groupOf } from '../lib/runtime/facts-queue.ts';
import { normalized } from '../lib/runtime/identities.ts';
import type { Outcome } from '../lib/runtime/journal.ts';
import { count, log } from '../lib/runtime/log.ts';
import { openMessageRows } from '../lib/runtime/message-rows.ts';
import { park } from '../lib/runtime/parking.ts';
import { openPlanQueue } from '../lib/runtime/plan-work.ts';
import { openReceipts } from '../lib/runtime/receipts.ts';
import { bookRefund } from '../lib/runtime/refunds.ts';
import { ledger, members, orders, waitingRoom } from '../lib/runtime/shop.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { staff } from '../lib/runtime/staffing.ts';
import { forIdentity } from '../lib/runtime/waiting-room.ts';
import { worker } from '../lib/runtime/worker.ts';

/** What became of a fact. `waiting`: for its member or its order. `impossible`: parked, with what staff must know. */
type Booked =
  | { readonly kind: 'done' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'impossible'; readonly because: string };

const done: Booked = { kind: 'done' };

/** Books what sources have told. A fact may come late, twice or before what it is about: the ledger books it once. */
export const handler = worker(async (record) => {
  const fact = factOf(record);
  if (!fact) {
    await parked(record, 'not a fact that we know');
    return;
  }
  const booked = await book({ ...fact, identities: fact.identities.flatMap(readable) });
  if (booked.kind === 'impossible') await parked(record, booked.because);
  if (booked.kind === 'waiting') count('FactWaiting');
  log.info('fact', { type: fact.type, source: fact.source, booked: booked.kind });
});

async function book(fact: Fact): Promise<Booked> {
  switch (fact.type) {
    case 'sale':
      await endCodes(fact);
      // Whose it is stays so, as it was told: at the vendor, the order or its buyer may have changed since.
      if (fact.found && (await orders().memberOfOrder(fact.source, fact.orderId)) !== undefined) return done;
      return forMember(fact, async (memberId) => settled(await ledger().sale(memberId, fact), fact));
    case 'activity':
      return forMember(fact, async (memberId) => settled(await ledger().activity(memberId, fact), fact));
    case 'refund': {
      const outcome = await bookRefund({ orders: orders(), waitingRoom: waitingRoom(), ledger: ledger() }, fact);
      return outcome.kind === 'waiting' ? outcome : settled(outcome, fact);
    }
    case 'member': {
      if (fact.identities.length === 0) return { kind: 'impossible', because: 'a member without any identity' };
      const { profile, source, occurredAt: at } = fact;
      const outcome = await enrolment().enrol(fact.identities, { profile, consents: {}, proof: '' }, { source, at });
      return outcome.kind === 'disagree'
        ? { kind: 'impossible', because: `its identities belong to different members: ${outcome.types.join(', ')}` }
        : done;
    }
    case 'consent':
      return forMember(fact, async (memberId) => {
        const { channel, purpose, granted, proof, source, occurredAt: at } = fact;
        const word = purpose ? { [purpose]: granted } : granted;
        await enrolment().change(memberId, { consents: { [channel]: word }, proof }, { source, at });
        return done;
      });
    case 'reply': {
      count('ReplyReceived');
      const consent = consentIn(fact);
      if (consent) await book(consent);
      log.info('reply', { source: fact.source, outcome: await replying()(fact) });
      return done;
    }
    case 'receipt':
      return receipt(fact);
    case 'reminder': {
      const outcome = await ledger().reminderTold(fact);
      // Somebody else's word came first, or the member was told of it again since.
      return outcome.kind === 'refused' ? done : settled(outcome, fact);
    }
    case 'dispute':
      return dispute(fact);
    case 'mirrored': {
      // What was decided there is not weighed again here: it is booked, also where it takes more than there is.
      const { source: by, movementId, points, because } = fact;
      const asked = { adjustmentId: `${by}:${movementId}`, points, reason: `mirrored-${because}`, by, belowZero: true };
      return forMember(fact, async (memberId) => settled(await ledger().adjust(memberId, asked), fact));
    }
    case 'referral': {
      const outcome = await ledger().settleReferral(fact);
      // What the program does not pay is nothing that staff have to look at.
      return outcome === undefined || outcome.kind === 'refused' ? done : settled(outcome, fact);
    }
  }
}

/** Whoever one of the identities belongs to. A guest's fact waits under each of them, until one is enrolled. */
async function forMember(fact: Fact, book: (memberId: string) => Promise<Booked>): Promise<Booked> {
  const memberId = await members().findAny(fact.identities);
  if (memberId !== undefined) return book(memberId);
  const { keepDays } = merchant().program.guests;
  if (fact.identities.length === 0 || keepDays === 0) {
    count('FactAnonymous');
    return done;
  }
  await waitingRoom().put(fact, fact.identities.map(forIdentity), keepDays);
  // Somebody may have enrolled in between, and looked into the waiting room before this was in it.
  const enrolled = await members().findAny(fact.identities);
  return enrolled === undefined ? { kind: 'waiting' } : book(enrolled);
}

function settled(outcome: Outcome, { found }: Fact): Booked {
  switch (outcome.kind) {
    case 'posted':
      if (found) count('FactRecovered');
      return done;
    case 'replayed':
      return done;
    case 'conflict':
      // What was told stands; that it reads otherwise by now is nothing that staff have to look at.
      if (found) return done;
      return { kind: 'impossible', because: `told before with other content: ${outcome.differences.join(', ')}` };
    case 'refused':
      return { kind: 'impossible', because: `refused: ${outcome.because}` };
  }
}

/** A code that a shop has taken has been used, whoever bought: at the till it is worth nothing any more. */
async function endCodes({ codes = [], source, orderId }: SaleFact): Promise<void> {
  for (const code of codes) {
    const ended = await ledger().endCode(code, { kind: 'used', source, useId: orderId, orderId });
    if (ended?.outcome.kind === 'refused')
      log.warn('a shop took a code that had ended', { source, orderId, because: ended.outcome.because });
  }
}

/** Whose it is stands on the desk. It is closed once: what staff decided here first, the support desk does not undo. */
async function dispute(fact: DisputeFact): Promise<Booked> {
  const { disputeId, outcome, source: by } = fact;
  const closed = await staff().closeDispute({ disputeId, outcome, by }, { keyId: by });
  switch (closed.kind) {
    case 'unknown':
      return { kind: 'impossible', because: 'no such dispute' };
    case 'conflict':
      log.warn('a dispute was closed before, in another way', { disputeId, source: by });
      return done;
    case 'waiting':
    case 'unknown-reason':
      throw new Error('a dispute that moves no points asked for a second person');
    default:
      return settled(closed, fact);
  }
}

/** The vendor's word on a message; where it says that nobody got it, another channel may carry it. */
async function receipt({ source, vendorId, messageId, status, reason }: ReceiptFact): Promise<Booked> {
  const beside = { client: dynamodb, table: setting('TABLE_PROGRAM') };
  const messages = openMessageRows({ ...beside, timeZone: merchant().program.timeZone });
  const undone = await openReceipts({ ...beside, messages }).reported(source, { vendorId, messageId, status, reason });
  if (undone) {
    const plan = openPlanQueue({ client: sqs, url: setting('QUEUE_PLAN_URL') });
    await plan.tell([{ kind: 'undone', messageId: undone.messageId, connector: source }]);
  }
  return done;
}

function factOf({ body }: SQSRecord): Fact | undefined {
  try {
    // Half a surrogate pair has no UTF-8: it would be stored as something else than was hashed.
    const json: unknown = JSON.parse(body, (_, value) => (typeof value === 'string' ? value.toWellFormed() : value));
    return Fact.safeParse(json).data;
  } catch {
    return undefined;
  }
}

/** An identity that cannot be read must not keep a sale from the member's other ones. */
function readable(identity: Identity): Identity[] {
  const one = normalized(identity, phoneIn(merchant().country));
  if (one === undefined) count('IdentityUnreadable');
  return one === undefined ? [] : [one];
}

async function parked({ body, attributes }: SQSRecord, reason: string): Promise<void> {
  const group = attributes.MessageGroupId ?? groupOf({ identities: [], factId: body });
  await park({ client: sqs, url: setting('QUEUE_FACTS_PARKED_URL') }, { body, group, reason });
}
