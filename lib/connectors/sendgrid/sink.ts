import type { MemberCopy, RoleOf, SinkEvent, Verdict } from '../contract.ts';
import { NotYet, Permanent } from '../kit/errors.ts';
import type { Around } from './api.ts';
import { type Contact, contactsBy, fieldIds, putContacts, removeContacts, removeIdentifier } from './contacts.ts';
import type manifest from './manifest.ts';

/** How our fields are called there: a merchant's segments ask for them by name. */
const FIELDS = {
  loyalty_points: 'Number',
  loyalty_points_pending: 'Number',
  loyalty_points_lifetime: 'Number',
  loyalty_tier: 'Text',
  loyalty_visits: 'Number',
  loyalty_member_since: 'Date',
  loyalty_next_expiry: 'Date',
  loyalty_next_expiry_points: 'Number',
  loyalty_locale: 'Text',
} as const;
type Fields = { readonly [Name in keyof typeof FIELDS]?: string | number | null };

const NOTHING: Verdict = { vendorId: 'nothing' };
/** SendGrid takes its time for what it does behind an answer. */
const AFTER_REMOVAL_SECONDS = 180;
/** So long after it was put, at most, a contact is still to come: one that is to be gone is looked for again by then. */
const SETTLED_SECONDS = 600;

interface Kept {
  readonly memberId: string;
  readonly email: string;
  readonly member: MemberCopy;
}

export const sink: RoleOf<typeof manifest, 'sink'> = {
  async apply(told, context) {
    if (!context.settings.contacts) return told.map(() => NOTHING);
    const gone = new Set(told.filter(isEnd).map(({ event }) => event.memberId));
    const kept = new Map(
      told
        .filter(({ event }) => !gone.has(event.memberId))
        .flatMap((one) => keptOf(one).map((kept) => [kept.memberId, kept])),
    );
    const byMember = await contactsBy(context, 'external_id', [...gone, ...kept.keys()]);
    const byEmail = await contactsBy(context, 'email', [...new Set([...kept.values()].map(({ email }) => email))]);

    const verdicts = new Map<string, Verdict>();
    const ended = [...gone].flatMap((memberId) => {
      const contact = byMember.get(memberId);
      return contact ? [{ memberId, contact }] : [];
    });
    if (ended.length > 0) {
      const vendorId = await removeContacts(
        context,
        ended.map(({ contact }) => contact.id),
      );
      for (const { memberId } of ended) verdicts.set(memberId, { vendorId });
    }
    for (const { event } of told.filter(isEnd)) {
      const left = SETTLED_SECONDS - Math.floor((context.now.getTime() - Date.parse(event.occurredAt)) / 1_000);
      const message = 'SendGrid may still be writing what it was told of the member before';
      if (left > 0) verdicts.set(event.memberId, new NotYet(message, { retryAfterSeconds: left }));
    }

    const ready: { readonly kept: Kept; readonly contact: object }[] = [];
    const ids = kept.size > 0 ? await fieldIds(context, FIELDS) : new Map<string, string>();
    for (const one of kept.values()) {
      const standing = { ours: byMember.get(one.memberId), there: byEmail.get(one.email) };
      if (await isFree(context, one, standing))
        ready.push({ kept: one, contact: contactOf(one, standing.ours ?? standing.there, ids) });
      else {
        const message = 'a contact of SendGrid’s has one of the member’s names still';
        verdicts.set(one.memberId, new NotYet(message, { retryAfterSeconds: AFTER_REMOVAL_SECONDS }));
      }
    }
    for (const [memberId, verdict] of await put(context, ready)) verdicts.set(memberId, verdict);
    return told.map(({ event }) => verdicts.get(event.memberId) ?? NOTHING);
  },
};

/** An account that was joined to another is spoken of no more; its copy is the other's, and so is the contact with its e-mail. */
const isEnd = ({ event, member }: SinkEvent) =>
  event.type === 'member.erased' || event.type === 'member.merged' || member?.mergedInto !== undefined;

/** Who has no e-mail is no contact. */
function keptOf({ event, member }: SinkEvent): Kept[] {
  const email = member?.identities.find(({ type }) => type === 'email')?.value;
  return member && email ? [{ memberId: event.memberId, email, member }] : [];
}

/**
 * What names a contact is never changed there, only taken away, and that takes a while. So it is with a new e-mail, with
 * one that was another member's before, and with one that is somebody else's contact already.
 */
async function isFree(
  around: Around,
  { memberId, email }: Kept,
  { ours, there }: { readonly ours: Contact | undefined; readonly there: Contact | undefined },
): Promise<boolean> {
  if (ours && there && ours.id !== there.id) {
    await removeContacts(around, [ours.id]);
    return false;
  }
  const contact = ours ?? there;
  if (contact?.external_id && contact.external_id !== memberId) {
    await removeIdentifier(around, contact, 'EXTERNALID', contact.external_id);
    return false;
  }
  if (contact?.email && !addressesOf(contact).includes(email)) {
    await removeIdentifier(around, contact, 'EMAIL', contact.email);
    return false;
  }
  return true;
}

const addressesOf = ({ email, alternate_emails }: Contact): string[] =>
  [email ?? '', ...(alternate_emails ?? [])].map((each) => each.toLowerCase());

/** Of a contact that is there already, under all of its names. */
function contactOf({ memberId, email, member }: Kept, standing: Contact | undefined, ids: ReadonlyMap<string, string>) {
  const [first = '', ...rest] = (member.name ?? '').trim().split(/\s+/);
  const fields = Object.entries(fieldsOf(member)).flatMap(([name, value]) => {
    const id = ids.get(name);
    return id === undefined ? [] : [[id, value]];
  });
  return {
    email: standing?.email ?? email,
    external_id: memberId,
    ...(standing?.phone_number_id && { phone_number_id: standing.phone_number_id }),
    ...(standing?.anonymous_id && { anonymous_id: standing.anonymous_id }),
    ...(first && { first_name: first.slice(0, 50) }),
    ...(rest.length > 0 && { last_name: rest.join(' ').slice(0, 50) }),
    custom_fields: Object.fromEntries(fields),
  };
}

/** What is left out stays as it was there: what is no more is said to be nothing. */
function fieldsOf({ locale, standing }: MemberCopy): Fields {
  return {
    ...(locale !== undefined && { loyalty_locale: locale }),
    ...(standing && {
      loyalty_points: standing.available,
      loyalty_points_pending: standing.pending,
      loyalty_points_lifetime: standing.lifetime,
      loyalty_tier: standing.tier,
      loyalty_visits: standing.visits,
      loyalty_member_since: dateOf(standing.enrolledOn),
      loyalty_next_expiry: standing.nextExpiryOn === undefined ? null : dateOf(standing.nextExpiryOn),
      loyalty_next_expiry_points: standing.nextExpiryPoints ?? 0,
    }),
  };
}

/** A day, as SendGrid's fields of that type take one. */
const dateOf = (day: string): string => `${day}T00:00:00Z`;

/** All in one call; and one by one when SendGrid refuses that, so that one it does not like keeps nobody out. */
async function put(
  around: Around,
  ready: readonly { readonly kept: Kept; readonly contact: object }[],
): Promise<readonly (readonly [memberId: string, verdict: Verdict])[]> {
  if (ready.length === 0) return [];
  try {
    const vendorId = await putContacts(
      around,
      ready.map(({ contact }) => contact),
    );
    return ready.map(({ kept }) => [kept.memberId, { vendorId }] as const);
  } catch (error) {
    if (!(error instanceof Permanent)) throw error;
    if (ready.length === 1) return ready.map(({ kept }) => [kept.memberId, error] as const);
    const each: (readonly [string, Verdict])[] = [];
    for (const one of ready) each.push(...(await put(around, [one])));
    return each;
  }
}
