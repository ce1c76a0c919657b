import * as z from 'zod';
import type { MemberCopy, Standing, Verdict } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import type { Call } from '../kit/json-api.ts';
import {
  type Answered,
  type Around,
  failureIn,
  isSuccess,
  oneOf,
  type Part,
  query,
  recordsOf,
  together,
} from './api.ts';

/** The record on which a member's standing is kept. */

type Settings = Around['settings'];
type Fields = Readonly<Record<string, string | number | null>>;

const WRITTEN: Readonly<
  Record<keyof Settings['record']['fields'], (standing: Standing) => string | number | undefined>
> = {
  points: ({ available }) => available,
  pending: ({ pending }) => pending,
  held: ({ held }) => held,
  lifetime: ({ lifetime }) => lifetime,
  tier: ({ tier }) => tier,
  visits: ({ visits }) => visits,
  enrolledOn: ({ enrolledOn }) => enrolledOn,
  nextExpiryOn: ({ nextExpiryOn }) => nextExpiryOn,
  nextExpiryPoints: ({ nextExpiryPoints }) => nextExpiryPoints,
};

const fieldsOf = ({ record }: Settings, written: (what: keyof typeof WRITTEN) => string | number | undefined): Fields =>
  Object.fromEntries(
    (Object.entries(record.fields) as [keyof typeof WRITTEN, string | null][]).flatMap(
      ([what, field]): [string, string | number | null][] => (field === null ? [] : [[field, written(what) ?? null]]),
    ),
  );

const standingFields = ({ standing }: MemberCopy, settings: Settings): Fields =>
  standing ? fieldsOf(settings, (what) => WRITTEN[what](standing)) : {};

const identityOf = ({ identities }: MemberCopy, wanted: string): string | undefined =>
  identities.find(({ type }) => type === wanted)?.value;

const isContact = ({ record }: Settings): boolean => record.object === 'Contact';

/**
 * What a new contact begins with. Of one that is there already, it is the merchant's staff who know better. Salesforce
 * wants a last name, and no rule says where ours parts.
 */
function profileFields(memberId: string, member: MemberCopy, settings: Settings): Fields {
  if (!isContact(settings)) return {};
  const [email, phone] = [identityOf(member, 'email'), identityOf(member, 'phone')];
  return {
    LastName: (member.name ?? memberId).slice(0, 80),
    ...(email && { Email: email }),
    ...(phone && { MobilePhone: phone }),
  };
}

const NOBODY: Fields = { FirstName: null, LastName: 'Erased', Email: null, MobilePhone: null, Phone: null };

const byKey = (memberId: string, { record }: Settings): string =>
  `/sobjects/${record.object}/${record.key}/${encodeURIComponent(memberId)}`;

const Saved = z.object({ id: z.string().min(1), success: z.literal(true) });

function verdictOn(answer: Answered, memberId: string): Verdict {
  if (answer.status === 300)
    return new Permanent('several records in Salesforce have the member’s id: leave it to one of them');
  if (!isSuccess(answer)) return failureIn(answer);
  // Older versions answered an update with nothing.
  if (answer.status === 204) return { vendorId: memberId };
  const saved = Saved.safeParse(answer.body).data;
  return saved ? { vendorId: saved.id } : new Permanent('Salesforce answered a write in a shape that we do not know');
}

/**
 * Writes the standing to the record that bears the member's id. Where there is none, the contact with the member's
 * e-mail gets it; where there is none either, one is made. All of it may come again.
 */
export async function writeRecords(
  members: ReadonlyMap<string, MemberCopy>,
  call: Call,
  settings: Settings,
): Promise<Map<string, Verdict>> {
  const known = [...members].map(
    ([memberId, member]): Part => ({
      method: 'PATCH',
      path: `${byKey(memberId, settings)}?updateOnly=true`,
      body: standingFields(member, settings),
    }),
  );
  const answers = await together(known, call);
  const ids = [...members.keys()];
  const verdicts = new Map(ids.map((id, index) => [id, verdictOn(answers[index] as Answered, id)]));
  const unknown = ids.filter((_, index) => answers[index]?.status === 404);

  const sameEmail = isContact(settings) ? await contactsByEmail(unknown.flatMap(emailIn(members)), call) : new Map();
  const missing: { memberId: string; part: Part }[] = [];
  for (const memberId of unknown) {
    const member = members.get(memberId) as MemberCopy;
    const standing = standingFields(member, settings);
    const contacts = sameEmail.get(identityOf(member, 'email')?.toLowerCase()) ?? [];
    if (contacts.length > 1) {
      const because =
        'several contacts in Salesforce have the member’s e-mail: merge them, or give one the member’s id';
      verdicts.set(memberId, new Permanent(because));
      continue;
    }
    const [contact] = contacts;
    const part: Part = contact
      ? {
          method: 'PATCH',
          path: `/sobjects/Contact/Id/${contact}?updateOnly=true`,
          body: { ...standing, [settings.record.key]: memberId },
        }
      : {
          method: 'PATCH',
          path: byKey(memberId, settings),
          body: { ...profileFields(memberId, member, settings), ...standing },
        };
    missing.push({ memberId, part });
  }
  const made = await together(
    missing.map(({ part }) => part),
    call,
  );
  for (const [index, { memberId }] of missing.entries())
    verdicts.set(memberId, verdictOn(made[index] as Answered, memberId));
  return verdicts;
}

const emailIn = (members: ReadonlyMap<string, MemberCopy>) => (memberId: string) => {
  const member = members.get(memberId);
  return (member && identityOf(member, 'email')) ?? [];
};

/** By e-mail in small letters: the ids of the contacts that have it. */
async function contactsByEmail(emails: readonly string[], call: Call): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  if (emails.length === 0) return found;
  const soql = `SELECT Id, Email FROM Contact WHERE Email IN ${oneOf(emails)}`;
  const [answer] = await together([query(soql)], call);
  for (const { Id, Email } of recordsOf(answer as Answered)) {
    if (typeof Id !== 'string' || typeof Email !== 'string') continue;
    const email = Email.toLowerCase();
    found.set(email, [...(found.get(email) ?? []), Id]);
  }
  return found;
}

/** Empties what we have written, and with `everything` who it was. Nothing there: nothing is left to do. */
export async function emptyRecords(
  leaving: ReadonlyMap<string, { readonly everything: boolean }>,
  call: Call,
  settings: Settings,
): Promise<Map<string, Verdict>> {
  const parts = [...leaving].map(
    ([memberId, { everything }]): Part => ({
      method: 'PATCH',
      path: `${byKey(memberId, settings)}?updateOnly=true`,
      body: { ...fieldsOf(settings, () => undefined), ...(everything && isContact(settings) && NOBODY) },
    }),
  );
  const answers = await together(parts, call);
  return new Map(
    [...leaving.keys()].map((memberId, index) => {
      const answer = answers[index] as Answered;
      return [memberId, answer.status === 404 ? { vendorId: memberId } : verdictOn(answer, memberId)];
    }),
  );
}
