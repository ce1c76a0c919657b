import type { Context, Manifest, Receipt, Roles } from '../../connectors/contract.ts';
import { NotNow, OptedOut, Permanent, Transient, Unauthorized } from '../../connectors/kit/errors.ts';
import { hasAgreed } from '../../loyalty/consents.ts';
import { type Claim, type Course, claimOf, isStill } from '../../loyalty/course.ts';
import type { ConsentFact } from '../../loyalty/facts.ts';
import { addressTypeOf } from '../../loyalty/planning.ts';
import type { DeliveryMeasure } from '../../loyalty/report-tables.ts';
import type { FactsQueue } from '../facts-queue.ts';
import { count, log, reasonOf } from '../log.ts';
import type { Members } from '../members.ts';
import type { MessageRows } from '../message-rows.ts';
import type { PlanQueue } from '../plan-work.ts';
import type { PlannedMessage } from '../planned-message.ts';
import type { Receipts } from '../receipts.ts';
import { reminderFacts } from '../reminder-facts.ts';
import { afterFailure, attempted } from './attempts.ts';
import type { Ending, Handed } from './told.ts';
import type { Vendor } from './vendor.ts';

/** What a vendor may have taken is asked about when it can know. */
const ASK_AGAIN_SECONDS = 60;

export interface SendingOptions<M extends Manifest> {
  readonly manifest: Pick<M, 'id'>;
  readonly channel: Roles<Context<M>>['channel'];
  readonly vendor: Vendor<M>;
  readonly messages: Pick<MessageRows, 'change'>;
  readonly receipts: Pick<Receipts, 'named'>;
  readonly members: () => Pick<Members, 'get'>;
  readonly facts: Pick<FactsQueue, 'tell'>;
  readonly plan: PlanQueue;
  /** Where the vendor should report what became of it. */
  readonly receiptUrl: string | undefined;
  readonly now?: () => Date;
}

/** Writes to members. A message is handed over once: when it may have been, it is not again. */
export function openSending<M extends Manifest>({
  manifest: { id: connector },
  channel,
  vendor,
  messages,
  receipts,
  members,
  facts,
  plan,
  receiptUrl,
  now = () => new Date(),
}: SendingOptions<M>) {
  async function claim({ record, message }: Handed): Promise<{ claim: Claim; course: Course | undefined }> {
    let claim: Claim = { kind: 'nothing' };
    const { course } = await messages.change(message.id, (stands) => {
      claim = claimOf(stands, {
        connector,
        queueMessage: record.messageId,
        again: record.attributes.ApproximateReceiveCount !== '1',
        now: now(),
        canAsk: channel.find !== undefined,
      });
      if (!('course' in claim) || claim.course === stands) return undefined;
      return {
        next: claim.course,
        ...(claim.kind === 'give-up' && { counted: [{ connector, what: UNSURE }] }),
      };
    });
    return { claim, course };
  }

  /** Notes what came of the try, unless somebody else has said so meanwhile; and does what follows from it. */
  async function settle(
    claimed: Course,
    how: Partial<Course> & Pick<Course, 'state'>,
    what: readonly DeliveryMeasure[],
  ): Promise<void> {
    const { course } = await messages.change(claimed.messageId, (stands) =>
      isStill(stands, claimed, how.state)
        ? { next: { ...stands, ...how, at: now().toISOString() }, counted: [{ connector, what }] }
        : undefined,
    );
    await afterwards(course);
  }

  /** Whoever did it may have died before saying so: all of it may be said again. */
  async function afterwards(course: Course | undefined): Promise<void> {
    if (course?.connector !== connector) return;
    const { messageId, state, vendorId } = course;
    if (state === 'sent') {
      const told = reminderFacts(course, 'sent', [connector], { at: now() });
      if (told.length > 0) await facts.tell(told);
      const undone = vendorId === undefined ? undefined : await receipts.named(connector, vendorId, messageId);
      if (undone) await tellPlanner(undone);
    }
    if (state === 'undone') await tellPlanner(course);
  }

  const tellPlanner = ({ messageId }: Course) => plan.tell([{ kind: 'undone', messageId, connector }]);

  async function undone(claimed: Course, reason: string, what: readonly DeliveryMeasure[]): Promise<undefined> {
    await settle(claimed, { state: 'undone', reason }, what);
    count('DeliverySkipped');
    return undefined;
  }

  async function giveUp(claimed: Course, reason: string): Promise<undefined> {
    await settle(claimed, { state: 'unknown', reason }, UNSURE);
    gaveUp(claimed.messageId, reason);
    return undefined;
  }

  /** Nothing has been sent, for trouble of our own. */
  async function again(claimed: Course, error: Error): Promise<Error> {
    await settle(claimed, { state: 'retry', reason: reasonOf(error).message }, []);
    return error;
  }

  /** Notes what went wrong; an error when the queue is to bring the message again. */
  async function failed(claimed: Course, thrown: unknown, { message }: Handed): Promise<Ending> {
    const reason = reasonOf(thrown).message;
    if (thrown instanceof OptedOut) {
      const told = await attempted(facts.tell([withdrawal(connector, message, thrown, now())]));
      // Then the vendor says so once more.
      if (told instanceof Error) return again(claimed, told);
      return undone(claimed, 'opted out at the vendor', ['skipped']);
    }
    if (thrown instanceof NotNow) return undone(claimed, reason, ['skipped']);
    if (!isSurelyUndone(thrown)) {
      if (!channel.find) return giveUp(claimed, reason);
      await settle(claimed, { state: 'asking', reason }, ['failed']);
      return askedLater(reason);
    }
    const { error, failures } = afterFailure(thrown, claimed.failures);
    if (error instanceof Permanent && message.others) return undone(claimed, reason, ['failed']);
    if (isFinal(error)) {
      await settle(claimed, { state: 'failed', reason }, ['failed', 'parked']);
      count('DeliveryFailed');
      return error;
    }
    await settle(claimed, { state: 'retry', reason, failures }, ['failed']);
    return error;
  }

  /** Asks what became of a try: it was sent after all, or it is sent now. */
  async function ask(course: Course, handed: Handed, around: Context<M>): Promise<Ending> {
    const found = await attempted(
      vendor.ask(around, async (context) => channel.find?.(messageOf(handed.message), context)),
    );
    if (found instanceof Error) {
      const { error, failures } = afterFailure(found, course.failures);
      if (error instanceof Permanent) return giveUp(course, reasonOf(error).message);
      await settle(course, { state: 'asking', failures }, []);
      return error instanceof Transient ? error : askedLater(reasonOf(error).message);
    }
    if (found) {
      await settle(course, { state: 'sent', vendorId: found.vendorId }, ['delivered']);
      return undefined;
    }
    await settle(course, { state: 'retry', reason: 'the vendor does not know of it' }, []);
    return send(handed, around);
  }

  async function send(handed: Handed, around: Context<M>): Promise<Ending> {
    const { message } = handed;
    const { claim: claimed, course } = await claim(handed);
    switch (claimed.kind) {
      case 'nothing':
        await afterwards(course);
        return undefined;
      case 'later':
        return new Transient(claimed.because, { retryAfterSeconds: claimed.seconds });
      case 'parked':
        return new Permanent(claimed.because);
      case 'give-up':
        gaveUp(message.id, claimed.course.reason ?? '');
        return undefined;
      case 'ask':
        return ask(claimed.course, handed, around);
      case 'send': {
        const objection = await attempted(objectionTo(message));
        if (objection instanceof Error) return again(claimed.course, objection);
        if (objection !== undefined) return undone(claimed.course, objection, ['skipped']);
        const receipt = await attempted<Receipt>(
          vendor.ask(around, (context) => channel.send(messageOf(message), context)),
        );
        if (receipt instanceof Error) return failed(claimed.course, receipt, handed);
        await settle(claimed.course, { state: 'sent', vendorId: receipt.vendorId }, ['delivered']);
        log.info('delivered', { messageId: message.id, attempts: claimed.course.attempts });
        return undefined;
      }
    }
  }

  /** What has changed since it was planned; it may have lain in the queue for hours. */
  async function objectionTo({ memberId, channel: on, purpose, kind, notAfter }: PlannedMessage) {
    if (notAfter !== undefined && now().getTime() > Date.parse(notAfter)) return 'it is too late for it';
    const member = await members().get(memberId);
    if (!member) return 'the member is not known any more';
    // Who asks is answered where he asked.
    return kind === 'reply' || hasAgreed(member.consents, on, purpose) ? undefined : `no consent to ${on}`;
  }

  const messageOf = ({ memberId: _, connector: __, others: ___, ...message }: PlannedMessage) => ({
    ...message,
    ...(receiptUrl !== undefined && { receiptUrl }),
  });

  /** Ready before the claim: without a secret nothing has been tried. */
  const one = (handed: Handed): Promise<Ending> =>
    vendor.whenReady(handed.message.id, (around) => send(handed, around));

  return (handed: readonly Handed[]): Promise<readonly Ending[]> =>
    Promise.all(handed.map((each) => attempted(one(each))));
}

const UNSURE = ['failed', 'unsure'] as const;

/** Of all else, a fault of ours included, nobody knows whether it came after the message had left. */
const isSurelyUndone = (error: unknown): boolean => isFinal(error) || error instanceof Transient;

const isFinal = (error: unknown): boolean => error instanceof Permanent || error instanceof Unauthorized;

function gaveUp(messageId: string, reason: string): void {
  count('DeliveryUnknown');
  log.warn('a message may have been sent, and is not sent again', { messageId, reason });
}

const askedLater = (reason: string): Transient =>
  new Transient(`${reason}: the vendor will be asked`, { retryAfterSeconds: ASK_AGAIN_SECONDS });

/** Whom the vendor does not let us reach has said no there: we heed it too, also when writing through others. */
const withdrawal = (
  connector: string,
  { id, channel, to }: PlannedMessage,
  { purpose }: OptedOut,
  at: Date,
): ConsentFact => ({
  type: 'consent',
  factId: `${connector}:opted-out:${id}`,
  source: connector,
  occurredAt: at.toISOString(),
  identities: [{ type: addressTypeOf(channel, connector), value: to }],
  channel,
  ...(purpose && { purpose }),
  granted: false,
  proof: 'the vendor refused a message: opted out',
});
