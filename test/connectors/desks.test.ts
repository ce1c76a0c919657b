import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import freshdesk from '../../lib/connectors/freshdesk/index.ts';
import { Permanent, Transient, Unauthorized } from '../../lib/connectors/kit/errors.ts';
import zendesk from '../../lib/connectors/zendesk/index.ts';
import type { LoyaltyEvent } from '../../lib/loyalty/events.ts';
import { atDesk, reason } from './at-desk.ts';
import { earned, SHOWN, told } from './fixtures/desk.ts';
import { fixture as ofFreshdesk } from './fixtures/freshdesk.ts';
import { freshdesk as freshdeskApi } from './fixtures/freshdesk-api.ts';
import { standing } from './fixtures/standing.ts';
import { fixture as ofZendesk } from './fixtures/zendesk.ts';
import { zendesk as zendeskApi } from './fixtures/zendesk-api.ts';

/** How every support desk keeps cases and members: what is special about one of them stands in a test of its own. */

interface Somebody {
  readonly id: number;
  readonly email?: string;
  readonly externalId?: string;
  readonly fields?: object;
}
/** A desk with these people, and who is there now, as it would say. */
type Open = (people: readonly Somebody[]) => {
  readonly fetch: typeof fetch;
  readonly calls: readonly { readonly method: string; readonly url: string; readonly body: string }[];
  readonly people: () => readonly object[];
  readonly cases: () => readonly { readonly isOver: boolean; readonly words: number }[];
};

const openZendesk: Open = (people) => {
  const desk = zendeskApi({
    users: people.map(({ externalId, fields, ...user }) => ({
      ...user,
      role: 'end-user',
      external_id: externalId ?? null,
      ...(fields && { user_fields: { ...fields } }),
    })),
  });
  return {
    ...desk,
    cases: () => desk.filed.map(({ status, comments }) => ({ isOver: status === 'solved', words: comments.length })),
    people: () =>
      desk.people().map(({ id, email, external_id: externalId, user_fields: fields }) => ({
        id,
        email,
        externalId: externalId ?? undefined,
        fields,
      })),
  };
};
const openFreshdesk: Open = (people) => {
  const desk = freshdeskApi({
    contacts: people.map(({ externalId, fields, ...contact }) => ({
      ...contact,
      unique_external_id: externalId ?? null,
      ...(fields && { custom_fields: { ...fields } }),
    })),
  });
  return {
    ...desk,
    cases: () => desk.filed.map(({ status, notes }) => ({ isOver: status === 4, words: 1 + notes.length })),
    people: () =>
      desk.people.map(({ id, email, unique_external_id: externalId, custom_fields: fields }) => ({
        id,
        email,
        externalId: externalId ?? undefined,
        fields,
      })),
  };
};

const now = new Date('2026-11-21T10:00:00Z');
const desks = [
  ['zendesk', openZendesk, atDesk(zendesk, ofZendesk, now), { fields: 'userFields', make: 'makeUsers' }],
  ['freshdesk', openFreshdesk, atDesk(freshdesk, ofFreshdesk, now), { fields: 'contactFields', make: 'makeContacts' }],
] as const;

const { member = { identities: [] } } = told;
const shown = { loyalty_points: 112, loyalty_tier: 'friend', loyalty_lapses: '2027-11-30' };
const nothing = { loyalty_points: null, loyalty_tier: null, loyalty_lapses: null };
const ann = { email: 'ann@example.com' };
const marked = { ...ann, externalId: 'm_1', fields: shown };

describe.each(desks)('%s, of a case', (_, open, { file }, __) => {
  it('is told the last word once: our own closing comes back as another’s', async () => {
    const desk = open([]);
    await file(desk.fetch, {}, 'm_1.7');
    await file(desk.fetch, { status: 'solved' }, 'm_1.9');
    await file(desk.fetch, { status: 'solved' }, 'm_1.10');
    expect(desk.cases()).toEqual([{ isOver: true, words: 2 }]);
  });

  it('does not open it again for what is told late', async () => {
    const desk = open([]);
    const [first, late] = [await file(desk.fetch, { status: 'solved' }, 'm_1.9'), await file(desk.fetch, {}, 'm_1.7')];
    expect(late).toEqual(first);
    expect(desk.cases()).toEqual([{ isOver: true, words: 2 }]);
  });

  it('is asked again as late as it wants to be, and staff hear of a credential that is refused', async () => {
    const answering = (status: number, headers = {}) =>
      reason(file(async () => new Response('{}', { status, headers })));
    expect(await answering(429, { 'retry-after': '93' })).toMatchObject({ name: 'Transient', retryAfterSeconds: 93 });
    expect(await answering(401)).toBeInstanceOf(Unauthorized);
  });
});

describe.each(desks)('%s, of a member', (id, open, { keep }, names) => {
  const writes = ({ calls }: ReturnType<Open>) => calls.filter(({ method }) => method !== 'GET');

  it('finds the person by our id, whatever else has changed', async () => {
    const desk = open([
      { id: 7, email: 'old@example.com', externalId: 'M_1' },
      { id: 8, ...ann },
    ]);
    expect(await keep(desk.fetch)).toEqual([{ vendorId: '7' }]);
    expect(desk.people()).toEqual([
      { id: 7, email: 'old@example.com', externalId: 'm_1', fields: shown },
      { id: 8, ...ann, externalId: undefined, fields: undefined },
    ]);
  });

  it.each([
    ['its own id', { identities: [{ type: id, value: '8' }] }, {}],
    ['e-mail address', { identities: [{ type: 'email', value: 'ann@example.com' }] }, { email: 'Ann@Example.com' }],
  ])('finds the person by %s, and knows him by ours from then on', async (_, how, as) => {
    const desk = open([{ id: 8, ...as }]);
    expect(await keep(desk.fetch, { member: { ...how, standing } })).toEqual([{ vendorId: '8' }]);
    expect(desk.people()).toMatchObject([{ id: 8, externalId: 'm_1', fields: shown }]);
    await keep(desk.fetch, { member: { identities: [], standing: { ...standing, available: 5 } } });
    expect(desk.people()).toMatchObject([{ id: 8, fields: { ...shown, loyalty_points: 5 } }]);
  });

  it('makes somebody who is not there, once, with a name and an address', async () => {
    const desk = open([]);
    const [first] = await keep(desk.fetch);
    expect(await keep(desk.fetch)).toEqual([first]);
    expect(desk.people()).toEqual([{ id: expect.any(Number), ...marked }]);
    expect(desk.calls.map(({ body }) => body).join()).toContain('"name":"Ann Lee"');
  });

  it('calls somebody without a name by the member’s id', async () => {
    const desk = open([]);
    await keep(desk.fetch, { member: { ...member, name: undefined } });
    expect(writes(desk)[0]?.body).toContain('"name":"Member m_1"');
  });

  it('makes one, when the answer is lost, or when two events come at the same time', async () => {
    const desk = open([]);
    let lose = true;
    const losing: typeof fetch = async (url, init) => {
      const answer = await desk.fetch(url, init);
      if (!lose || init?.method !== 'POST') return answer;
      lose = false;
      throw new DOMException('timed out', 'TimeoutError');
    };
    expect(await reason(keep(losing))).toBeInstanceOf(Transient);
    await Promise.all([keep(losing), keep(losing)]);
    expect(desk.people()).toEqual([{ id: expect.any(Number), ...marked }]);
    const both = open([]);
    await Promise.all([keep(both.fetch), keep(both.fetch)]);
    expect(both.people()).toHaveLength(1);
  });

  it.each([
    ['whom it does not know, where the merchant wants no more people', [], { [names.make]: false }, {}],
    ['who has another’s id there', [{ id: 8, ...ann, externalId: 'shop-88' }], {}, {}],
    ['who can be reached in no way', [], {}, { member: { identities: [], standing } }],
    ['of whom nothing is shown', [{ id: 8, ...ann, externalId: 'm_1' }], { [names.fields]: undefined }, {}],
  ])('leaves alone one %s', async (_, people, settings, change) => {
    const desk = open(people);
    expect(await keep(desk.fetch, change, settings)).toEqual([{ vendorId: 'none' }]);
    expect(writes(desk)).toEqual([]);
  });

  it('empties a field of what is not so any more', async () => {
    const desk = open([{ id: 8, ...marked }]);
    await keep(desk.fetch, { member: { ...member, standing: { ...standing, nextExpiryOn: undefined } } });
    expect(desk.people()).toEqual([{ id: 8, ...marked, fields: { ...shown, loyalty_lapses: null } }]);
  });

  it('forgets who was erased, also when older news come late', async () => {
    const desk = open([{ id: 8, ...marked }]);
    const erased = { ...earned, id: 'm_1.9.member.erased', type: 'member.erased', data: {} } as LoyaltyEvent;
    expect(await keep(desk.fetch, { event: erased, member: undefined })).toEqual([{ vendorId: 'none' }]);
    await keep(desk.fetch, { member: undefined });
    expect(desk.people()).toEqual([{ id: 8, ...ann, externalId: undefined, fields: nothing }]);
  });

  it('shows the points of two accounts that became one where that one is, and nowhere else', async () => {
    const host = { ...member, mergedInto: 'm_2', standing: { ...standing, available: 200 } };
    const two = open([
      { id: 8, ...marked },
      { id: 9, email: 'a.lee@example.com', externalId: 'm_2', fields: shown },
    ]);
    expect(await keep(two.fetch, { member: host })).toEqual([{ vendorId: '9' }]);
    expect(two.people()).toMatchObject([
      { id: 8, externalId: undefined, fields: nothing },
      { id: 9, externalId: 'm_2', fields: { ...shown, loyalty_points: 200 } },
    ]);
    const one = open([{ id: 8, ...marked }]);
    await keep(one.fetch, { member: host });
    expect(one.people()).toMatchObject([{ id: 8, externalId: 'm_2', fields: { ...shown, loyalty_points: 200 } }]);
  });

  it('that is refused says which field, and not what was in it', async () => {
    const desk = open([{ id: 8, ...ann }]);
    const refusal = {
      error: 'RecordInvalid',
      details: { user_fields: [{ description: 'ann@example.com' }] },
      errors: [{ field: 'user_fields', code: 'invalid_field', message: 'ann@example.com' }],
    };
    const refusing: typeof fetch = async (url, init) =>
      init?.method === 'PUT' ? Response.json(refusal, { status: 400 }) : desk.fetch(url, init);
    const error = await reason(keep(refusing));
    expect(error).toBeInstanceOf(Permanent);
    expect(error).toHaveProperty('message', expect.stringContaining('user_fields'));
    expect(inspect(error)).not.toContain('ann@');
  });

  it.each([{}, { [SHOWN.points]: 'loyalty_points' }, { points: 'no field' }])(
    'takes no setting such as %j',
    (given) => {
      const { manifest } = id === 'zendesk' ? zendesk : freshdesk;
      const fixture = id === 'zendesk' ? ofZendesk : ofFreshdesk;
      expect(manifest.settings.safeParse({ ...fixture.settings, [names.fields]: given }).success).toBe(false);
    },
  );
});
