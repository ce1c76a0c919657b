import * as z from 'zod';
import type { MemberCopy, Receipt, SinkEvent, Standing } from '../contract.ts';

/** Members as a support desk knows them: agents see how somebody stands in fields that the merchant has made there. */

const SHOWN = {
  points: ({ available }: Standing) => available,
  pending: ({ pending }: Standing) => pending,
  held: ({ held }: Standing) => held,
  lifetime: ({ lifetime }: Standing) => lifetime,
  tier: ({ tier }: Standing) => tier,
  visits: ({ visits }: Standing) => visits,
  enrolledOn: ({ enrolledOn }: Standing) => enrolledOn,
  nextExpiryOn: ({ nextExpiryOn }: Standing) => nextExpiryOn,
  nextExpiryPoints: ({ nextExpiryPoints }: Standing) => nextExpiryPoints,
} as const;

/** A setting: what of a standing is shown, each in the field that is named. */
export const standingFields = (key: z.ZodString) =>
  z
    .strictObject({
      points: key,
      pending: key,
      held: key,
      lifetime: key,
      tier: key,
      visits: key,
      enrolledOn: key,
      nextExpiryOn: key,
      nextExpiryPoints: key,
    } satisfies Record<keyof typeof SHOWN, unknown>)
    .partial()
    .refine((fields) => Object.keys(fields).length > 0, 'names no field: leave it out, or say which');
export type StandingFields = z.output<ReturnType<typeof standingFields>>;

/** By the desk's own names of them; `null` empties a field. */
export type Values = Readonly<Record<string, string | number | null>>;

function valuesOf(fields: StandingFields, standing?: Standing): Values {
  const named = Object.entries(fields) as [keyof typeof SHOWN, string][];
  return Object.fromEntries(named.map(([what, field]) => [field, (standing && SHOWN[what](standing)) ?? null]));
}

export interface Person {
  /** The desk's own. */
  readonly id: string;
  /** Whose they are, in the field for foreign ids. */
  readonly externalId: string | null | undefined;
  /** Works there: no member's record. */
  readonly isStaff?: boolean;
}

/** What the fields of a person are to hold, and whose the person is; `null`: nobody's any more. */
export interface Mark {
  readonly values: Values;
  readonly externalId: string | null;
}

type Find = (value: string) => Promise<Person | undefined>;

export interface Desk {
  /** The desk's own ids are known as identities of this type. */
  readonly id: string;
  readonly fields: StandingFields;
  readonly find: {
    readonly externalId: Find;
    readonly id: Find;
    readonly email: Find;
    /** Absent where the desk is shown no numbers. */
    readonly phone?: Find;
  };
  mark(id: string, mark: Mark): Promise<void>;
  /** Absent where the merchant wants only people who are there. `undefined`: the desk has somebody like this already. */
  make?(member: MemberCopy, mark: Mark): Promise<string | undefined>;
}

/** It is about nobody whom the desk knows. */
export const NOBODY: Receipt = { vendorId: 'none' };

/**
 * Writes how somebody stands now. People are ours by our id in the field for foreign ids: whoever has another's there is
 * left alone, since nothing would find them again when the member is erased.
 */
export async function keepPerson({ event, member }: SinkEvent, desk: Desk): Promise<Receipt> {
  const account = member?.mergedInto ?? event.memberId;
  // Erased, or a part of another by now.
  if (!member || account !== event.memberId) await forget(event.memberId, desk);
  if (!member?.standing) return NOBODY;
  const mark = { values: valuesOf(desk.fields, member.standing), externalId: account };
  const receipt = await markKnown(member, mark, desk);
  if (receipt || !desk.make || !member.identities.some(({ type }) => type === 'email' || type === 'phone'))
    return receipt ?? NOBODY;
  const made = await desk.make(member, mark);
  if (made !== undefined) return { vendorId: made };
  // By another event of the same member, at the same time; or it is somebody who cannot be looked up.
  return (await markKnown(member, mark, desk)) ?? NOBODY;
}

async function forget(memberId: string, desk: Desk): Promise<void> {
  const person = await desk.find.externalId(memberId);
  if (person) await desk.mark(person.id, { values: valuesOf(desk.fields), externalId: null });
}

/** `undefined`: the desk does not know them. */
async function markKnown({ identities }: MemberCopy, mark: Mark & { readonly externalId: string }, desk: Desk) {
  const waysOf = (wanted: string, find: Find | undefined) =>
    identities.flatMap(({ type, value }) => (find && type === wanted ? [[find, value] as const] : []));
  const ways = [
    [desk.find.externalId, mark.externalId] as const,
    ...waysOf(desk.id, desk.find.id),
    ...waysOf('email', desk.find.email),
    ...waysOf('phone', desk.find.phone),
  ];
  for (const [find, value] of ways) {
    const person = await find(value);
    if (!person) continue;
    if (person.isStaff || (person.externalId && !isSame(person.externalId, mark.externalId))) return NOBODY;
    await desk.mark(person.id, mark);
    return { vendorId: person.id };
  }
  return undefined;
}

/** Desks do not tell capitals apart in it, and may rewrite them. */
export const isSame = (one: string, another: string): boolean => one.toLowerCase() === another.toLowerCase();
