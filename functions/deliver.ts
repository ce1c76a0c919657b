import type { SQSRecord } from 'aws-lambda';
import type { Connector, Context, Manifest, Receipt, Roles, Verdict } from '../lib/connectors/contract.ts';
import { OptedOut, Permanent, Transient, Unauthorized } from '../lib/connectors/kit/errors.ts';
import { hasAgreed } from '../lib/loyalty/consents.ts';
import { type Alert, LoyaltyEvent, type Message, ProgramEvent } from '../lib/loyalty/events.ts';
import type { Channel, ConsentFact, Purpose, ReminderFact } from '../lib/loyalty/facts.ts';
import { alertFor, briefingFor } from '../lib/runtime/alerts.ts';
import { messageOf, readCampaign } from '../lib/runtime/campaign-rows.ts';
import { merchant, optionalSetting, setting } from '../lib/runtime/config.ts';
import { openContext } from '../lib/runtime/connector-context.ts';
import { type Delivery, openDeliveries } from '../lib/runtime/deliveries.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { openFactsQueue } from '../lib/runtime/facts-queue.ts';
import { count, log, reasonOf } from '../lib/runtime/log.ts';
import { postpone } from '../lib/runtime/postponing.ts';
import { members } from '../lib/runtime/shop.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { worker } from '../lib/runtime/worker.ts';

/** What is to be done about an event: something, nothing worth a note, or nothing for a reason that is noted. */
type Plan<M extends Manifest> =
  | {
      readonly kind: 'act';
      readonly act: (around: Context<M>) => Promise<Receipt | undefined>;
      readonly about?: Message;
    }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'skip'; readonly reason: string };

/** Longer than any function lives: whoever claimed an event so long ago is not working on it any more. */
const ABANDONED_MS = 15 * 60_000;

/**
 * Tells one vendor what happened. A message to a member is handed over once: when it may have been, it is not again.
 * Copies and alerts may repeat, since the other side knows a repetition, or can bear it.
 */
export function deliverer<M extends Manifest>(connector: Connector<M>) {
  const { manifest } = connector;
  const roles = connector.roles as Partial<Roles<Context<M>>>;
  const role = outboundRole(connector);
  const mayRepeat = role !== 'channel';
  const { context, renewed } = openContext(manifest);
  const deliveries = openDeliveries({
    client: dynamodb,
    table: setting('TABLE_PROGRAM'),
    connector: manifest.id,
    timeZone: merchant().program.timeZone,
  });

  async function planFor(event: LoyaltyEvent | ProgramEvent): Promise<Plan<M>> {
    const { channel, sink, alert } = roles;
    // Nobody's own: staff hear of it.
    if ('campaignId' in event) {
      const briefing = briefingFor(event, merchant());
      return alert ? { kind: 'act', act: (around) => alert.raise(briefing, around) } : { kind: 'nothing' };
    }
    if (channel) {
      const made = await messageTo(event, manifest);
      return typeof made === 'string'
        ? { kind: 'skip', reason: made }
        : { kind: 'act', about: made, act: (around) => channel.send(made, around) };
    }
    if (sink) return { kind: 'act', act: async (around) => verdictOf(await sink.apply([{ event }], around)) };
    const raised: Alert | undefined = alert && alertFor(event, merchant());
    return alert && raised ? { kind: 'act', act: (around) => alert.raise(raised, around) } : { kind: 'nothing' };
  }

  /** How often it was tried, this time included; `undefined` when it is done with. */
  async function claimed(event: LoyaltyEvent | ProgramEvent, record: SQSRecord): Promise<number | undefined> {
    const { id } = event;
    let claim = await deliveries.claim(id, role, record.messageId);
    while (claim.kind === 'standing') {
      const { delivery } = claim;
      const verdict = takeOver(delivery, record);
      if (verdict === 'done') {
        // Whoever did it may have died before saying so.
        await reportReminder(event, delivery);
        return undefined;
      }
      if (verdict === 'unknown') {
        await giveUp(id, 'a try before this one ended without a word');
        return undefined;
      }
      claim = await deliveries.claim(id, role, record.messageId, delivery);
    }
    return claim.attempts;
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
        if (mayRepeat) return 'again';
        // The queue hides a message while it is worked on: seeing it again means that the work on it broke off.
        if (sameMessage || Date.now() - Date.parse(delivery.at) > ABANDONED_MS) return 'unknown';
        throw new Transient('another copy of the event is being delivered');
    }
  }

  async function skip(event: LoyaltyEvent | ProgramEvent, reason: string): Promise<void> {
    await deliveries.settle(event.id, role, 'skipped', { reason });
    count('DeliverySkipped');
    await reportReminder(event, { status: 'skipped', reason });
  }

  /** The last warning before points lapse: whether it was given stands in the journal, since they lapse only then. */
  async function reportReminder(
    event: LoyaltyEvent | ProgramEvent,
    { status, reason }: Pick<Delivery, 'status' | 'reason'>,
  ) {
    if (role !== 'channel' || event.type !== 'points.expiring' || !event.data.last) return;
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

  /** A refused credential may have been replaced since it was read: once more with the new one. */
  async function acted({ act }: Extract<Plan<M>, { kind: 'act' }>, around: Context<M>): Promise<Receipt | undefined> {
    try {
      return await act(around);
    } catch (error) {
      const again = error instanceof Unauthorized ? await renewed(around) : undefined;
      if (!again) throw error;
      return act(again);
    }
  }

  /** Notes what went wrong; throws when the queue is to bring the message again. */
  async function failed(
    event: LoyaltyEvent | ProgramEvent,
    error: unknown,
    about: Message | undefined,
    { attributes }: SQSRecord,
  ): Promise<void> {
    const { id } = event;
    const reason = reasonOf(error).message;
    if (error instanceof OptedOut && about) {
      await withdraw(manifest.id, about);
      return skip(event, 'opted out at the vendor');
    }
    if (error instanceof Permanent || error instanceof Unauthorized) {
      await deliveries.settle(id, role, 'failed', { reason });
      count('DeliveryFailed');
      throw error;
    }
    if (error instanceof Transient || mayRepeat) {
      // After so many times the queue puts it among the dead letters by itself, and tells nobody.
      const last = attributes.ApproximateReceiveCount === optionalSetting('ATTEMPTS_MAX');
      await deliveries.settle(id, role, 'retry', { reason }, last);
      throw error;
    }
    await giveUp(id, reason);
  }

  async function deliver(record: SQSRecord): Promise<void> {
    const event = eventOf(record);
    const plan = await planFor(event);
    if (plan.kind === 'nothing') return;
    if (plan.kind === 'skip') {
      if ((await claimed(event, record)) !== undefined) await skip(event, plan.reason);
      return;
    }
    // Before the claim: without a secret nothing has been tried.
    const around = await context(event.id);
    const attempts = await claimed(event, record);
    if (attempts === undefined) return;
    let receipt: Receipt | undefined;
    try {
      receipt = await acted(plan, around);
    } catch (error) {
      return failed(event, error, plan.about, record);
    }
    await deliveries.settle(event.id, role, 'sent', { vendorId: receipt?.vendorId });
    await reportReminder(event, { status: 'sent' });
    log.info('delivered', { eventId: event.id, attempts });
  }

  return worker(async (record) => {
    try {
      await deliver(record);
    } catch (error) {
      await postpone({ client: sqs, url: setting('QUEUE_URL') }, record, error);
      throw error;
    }
  });
}

function verdictOf([verdict]: readonly Verdict[]): Receipt | undefined {
  if (verdict instanceof Error) throw verdict;
  return verdict;
}

function outboundRole({ manifest, roles }: { manifest: Manifest; roles: object }): 'channel' | 'sink' | 'alert' {
  const role = (['channel', 'sink', 'alert'] as const).find((one) => one in roles);
  if (!role) throw new Error(`${manifest.id} tells nobody anything`);
  return role;
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
  const { messageFor } = await import('../lib/runtime/messages.ts');
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

/** As the bus wraps it. */
function eventOf({ body }: SQSRecord): LoyaltyEvent | ProgramEvent {
  let detail: unknown;
  try {
    detail = (JSON.parse(body) as { detail?: unknown }).detail;
  } catch {
    throw new Permanent('the message is not JSON');
  }
  const { data: ofAll } = ProgramEvent.safeParse(detail);
  if (ofAll) return ofAll;
  const { data, error } = LoyaltyEvent.safeParse(detail);
  if (data) return data as LoyaltyEvent;
  throw new Permanent(
    `not an event that we know: ${error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`).join('; ')}`,
  );
}
