import { parseXml, XmlElement } from '@rgrove/parse-xml';
import type { Context } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import type { RawRequest, Reply } from '../kit/webhook.ts';
import type manifest from './manifest.ts';

/** Outbound Messages: SOAP 1.1, several notifications at once, each with the fields that the merchant has chosen. */

const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const OUTBOUND = 'http://soap.sforce.com/2005/09/outbound';

export const isOutboundMessage = ({ headers }: RawRequest): boolean =>
  /^text\/xml\b/i.test(headers['content-type'] ?? '');

interface Notification {
  readonly id: string;
  readonly fields: Readonly<Record<string, string>>;
}

interface OutboundMessage {
  readonly organizationId: string | undefined;
  /** Each once, however often it stands in the envelope. */
  readonly notifications: readonly Notification[];
}

/** `undefined` for what is no such envelope. Entities that a document defines for itself are never expanded: they are faults. */
export function outboundMessageIn(body: Buffer): OutboundMessage | undefined {
  let root: XmlElement | null;
  try {
    root = parseXml(body.toString()).root;
  } catch {
    return undefined;
  }
  const envelope = root && isNamed(root, SOAP, 'Envelope') ? root : undefined;
  const [message] = childrenOf(childrenOf(envelope, SOAP, 'Body')[0], OUTBOUND, 'notifications');
  if (!message) return undefined;
  const notifications = childrenOf(message, OUTBOUND, 'Notification').map((one): [string, Notification] => {
    const id = textOf(one, 'Id') ?? '';
    const [object] = childrenOf(one, OUTBOUND, 'sObject');
    const fields = (object ? elementsOf(object) : []).filter((field) => !isNil(field));
    return [id, { id, fields: Object.fromEntries(fields.map((field) => [localName(field), field.text])) }];
  });
  return { organizationId: textOf(message, 'OrganizationId'), notifications: [...new Map(notifications).values()] };
}

const elementsOf = (element: XmlElement): XmlElement[] =>
  element.children.filter((child): child is XmlElement => child instanceof XmlElement);
const childrenOf = (element: XmlElement | undefined, namespace: string, name: string): XmlElement[] =>
  element ? elementsOf(element).filter((child) => isNamed(child, namespace, name)) : [];
const textOf = (element: XmlElement, name: string): string | undefined =>
  childrenOf(element, OUTBOUND, name)[0]?.text.trim();

const localName = ({ name }: XmlElement): string => name.slice(name.indexOf(':') + 1);
const isNil = ({ attributes }: XmlElement): boolean =>
  Object.entries(attributes).some(([name, value]) => name.endsWith(':nil') && (value === 'true' || value === '1'));

function isNamed(element: XmlElement, namespace: string, name: string): boolean {
  if (localName(element) !== name) return false;
  const declared = element.name === name ? 'xmlns' : `xmlns:${element.name.slice(0, -name.length - 1)}`;
  let at: unknown = element;
  while (at instanceof XmlElement && at.attributes[declared] === undefined) at = at.parent;
  return at instanceof XmlElement && at.attributes[declared] === namespace;
}

/** One of them in the words that a Flow would have used; `undefined`: it is not so any more. */
export function noticeOf(
  { id: eventId, fields }: Notification,
  about: string,
  { opportunity, record }: Context<typeof manifest>['settings'],
): object | undefined {
  const notice = { type: about, eventId, occurredAt: fields.SystemModstamp ?? fields.LastModifiedDate };
  if (about === 'contact.changed')
    return {
      ...notice,
      contactId: fields.Id,
      memberId: fields[record.key],
      email: fields.Email,
      phone: fields.MobilePhone ?? fields.Phone,
      name: fields.Name,
      byUserId: fields.LastModifiedById,
    };
  if (fields.IsWon !== 'true' && fields.IsWon !== 'false')
    throw new Permanent('the field IsWon is not in the Outbound Message');
  // It may come late, and bears what the fields hold by then.
  if ((fields.IsWon === 'true') !== (about === 'opportunity.won')) return undefined;
  return {
    ...notice,
    opportunityId: fields.Id,
    contactId: fields.ContactId,
    memberId: fields[opportunity.memberId],
    email: fields[opportunity.email],
    phone: fields[opportunity.phone],
    amount: decimal(fields.Amount),
    currency: fields.CurrencyIsoCode,
  };
}

/** An amount comes as a floating-point number is written, `900.0` and `1.25E7`. */
const decimal = (text: string | undefined): string | undefined =>
  text !== undefined && /^-?\d{1,15}(\.\d{1,15})?(E\d{1,2})?$/.test(text) ? String(Number(text)) : text;

/** Anything but this has Salesforce send all of it again, for a day. */
const ACK = envelope(`<notificationsResponse xmlns="${OUTBOUND}"><Ack>true</Ack></notificationsResponse>`);

/** What Salesforce reads of our answer. SOAP has one status for all that was not taken. */
export function answerTo(status: number): Reply {
  const contentType = 'text/xml; charset=utf-8';
  if (status === 200) return { status, body: ACK, contentType };
  const [whose, words] = status < 500 ? ['Client', 'the message was refused'] : ['Server', 'later, please'];
  const fault = `<soapenv:Fault><faultcode>soapenv:${whose}</faultcode><faultstring>${words}</faultstring></soapenv:Fault>`;
  return { status: 500, body: envelope(fault), contentType };
}

function envelope(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="${SOAP}"><soapenv:Body>${content}</soapenv:Body></soapenv:Envelope>`;
}
