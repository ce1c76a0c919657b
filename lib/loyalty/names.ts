import type { Profile } from './facts.ts';

/** As long as a name may be, and short enough for a key in any script. */
const LENGTH_MAX = 200;

/** Letters that no decomposition takes apart, as people write them who have no such key. */
const SPELLED: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
};

/**
 * One way of writing for names that people take for the same: without case, accents and punctuation, and whichever part
 * comes first. `undefined` when nothing is left of it.
 */
export function normalizedName(name: string | undefined): string | undefined {
  const words = (name ?? '')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[ßæœøđðłþı]/g, (letter) => SPELLED[letter] ?? letter)
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .sort();
  return [...words.join(' ')].slice(0, LENGTH_MAX).join('') || undefined;
}

/** What is known of somebody, as far as it tells people apart. */
export interface Known {
  readonly profile: Profile;
  readonly identities: readonly { readonly type: string; readonly value: string }[];
}

export interface Likeness {
  /** 0 to 100. Nothing follows from it: staff look, and decide. */
  readonly score: number;
  readonly agree: readonly ('name' | 'birthday' | 'email')[];
  readonly differ: readonly 'birthday'[];
}

/** How likely two of the same name are one person. `undefined` when the names differ: then nothing is proposed. */
export function likeness(one: Known, other: Known): Likeness | undefined {
  const name = normalizedName(one.profile.name);
  if (name === undefined || name !== normalizedName(other.profile.name)) return undefined;
  const [mine, theirs] = [one.profile.birthday, other.profile.birthday];
  const sameBirthday = mine !== undefined && mine === theirs;
  const otherBirthday = mine !== undefined && theirs !== undefined && mine !== theirs;
  const mailboxes = new Set(one.identities.flatMap(mailbox));
  const sameMailbox = other.identities.flatMap(mailbox).some((box) => mailboxes.has(box));
  return {
    score: 30 + (sameBirthday ? 50 : 0) + (sameMailbox ? 20 : 0) - (otherBirthday ? 25 : 0),
    agree: ['name', ...(sameBirthday ? ['birthday' as const] : []), ...(sameMailbox ? ['email' as const] : [])],
    differ: otherBirthday ? ['birthday'] : [],
  };
}

/** People keep the part before the @ when they change the provider, and put dots and tags into it. */
function mailbox({ type, value }: { readonly type: string; readonly value: string }): string[] {
  if (type !== 'email') return [];
  const local = value.split('@')[0]?.split('+')[0]?.replaceAll('.', '') ?? '';
  return local ? [local] : [];
}
