import { asOf } from '../lib/loyalty/as-of.ts';
import { dayIn } from '../lib/loyalty/calendar.ts';
import type { Identity } from '../lib/loyalty/facts.ts';
import { balanceAnswer } from '../lib/runtime/answers/balance.ts';
import { exportAnswer, type LinkCodeAnswer, matchAnswer, mergeAnswer } from '../lib/runtime/answers/members.ts';
import { answered, entryAnswer, memberAnswer, unknownMember } from '../lib/runtime/answers.ts';
import { getBalance } from '../lib/runtime/api/balance.ts';
import {
  deleteMember,
  exportMember,
  findMember,
  getMember,
  identitiesOf,
  listEntries,
  listMatches,
  mergeMember,
  patchMember,
  postLinkCode,
  postMember,
  unmergeMember,
} from '../lib/runtime/api/members.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { enrolment } from '../lib/runtime/enrolling.ts';
import { TAGS_MAX, withTags } from '../lib/runtime/enrolment.ts';
import type { Outcome } from '../lib/runtime/journal.ts';
import type { Caller } from '../lib/runtime/keyring.ts';
import { openLinkCodes } from '../lib/runtime/link-codes.ts';
import type { Member } from '../lib/runtime/members.ts';
import { type Answer, problem } from '../lib/runtime/problem.ts';
import { ledger, members, waitingRoom } from '../lib/runtime/shop.ts';
import { forIdentity } from '../lib/runtime/waiting-room.ts';

const told = ({ source }: Caller) => ({ source, at: new Date().toISOString() });
const unknown = unknownMember({ type: 'member' });

/** Who takes part: enrolled, found, changed, forgotten. */
export const handler = api(
  endpoint(postMember, async (input, caller) => {
    const { profile = {}, consents = {}, consentProof } = input;
    const proof = consentProof ?? `said to the holder of key ${caller.keyId}`;
    const outcome = await enrolment().enrol(identitiesOf(input), { profile, consents, proof }, told(caller));
    if (outcome.kind === 'disagree') return disagree(outcome.types);
    return { status: outcome.kind === 'enrolled' ? 201 : 200, body: await described(outcome.member) };
  }),

  endpoint(findMember, async (who) => {
    const memberId = await members().find(who);
    const member = memberId === undefined ? undefined : await members().get(memberId);
    return member ? { status: 200, body: await described(member) } : unknownMember(who);
  }),

  endpoint(getMember, async ({ id }) => {
    const member = await members().get(id);
    return member ? { status: 200, body: await described(member) } : unknown;
  }),

  endpoint(patchMember, async ({ id, profile, consents, consentProof, tags = {}, ...contacts }, caller) => {
    const given = Object.entries(contacts).filter(([, value]) => value !== undefined);
    const identities: Identity[] = given.flatMap(([type, value]) => (value === null ? [] : [{ type, value }]));
    const replaces = given.map(([type]) => type);
    const before = await members().get(id);
    if (!before) return unknown;
    if (identities.length === 0 && before.identities.every(({ type }) => replaces.includes(type))) {
      return problem(409, 'refused', {
        because: 'last-identity',
        detail: 'a member is known by one phone, e-mail, card or other id at least',
      });
    }
    if ((withTags(before, tags).tags?.length ?? 0) > TAGS_MAX)
      return problem(409, 'refused', { because: 'too-many-tags', detail: `a member has at most ${TAGS_MAX}` });
    const proof = consentProof ?? `said to the holder of key ${caller.keyId}`;
    const change = { profile, consents, proof, tags, identities, replaces };
    const outcome = await enrolment().change(id, change, told(caller));
    if (outcome.kind === 'unknown') return unknown;
    if (outcome.kind === 'disagree') return disagree(outcome.types);
    return { status: 200, body: await described(outcome.member) };
  }),

  endpoint(postLinkCode, async ({ id }) => {
    const memberId = await members().find({ type: 'member', value: id });
    if (memberId === undefined) return unknown;
    const given = await openLinkCodes({ client: dynamodb, table: setting('TABLE_PROGRAM') }).give(memberId);
    if (!given) {
      const detail = 'this member was given many codes within the hour: use the last one, or wait';
      return problem(429, 'too-many-requests', { detail }, { 'retry-after': '3600' });
    }
    const body: LinkCodeAnswer = { memberId, ...given };
    return { status: 201, body };
  }),

  endpoint(deleteMember, async ({ id }, caller) =>
    (await enrolment().erase(id, told(caller))) ? { status: 204 } : unknown,
  ),

  endpoint(listEntries, async ({ id, after = 0, limit }) => {
    const entries = await ledger().entries(id);
    if (entries.length === 0 && !(await members().get(id))) return unknown;
    const page = entries.filter(({ seq }) => seq > after).slice(0, limit);
    const last = page.at(-1);
    const more = last !== undefined && last.seq < entries.length;
    return { status: 200, body: { entries: page.map(entryAnswer), ...(more && { next: last.seq }) } };
  }),

  endpoint(listMatches, async ({ id }) => {
    const member = await members().get(id);
    if (!member) return unknown;
    return { status: 200, body: { matches: (await members().matches(member)).map(matchAnswer) } };
  }),

  endpoint(mergeMember, async ({ id, memberId, staffId }, { keyId }) =>
    joined(await ledger().merge(id, memberId, staffId ?? keyId, () => members().merging(id, memberId))),
  ),

  endpoint(unmergeMember, async ({ id, memberId, staffId }, { keyId }) =>
    joined(await ledger().unmerge(id, memberId, staffId ?? keyId, () => members().parting(id, memberId))),
  ),

  endpoint(exportMember, async ({ id, ...page }) => {
    const member = await members().get(id);
    if (!member) return unknown;
    const ids = [member.memberId, ...(member.absorbed ?? [])];
    const [body, account, merged, notes, waiting, ...journals] = await Promise.all([
      described(member),
      ledger().account(member.memberId),
      members().mergedInto(member),
      members().notes(member),
      waitingRoom().waiting(member.identities.map(forIdentity)),
      ...ids.map((one) => ledger().entries(one)),
    ]);
    // Each journal keeps its order; a page is not mixed up by what is booked meanwhile, which comes last.
    const entries = journals.flat().sort((a, b) => a.recordedAt.localeCompare(b.recordedAt));
    return { status: 200, body: exportAnswer(body, member, { merged, account, notes, waiting, entries }, page) };
  }),

  endpoint(getBalance, async ({ id, asOf: moment = new Date().toISOString() }) => {
    const entries = await ledger().entries(id);
    if (entries.length === 0 && !(await members().get(id))) return unknown;
    const { tiers, timeZone } = merchant().program;
    const standing = asOf(entries, moment, timeZone);
    return { status: 200, body: balanceAnswer(id, moment, standing, tiers[0]?.id ?? '') };
  }),
);

async function described(member: Member) {
  const { program } = merchant();
  const account = await ledger().account(member.memberId);
  return memberAnswer(member, account, dayIn(program.timeZone, new Date()), program.tiers[0]?.id ?? '');
}

function joined(outcome: Outcome): Answer {
  return outcome.kind === 'refused' && outcome.because === 'unknown-member' ? unknown : answered(outcome, mergeAnswer);
}

const disagree = (types: readonly string[]): Answer =>
  problem(409, 'conflict', { detail: 'these belong to different members', differences: [...types] });
