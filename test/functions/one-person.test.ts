import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ActivityFact, ConsentFact } from '../../lib/loyalty/facts.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import { call, deliver, type Said, startWorld, type World } from './world.ts';

/** Who is who: consents by purpose, tags, namesakes, merging, all that is held, and its end. */

let world: World;
let members: typeof import('../../functions/members.ts').handler;
let sales: typeof import('../../functions/sales.ts').handler;
let accrue: typeof import('../../functions/accrue.ts').handler;
let shop: typeof import('../../lib/runtime/shop.ts');

beforeAll(async () => {
  world = await startWorld((merchant) => ({
    ...merchant,
    consentAtEnrolment: ['sms', { channel: 'whatsapp', purpose: 'transactional' }],
    program: {
      ...merchant.program,
      rules: [
        ...merchant.program.rules,
        ...(['registration', 'profile-completed'] as const).map((activity) => ({
          id: activity,
          on: 'activity' as const,
          when: [{ is: 'activity' as const, activities: [activity] }],
          earn: { kind: 'flat' as const, points: 10 },
        })),
        {
          id: 'students',
          on: 'sale' as const,
          when: [{ is: 'member-tag-in' as const, tags: ['student'] }],
          earn: { kind: 'flat' as const, points: 7 },
        },
      ],
    },
  }));
  ({ handler: members } = await import('../../functions/members.ts'));
  ({ handler: sales } = await import('../../functions/sales.ts'));
  ({ handler: accrue } = await import('../../functions/accrue.ts'));
  shop = await import('../../lib/runtime/shop.ts');
}, 60_000);
afterAll(() => world.stop());
beforeEach(() => world.forget());

const enrol = (body: object) => call(members, 'POST /v1/members', { key: world.keys.pos, body });
const find = (query: Record<string, string>) => call(members, 'GET /v1/members', { key: world.keys.pos, query });
const about = (id: unknown, route: string, body?: object, key = world.keys.staff) =>
  call(members, route, { key, path: { id: String(id) }, ...(body && { body }) });
const get = (id: unknown) => about(id, 'GET /v1/members/{id}');
const patch = (id: unknown, body: object) => about(id, 'PATCH /v1/members/{id}', body);
const merge = (id: unknown, memberId: unknown) =>
  about(id, 'POST /v1/members/{id}/merge', { memberId, staffId: 'anna' });
const unmerge = (id: unknown, memberId: unknown) =>
  about(id, 'POST /v1/members/{id}/unmerge', { memberId, staffId: 'anna' });
const everything = (id: unknown, query: Record<string, string> = {}) =>
  call(members, 'GET /v1/members/{id}/export', { key: world.keys.admin, path: { id: String(id) }, query });
const kinds = async (id: unknown) => (await shop.ledger().entries(String(id))).map(({ detail }) => detail.kind);

let people = 0;
const phone = () => {
  people += 1;
  return `+49151${String(30_000_000 + people)}`;
};
let orders = 0;
function buy(id: unknown, total: string): Promise<Said> {
  orders += 1;
  const body = { orderId: `o-${orders}`, member: { id }, total, currency: 'EUR' };
  return call(sales, 'POST /v1/sales', { key: world.keys.pos, body });
}
const told = () => world.sent('facts.fifo').map(({ body }) => JSON.parse(body) as ActivityFact);
const bookTold = () =>
  deliver(
    accrue,
    world.sent('facts.fifo').map(({ body }) => ({ body })),
  );

describe('a consent', () => {
  it('is for a channel and a purpose; of the channel alone, for all', async () => {
    const { body } = await enrol({ phone: phone(), consents: { email: { transactional: true, marketing: false } } });
    await patch(body.memberId, { consents: { sms: { marketing: false } } });
    expect((await get(body.memberId)).body.consents).toMatchObject({
      sms: { transactional: { granted: true, proof: 'enrolment' }, marketing: { granted: false } },
      email: { transactional: { granted: true }, marketing: { granted: false } },
      whatsapp: { transactional: { granted: true, proof: 'enrolment' } },
    });
    expect((await get(body.memberId)).body).not.toHaveProperty('consents.whatsapp.marketing');
    expect(await patch(body.memberId, { consents: { sms: false } })).toMatchObject({
      body: { consents: { sms: { transactional: { granted: false }, marketing: { granted: false } } } },
    });
    const notes = (await shop.ledger().entries(String(body.memberId))).flatMap(({ detail }) =>
      detail.kind === 'consent' ? [[detail.channel, detail.purpose, detail.granted]] : [],
    );
    expect(notes).toEqual([
      ['sms', undefined, true],
      ['whatsapp', 'transactional', true],
      ['email', 'transactional', true],
      ['email', 'marketing', false],
      ['sms', 'marketing', false],
      // The no to offers was said again, with the rest.
      ['sms', undefined, false],
    ]);
  });

  it('of a vendor may be for one purpose', async () => {
    const number = phone();
    const { body } = await enrol({ phone: number });
    const unsubscribed: ConsentFact = {
      type: 'consent',
      factId: 'u',
      source: 'mailchimp',
      occurredAt: new Date().toISOString(),
      identities: [{ type: 'phone', value: number }],
      channel: 'sms',
      purpose: 'marketing',
      granted: false,
      proof: 'unsubscribed',
    };
    await deliver(accrue, [{ body: unsubscribed }, { body: unsubscribed }]);
    expect((await shop.members().get(String(body.memberId)))?.consents.sms).toMatchObject({
      transactional: { granted: true },
      marketing: { granted: false, proof: 'unsubscribed' },
    });
    expect(await kinds(body.memberId)).toEqual(['enrolled', 'consent', 'consent', 'consent']);
  });

  it.each<[object, string]>([
    [{ sms: 'yes' }, 'consents.sms'],
    [{ sms: { spam: true } }, 'consents.sms.spam'],
  ])('%j is none', async (consents, path) => {
    const said = await enrol({ phone: phone(), consents });
    expect(said.status).toBe(400);
    expect((said.body.errors as { path: string }[]).map((error) => error.path)).toEqual([path]);
  });
});

describe('tags', () => {
  it('are given and taken one by one, and rules ask for them', async () => {
    const { body } = await enrol({ phone: phone() });
    expect((await patch(body.memberId, { tags: { vip: true, student: true, never: false } })).body.tags).toEqual([
      'student',
      'vip',
    ]);
    expect((await buy(body.memberId, '3.00')).body.earned).toBe(10);
    expect((await patch(body.memberId, { tags: { student: false } })).body.tags).toEqual(['vip']);
    expect((await buy(body.memberId, '3.00')).body.earned).toBe(3);
    expect((await kinds(body.memberId)).filter((kind) => kind === 'updated')).toHaveLength(2);
  });

  it('are not for tills, and not without end', async () => {
    const { body } = await enrol({ phone: phone() });
    expect((await about(body.memberId, 'PATCH /v1/members/{id}', { tags: { x: true } }, world.keys.pos)).status).toBe(
      403,
    );
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${index}`, true]));
    expect(await patch(body.memberId, { tags: many })).toMatchObject({
      status: 409,
      body: { because: 'too-many-tags' },
    });
    expect((await patch(body.memberId, { tags: { ' ': true } })).status).toBe(400);
  });
});

describe('what rules can reward of enrolling', () => {
  it('is told once: that somebody registered, and that the profile is whole', async () => {
    const number = phone();
    const { body } = await enrol({ phone: number, profile: { name: 'Ada' } });
    await enrol({ phone: number });
    expect(told().map(({ activity }) => activity)).toEqual(['registration']);
    await patch(body.memberId, { profile: { birthday: '1815-12-10' } });
    await patch(body.memberId, { profile: { name: 'Ada L.' } });
    await bookTold();
    expect((await get(body.memberId)).body.balance).toBe(20);
    world.forget();
    await patch(body.memberId, { profile: { birthday: null } });
    await patch(body.memberId, { profile: { birthday: '1815-12-10' } });
    await enrol({ phone: number });
    expect(told()).toEqual([]);
  });
});

describe('namesakes', () => {
  const named = async (name: string, more: { email?: string; birthday?: string } = {}) => {
    const { email, birthday } = more;
    const profile = { name, ...(birthday && { birthday }) };
    return (await enrol({ phone: phone(), ...(email && { email }), profile })).body.memberId;
  };
  const matches = async (id: unknown) =>
    ((await about(id, 'GET /v1/members/{id}/matches')).body.matches as Record<string, unknown>[]).map(
      ({ memberId, score, agree, differ }) => ({ memberId, score, agree, differ }),
    );

  it('are proposed, the likeliest first, and never joined', async () => {
    const me = await named('Zoë Müller-Lüdenscheidt', { email: 'zoe.ml@example.org', birthday: '1990-02-28' });
    const other = await named('zoe muller ludenscheidt', { birthday: '1991-01-01' });
    const same = await named('Müller-Lüdenscheidt, Zoe', { email: 'zoeml+x@example.com', birthday: '1990-02-28' });
    const only = await named('ZOË MÜLLER LÜDENSCHEIDT');
    await named('Zoë Müller');
    expect(await matches(me)).toEqual([
      { memberId: same, score: 100, agree: ['name', 'birthday', 'email'], differ: [] },
      { memberId: only, score: 30, agree: ['name'], differ: [] },
      { memberId: other, score: 5, agree: ['name'], differ: ['birthday'] },
    ]);
    await patch(only, { profile: { name: 'Zoë Meier' } });
    await about(other, 'DELETE /v1/members/{id}', undefined, world.keys.admin);
    expect((await matches(me)).map(({ memberId }) => memberId)).toEqual([same]);
    await merge(me, same);
    expect(await matches(me)).toEqual([]);
    await unmerge(me, same);
    expect((await matches(me)).map(({ memberId }) => memberId)).toEqual([same]);
  });

  it('of nobody: 404; without a name: none', async () => {
    expect((await about('m_nobody', 'GET /v1/members/{id}/matches')).status).toBe(404);
    const { body } = await enrol({ phone: phone() });
    expect(await matches(body.memberId)).toEqual([]);
  });
});

describe('two members who are one', () => {
  async function two() {
    const [mine, theirs] = [phone(), phone()];
    const host = await enrol({ phone: mine, profile: { name: 'Lin' }, consents: { email: true } });
    const guest = await enrol({
      phone: theirs,
      card: `G${people}`,
      profile: { name: 'Lynn', birthday: '1990-02-28' },
      consents: { email: false },
    });
    const [a, b] = [String(host.body.memberId), String(guest.body.memberId)];
    await patch(a, { tags: { vip: true } });
    await patch(b, { tags: { student: true } });
    await buy(a, '10.00');
    await buy(b, '20.00');
    return { a, b, mine, theirs };
  }

  it('are found under all that either was known by, with what both had', async () => {
    const { a, b, mine, theirs } = await two();
    const { balance } = (await get(b)).body as { balance: number };
    const said = await merge(a, b);
    expect(said).toMatchObject({ status: 201, body: { memberId: a, with: b, points: balance } });
    expect(await merge(a, b)).toEqual({ ...said, status: 200 });
    for (const query of [{ phone: mine }, { phone: theirs }, { id: b }] as Record<string, string>[])
      expect((await find(query)).body).toMatchObject({
        memberId: a,
        profile: { name: 'Lin', birthday: '1990-02-28' },
        consents: { email: { transactional: { granted: false } } },
        tags: ['student', 'vip'],
        balance: Number(said.body.balance),
      });
    expect((await buy(b, '5.00')).body.entryId).toMatch(new RegExp(`^${a}\\.`));
    expect((await enrol({ phone: theirs, card: `NEW-${people}` })).body.memberId).toBe(a);
    expect((await patch(b, { profile: { locale: 'de' } })).body.memberId).toBe(a);
  });

  it('are two again, as they were', async () => {
    const { a, b } = await two();
    const before = await Promise.all([get(a), get(b)]);
    await merge(a, b);
    expect((await unmerge(a, b)).status).toBe(201);
    expect((await unmerge(a, b)).status).toBe(200);
    expect(await Promise.all([get(a), get(b)])).toEqual(before);
    expect((await merge(a, b)).status).toBe(201);
    for (const id of [a, b])
      expect(checkMember(id, await shop.ledger().entries(id), await shop.ledger().account(id))).toBeUndefined();
  });

  it('keep, when parted, what was told since, and what has become somebody else’s', async () => {
    const { a, b, theirs } = await two();
    await merge(a, b);
    const moved = phone();
    await patch(a, {
      phone: moved,
      profile: { birthday: '2001-01-01' },
      consents: { email: true },
      tags: { new: true },
    });
    const { body } = await enrol({ phone: theirs });
    await unmerge(a, b);
    expect((await get(a)).body).toMatchObject({
      identities: [{ type: 'phone', value: moved }],
      profile: { name: 'Lin', birthday: '2001-01-01' },
      consents: { email: { marketing: { granted: true } } },
      tags: ['new', 'vip'],
    });
    expect((await get(b)).body.identities).toEqual([{ type: 'card', value: expect.stringMatching(/^G/) }]);
    expect((await find({ phone: theirs })).body.memberId).toBe(body.memberId);
  });

  it.each<[string, (a: string, b: string) => Promise<Said>, number, string | undefined]>([
    ['with oneself', (a) => merge(a, a), 409, 'same-member'],
    ['with nobody', (a) => merge(a, 'm_nobody'), 404, undefined],
    ['of nobody', (_, b) => merge('m_nobody', b), 404, undefined],
    ['that never were one', (a, b) => unmerge(a, b), 409, 'not-merged'],
    ['the other way round', (a, b) => merge(a, b).then(() => merge(b, a)), 409, 'merged-elsewhere'],
    ['by a till', (a, b) => about(a, 'POST /v1/members/{id}/merge', { memberId: b }, world.keys.pos), 403, undefined],
  ])('not %s', async (_, attempt, status, because) => {
    const { a, b } = await two();
    const said = await attempt(a, b);
    expect([said.status, said.body.because]).toEqual([status, because]);
  });

  it('not with more identities than a person has', async () => {
    const ids = (from: number) =>
      Array.from({ length: 5 }, (_, index) => ({ source: 'shopify', id: `x${from + index}` }));
    const [one, other] = [phone(), phone()];
    for (const [number, from] of [
      [one, 0],
      [one, 5],
      [other, 10],
      [other, 15],
    ] as const)
      await enrol({ phone: number, ids: ids(from) });
    const [a, b] = await Promise.all([one, other].map(async (number) => (await find({ phone: number })).body.memberId));
    expect(await merge(a, b)).toMatchObject({ status: 409, body: { because: 'too-many-identities' } });
    expect((await get(b)).body.memberId).toBe(b);
  });
});

describe('all that is held of somebody', () => {
  it('is exported in pages, and erased, of both members that were one; the chain stays whole (promise 18)', async () => {
    const [mine, theirs] = [phone(), phone()];
    const host = String((await enrol({ phone: mine, profile: { name: 'Vera Vergiss' } })).body.memberId);
    const guest = String(
      (await enrol({ phone: theirs, email: 'vera@vergiss.example', profile: { name: 'Vergissmeinnicht' } })).body
        .memberId,
    );
    await patch(host, { tags: { 'knows-the-chef': true } });
    for (const id of [host, guest]) await buy(id, '10.00');
    const { openStaffNotes } = await import('../../lib/runtime/staff-notes.ts');
    const notes = openStaffNotes({ client: world.client, table: world.tables.members });
    const note = (text: string) => ({
      about: text,
      text: `about Vera: ${text}`,
      by: 'anna',
      at: new Date().toISOString(),
    });
    await notes.write(host, note('one'));
    await notes.write(guest, note('two'));
    await merge(host, guest);
    await buy(guest, '3.00');

    const whole = await everything(guest);
    expect(whole).toMatchObject({
      status: 200,
      body: {
        member: { memberId: host, profile: { name: 'Vera Vergiss' }, tags: ['knows-the-chef'] },
        merged: [{ memberId: guest, mergedInto: host, profile: { name: 'Vergissmeinnicht' } }],
        account: { visits: 3, purchases: 3 },
        notes: [
          { memberId: host, text: 'about Vera: one' },
          { memberId: guest, text: 'about Vera: two' },
        ],
      },
    });
    const entries = whole.body.entries as { entryId: string; kind: string }[];
    expect(entries.map(({ kind }) => kind).sort()).toEqual([...(await kinds(host)), ...(await kinds(guest))].sort());
    const paged: string[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { body } = await everything(host, { after: String(after), limit: '3' });
      paged.push(...(body.entries as typeof entries).map(({ entryId }) => entryId));
      after = body.next as number | undefined;
    }
    expect(paged).toEqual(entries.map(({ entryId }) => entryId));
    expect((await about(host, 'GET /v1/members/{id}/export')).status).toBe(403);
    expect((await everything('m_nobody')).status).toBe(404);

    expect((await about(host, 'DELETE /v1/members/{id}', undefined, world.keys.admin)).status).toBe(204);
    const personal = new RegExp(`ver(a|giss)|knows-the-chef|${mine.slice(1)}|${theirs.slice(1)}`, 'i');
    for (const table of ['members', 'accounts', 'entries'] as const)
      expect(JSON.stringify(await world.rows(table))).not.toMatch(personal);
    expect((await everything(host)).status).toBe(404);
    expect((await find({ phone: theirs })).status).toBe(404);
    for (const id of [host, guest])
      expect(checkMember(id, await shop.ledger().entries(id), await shop.ledger().account(id))).toBeUndefined();
    expect((await unmerge(host, guest)).status).toBe(404);
    expect((await about(guest, 'DELETE /v1/members/{id}', undefined, world.keys.admin)).status).toBe(204);
    expect((await kinds(host)).filter((kind) => kind === 'erased')).toHaveLength(1);
  });
});
