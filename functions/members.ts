import { asOf } from '../lib/loyalty/as-of.ts';
import { dayIn } from '../lib/loyalty/calendar.ts';
import type { Identity } from '../lib/loyalty/facts.ts';
import { balanceAnswer } from '../lib/runtime/answers/balance.ts';
import { entryAnswer, memberAnswer, unknownMember } from '../lib/runtime/answers.ts';
import { getBalance } from '../lib/runtime/api/balance.ts';
import {
  deleteMember,
  findMember,
  getMember,
  identitiesOf,
  listEntries,
  patchMember,
  postMember,
} from '../lib/runtime/api/members.ts';
import { merchant } from '../lib/runtime/config.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { enrolment } from '../lib/runtime/enrolling.ts';
import type { Caller } from '../lib/runtime/keyring.ts';
import type { Member } from '../lib/runtime/members.ts';
import { type Answer, problem } from '../lib/runtime/problem.ts';
import { ledger, members } from '../lib/runtime/shop.ts';

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

  endpoint(patchMember, async ({ id, profile, consents, consentProof, ...contacts }, caller) => {
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
    const proof = consentProof ?? `said to the holder of key ${caller.keyId}`;
    const outcome = await enrolment().change(id, { profile, consents, proof, identities, replaces }, told(caller));
    if (outcome.kind === 'unknown') return unknown;
    if (outcome.kind === 'disagree') return disagree(outcome.types);
    return { status: 200, body: await described(outcome.member) };
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

const disagree = (types: readonly string[]): Answer =>
  problem(409, 'conflict', { detail: 'these belong to different members', differences: [...types] });
