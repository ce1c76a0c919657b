import { setTimeout as wait } from 'node:timers/promises';
import { type Consents, everyConsent, newestOf } from '../../loyalty/consents.ts';
import { keyOf } from '../../loyalty/entry.ts';
import { type Identity, Purpose } from '../../loyalty/facts.ts';
import { openingFingerprint, openingKey } from '../../loyalty/opening.ts';
import type { Outcome } from '../journal.ts';
import type { Noted } from '../ledger/opening.ts';
import type { Ledger } from '../ledger.ts';
import { linked, type Member, type Members, textOf } from '../members.ts';
import type { MemberTold, Told } from './reading.ts';

/** What became of a row. */
export type Became =
  | { readonly kind: 'moved-in' | 'joined' | 'history' | 'was-there' | 'passed-over' }
  | { readonly kind: 'refused'; readonly because: string };

export interface ImportParts {
  readonly members: Members;
  readonly ledger: Pick<Ledger, 'moveIn' | 'opening' | 'history' | 'note' | 'entry'>;
  /** How many writes are under way at once. */
  readonly inFlight: number;
  readonly dryRun?: boolean;
}

/** Somebody enrolled the member of a row in the very moment, or the table is throttled: it is looked up again so often. */
const TRIES = 12;
const PAUSE_MS = { base: 5, max: 3_000 };

type History = Extract<Told, { kind: 'history' }>;
/** A row of the batch and its place there. */
interface Placed<T> {
  readonly at: number;
  readonly told: T;
}

/**
 * Rows in batches: whose they are is asked for a hundred at a time, and a new member is one write. Run twice, or broken
 * off anywhere, a row has its effect once: the ledger has one entry under its key.
 */
export function openImport({ members, ledger, inFlight, dryRun = false }: ImportParts) {
  async function takeIn(rows: readonly Told[]): Promise<readonly Became[]> {
    const became: Became[] = rows.map((told) => (told.kind === 'refused' ? told : { kind: 'passed-over' }));
    const placed = rows.map((told, at) => ({ told, at }));
    const people = placed.filter((one): one is Placed<MemberTold> => one.told.kind === 'member');
    const story = placed.filter((one): one is Placed<History> => one.told.kind === 'history');
    const known = await members.findEach(
      rows.flatMap((told) => (told.kind === 'member' ? told.identities : told.kind === 'history' ? [told.who] : [])),
    );
    // Rows that name the same person are taken one after the other, in the order of the file, whatever is under way.
    await parallel(chains(people), async (chain) => {
      for (const { told, at } of chain) became[at] = await takeMember(told, known);
    });
    await parallel(
      [...Map.groupBy(story, ({ told }) => known.get(textOf(told.who))).entries()],
      async ([id, lines]) => {
        const outcomes = id === undefined ? undefined : await tell(id, lines);
        for (const [index, { at }] of lines.entries())
          became[at] = outcomes?.[index] ?? {
            kind: 'refused',
            because: 'nobody here has this id, phone, email or card: import the members first',
          };
      },
    );
    return became;
  }

  /** `known` gains whoever is found or made. */
  async function takeMember(told: MemberTold, known: Map<string, string>): Promise<Became> {
    for (let tries = 1; tries <= TRIES; tries += 1) {
      const owners = new Set(told.identities.map((one) => known.get(textOf(one))).filter((id) => id !== undefined));
      const [memberId, another] = owners;
      if (another !== undefined) return { kind: 'refused', because: disagreement(told.identities) };
      const became = memberId === undefined ? await moveIn(told, known) : await join(memberId, told);
      if (became) {
        for (const one of told.identities) if (memberId !== undefined) known.set(textOf(one), memberId);
        return became;
      }
      await wait(Math.random() * Math.min(PAUSE_MS.max, PAUSE_MS.base * 2 ** tries));
      for (const [text, id] of await members.findEach(told.identities)) known.set(text, id);
    }
    throw new Error('somebody else changes the same members all the time: try again later');
  }

  async function moveIn(told: MemberTold, known: Map<string, string>): Promise<Became | undefined> {
    const { identities, profile, consents, enrolledAt: at, opening } = told;
    const { member, items } = members.begun({ identities, profile, consents, source: 'import', at });
    if (!dryRun && !(await ledger.moveIn(member.memberId, notesOf(member), opening, items))) return undefined;
    for (const one of identities) known.set(textOf(one), member.memberId);
    return { kind: 'moved-in' };
  }

  /** Somebody is here already: what is known stays, what is missing is filled in, and the balance is added. */
  async function join(memberId: string, told: MemberTold): Promise<Became | undefined> {
    // Written last: where it stands, all else was done. That is every row when an import runs again.
    const there = await ledger.entry(memberId, openingKey(told.opening));
    if (there) return there.fingerprint === openingFingerprint(told.opening) ? { kind: 'was-there' } : becameOther;
    if (dryRun) return { kind: 'joined' };
    const changed = await members.change(memberId, (member) => completed(member, told));
    if (changed.kind === 'unknown') return undefined; // erased this moment
    if (changed.kind === 'disagree') return { kind: 'refused', because: disagreement(told.identities) };
    const { member } = changed;
    for (const { note, told: when } of consentNotes(member)) await ledger.note(member.memberId, note, when);
    return becomes(await ledger.opening(member.memberId, told.opening), 'joined');
  }

  async function tell(memberId: string, lines: readonly Placed<History>[]): Promise<readonly Became[]> {
    if (dryRun) return lines.map(() => ({ kind: 'history' }));
    const inOrder = lines
      .map(({ told: { happened } }, index) => ({ happened, index }))
      .sort((a, b) => Date.parse(a.happened.at) - Date.parse(b.happened.at));
    const outcomes = await ledger.history(
      memberId,
      inOrder.map(({ happened }) => happened),
    );
    const became: Became[] = [];
    for (const [place, { index }] of inOrder.entries()) {
      const outcome = outcomes[place];
      if (outcome) became[index] = becomes(outcome, 'history');
    }
    return became;
  }

  async function parallel<T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
    const queue = list[Symbol.iterator]();
    await Promise.all(
      Array.from({ length: Math.min(inFlight, list.length) }, async () => {
        for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
      }),
    );
  }

  return { takeIn };
}

const becameOther: Became = {
  kind: 'refused',
  because: 'was brought along before, with other content: the ledger keeps what it has, an adjustment corrects it',
};

function becomes(outcome: Outcome, kind: 'joined' | 'history'): Became {
  switch (outcome.kind) {
    case 'posted':
      return { kind };
    case 'replayed':
      return { kind: 'was-there' };
    case 'conflict':
      return becameOther;
    case 'refused':
      return { kind: 'refused', because: outcome.because };
  }
}

const disagreement = (identities: readonly Identity[]): string =>
  `${identities.map(({ type }) => type).join(', ')} belong to different members: merge them first, or correct the row`;

/** What is known here stays, since it is newer than a file; what is missing is filled in. The same member when nothing is. */
function completed(before: Member, { identities, profile, consents, undatedConsents }: MemberTold): Member {
  const member = linked(before, identities);
  const isFuller = Object.keys(profile).some((field) => !(field in member.profile));
  const newest = undatedConsents ? added(member.consents, consents) : newestOf(member.consents, consents);
  if (!isFuller && newest === member.consents) return member;
  return { ...member, profile: isFuller ? { ...profile, ...member.profile } : member.profile, consents: newest };
}

/** The same object where nothing is added. */
function added(standing: Consents, told: Consents): Consents {
  let all = standing;
  for (const { channel, purpose, ...consent } of everyConsent(told))
    if (!all[channel]?.[purpose]) all = { ...all, [channel]: { ...all[channel], [purpose]: consent } };
  return all;
}

const notesOf = (member: Member): Noted[] => [
  { note: { kind: 'enrolled' }, told: { source: member.source, object: 'self', at: member.enrolledAt } },
  ...consentNotes(member),
];

/** Under the keys that enrolment would note them, which finds them there then. */
function consentNotes({ consents }: Member): Noted[] {
  const words = Map.groupBy(
    everyConsent(consents).filter(({ source }) => source === 'import'),
    ({ channel, at, granted }) => keyOf(channel, at, String(granted)),
  );
  return [...words.values()].flatMap((said): Noted[] => {
    const [first] = said;
    if (!first) return [];
    const { channel, source, at, granted } = first;
    return said.length === Purpose.options.length
      ? [{ note: { kind: 'consent', channel, granted }, told: { source, object: `${channel}@${at}`, at } }]
      : said.map(({ purpose }) => ({
          note: { kind: 'consent', channel, purpose, granted },
          told: { source, object: `${channel}.${purpose}@${at}`, at },
        }));
  });
}

/** Rows that share an identity, directly or by others between them, in the order of the file. */
function chains(people: readonly Placed<MemberTold>[]): readonly (readonly Placed<MemberTold>[])[] {
  const byIdentity = new Map<string, Placed<MemberTold>[]>();
  const all = new Set<Placed<MemberTold>[]>();
  for (const one of people) {
    const met = new Set(
      one.told.identities.map((identity) => byIdentity.get(textOf(identity))).filter((chain) => chain !== undefined),
    );
    const chain = [...[...met].flat(), one].sort((a, b) => a.at - b.at);
    for (const other of met) all.delete(other);
    all.add(chain);
    for (const { told } of chain) for (const identity of told.identities) byIdentity.set(textOf(identity), chain);
  }
  return [...all];
}
