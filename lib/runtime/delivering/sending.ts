import type { SQSRecord } from 'aws-lambda';
import type { Context, Manifest, Receipt, Roles } from '../../connectors/contract.ts';
import { OptedOut, Permanent, Transient, Unauthorized } from '../../connectors/kit/errors.ts';
import { hasAgreed } from '../../loyalty/consents.ts';
import type { LoyaltyEvent, Message } from '../../loyalty/events.ts';
import type { Channel, ConsentFact, Purpose, ReminderFact } from '../../loyalty/facts.ts';
import { messageOf, readCampaign } from '../campaign-rows.ts';
import { merchant, optionalSetting, setting } from '../config.ts';
import type { Delivery, openDeliveries } from '../deliveries.ts';
import { dynamodb } from '../dynamodb.ts';
import { openFactsQueue } from '../facts-queue.ts';
import { count, log, reasonOf } from '../log.ts';
import { members } from '../shop.ts';
import { sqs } from '../sqs.ts';
import { attempted, isLastTry } from './attempts.ts';
import type { Ending, Told } from './told.ts';
import type { Vendor } from './vendor.ts';

/** Longer than any function lives: whoever claimed an event so long ago is not working on it any more. */
const ABANDONED_MS = 15 * 60_000;

export interface SendingOptions<M extends Manifest> {
  readonly manifest: M;
  readonly channel: Roles<Context<M>>['channel'];
  readonly vendor: Vendor<M>;
  readonly deliveries: ReturnType<typeof openDeliveries>;
}

/** Writes to members. A message is handed over once: when it may have been, it is not again. */
export function openSending<M extends Manifest>({ manifest, channel, vendor, deliveries }: SendingOptions<M>) {
  const role = 'channel';

  /** Whether it is still to be sent. */
  async function claimed(event: LoyaltyEvent, record: SQSRecord): Promise<boolean> {
    const { id } = event;
    let claim = await deliveries.claim(id, role, record.messageId);
    while (claim.kind === 'standing') {
      const { delivery } = claim;
      const verdict = takeOver(delivery, record);
      if (verdict === 'done') {
        // Whoever did it may have died before saying so.
        await reportReminder(event, delivery);
        return false;
      }
      if (verdict === 'unknown') {
        await giveUp(id, 'a try before this one ended without a word');
        return false;
      }
      claim = await deliveries.claim(id, role, record.messageId, delivery);
    }
    return true;
  }

  function takeOver(delivery: Delivery, { messageId, attributes }: SQSRecord): 'again' | 'done' | 'unknown' {
    const sameMessage = delivery.messageId === messageId;
    switch (delivery.status) {
      case 'sent':
      case 'skipped':
      case 'unknown':
        return 'done';
      case 'retry':
        return 'again';
      case 'failed':
        // It only passes on its way to the dead letters, unless staff have sent it round again.
        if (sameMessage && attributes.ApproximateReceiveCount !== '1')
          throw new Permanent(delivery.reason ?? 'failed before');
        return 'again';
      case 'sending':
        // The queue hides a message while it is worked on: seeing it again means that the work on it broke off.
        if (sameMessage || Date.now() - Date.parse(delivery.at) > ABANDONED_MS) return 'unknown';
        throw new Transient('another copy of the event is being delivered');
    }
  }

  async function skip(event: LoyaltyEvent, reason: string): Promise<void> {
    await deliveries.settle(event.id, role, 'skipped', { reason });
    count('DeliverySkipped');
    await reportReminder(event, { status: 'skipped', reason });
  }

  /** The last warning before points lapse: whether it was given stands in the journal, since they lapse only then. */
  async function reportReminder(event: LoyaltyEvent, { status, reason }: Pick<Delivery, 'status' | 'reason'>) {
    if (event.type !== 'points.expiring' || !event.data.last) return;
    // A text that is missing is nothing that the member should pay for.
    if (status !== 'sent' && (status !== 'skipped' || reason?.startsWith(NO_TEXT))) return;
    const { memberId, entryId } = event;
    const fact: ReminderFact = {
      type: 'reminder',
      factId: `reminder:${event.id}:${manifest.id}`,
      source: manifest.id,
      occurredAt: new Date().toISOString(),
      identities: [{ type: 'member', value: memberId }],
      memberId,
      entryId,
      outcome: status === 'sent' ? 'sent' : 'impossible',
      ...(reason !== undefined && status === 'skipped' && { because: reason }),
    };
    await openFactsQueue({ client: sqs, url: setting('QUEUE_FACTS_URL') }).tell([fact]);
  }

  async function giveUp(eventId: string, reason: string): Promise<void> {
    await deliveries.settle(eventId, role, 'unknown', { reason });
    count('DeliveryUnknown');
    log.warn('a message may have been sent, and is not sent again', { eventId, reason });
  }

  /** Notes what went wrong; throws when the queue is to bring the message again. */
  async function failed(event: LoyaltyEvent, error: unknown, about: Message, record: SQSRecord): Promise<Ending> {
    const { id } = event;
    const reason = reasonOf(error).message;
    if (error instanceof OptedOut) {
      await withdraw(manifest.id, about);
      await skip(event, 'opted out at the vendor');
      return undefined;
    }
    if (error instanceof Permanent || error instanceof Unauthorized) {
      await deliveries.settle(id, role, 'failed', { reason });
      count('DeliveryFailed');
      return error;
    }
    if (error instanceof Transient) {
      await deliveries.settle(id, role, 'retry', { reason }, isLastTry(record));
      return error;
    }
    await giveUp(id, reason);
    return undefined;
  }

  async function one({ event, record }: Told<LoyaltyEvent>): Promise<Ending> {
    const message = await messageTo(event, manifest);
    if (typeof message === 'string') {
      if (await claimed(event, record)) await skip(event, message);
      return undefined;
    }
    // Before the claim: without a secret nothing has been tried.
    const around = await vendor.ready(event.id);
    if (!(await claimed(event, record))) return undefined;
    let receipt: Receipt;
    try {
      receipt = await vendor.ask(around, (context) => channel.send(message, context));
    } catch (error) {
      return failed(event, error, message, record);
    }
    await deliveries.settle(event.id, role, 'sent', { vendorId: receipt.vendorId });
    await reportReminder(event, { status: 'sent' });
    log.info('delivered', { eventId: event.id, role });
    return undefined;
  }

  return (told: readonly Told<LoyaltyEvent>[]): Promise<readonly Ending[]> =>
    Promise.all(told.map((each) => attempted(one(each))));
}

/** The message, addressed and in the member's words; or why there is none. */
async function messageTo(event: LoyaltyEvent, { id, channel = 'chat' }: Manifest): Promise<Message | string> {
  const member = await members().get(event.memberId);
  if (!member) return 'the member is not known any more';
  if (!hasAgreed(member.consents, channel, purposeOf(event))) return `no consent to ${channel}`;
  const to = member.identities.find(({ type }) => type === (ADDRESSES[channel] ?? id))?.value;
  if (to === undefined) return `no address for ${channel}`;
  let texts: Readonly<Record<string, string>> | undefined;
  if (event.type === 'campaign.message') {
    // Looked up when they are sent, so that a campaign that was stopped says no more.
    const { campaignId } = event.data;
    const row = await readCampaign({ client: dynamodb, table: setting('TABLE_PROGRAM') }, campaignId);
    texts = messageOf(row, new Date())?.texts;
    if (!texts) return 'the campaign is not on any more';
  }
  // Liquid is a heavy thing to load, for those who write to members only.
  const { messageFor } = await import('../messages.ts');
  const made = messageFor(event, member, merchant(), texts);
  if (!made) return `${NO_TEXT} ${event.type}`;
  const receiptUrl = optionalSetting('RECEIPT_URL');
  const about = { kind: event.type, purpose: purposeOf(event), values: {} };
  return { id: event.id, channel, to, ...about, ...made, ...(receiptUrl && { receiptUrl }) };
}

/** To win somebody back is advertising; everything else is about the member’s own points. */
const purposeOf = ({ type }: LoyaltyEvent): Purpose => (UNASKED.has(type) ? 'marketing' : 'transactional');

/** Greetings and invitations: nothing that the member did, and nothing that is lost. */
const UNASKED: ReadonlySet<string> = new Set(['member.inactive', 'birthday', 'anniversary', 'campaign.message']);

const NO_TEXT = 'no text is written for';

const ADDRESSES: Readonly<Partial<Record<Channel, string>>> = { sms: 'phone', whatsapp: 'phone', email: 'email' };

/** Whom the vendor does not let us reach has said no there: we heed it too, also when writing through others. */
async function withdraw(connector: string, { id, channel, to }: Message): Promise<void> {
  const fact: ConsentFact = {
    type: 'consent',
    factId: `${connector}:opted-out:${id}`,
    source: connector,
    occurredAt: new Date().toISOString(),
    identities: [{ type: ADDRESSES[channel] ?? connector, value: to }],
    channel,
    granted: false,
    proof: 'the vendor refused a message: opted out',
  };
  await openFactsQueue({ client: sqs, url: setting('QUEUE_FACTS_URL') }).tell([fact]);
}
