import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsentFact, SaleFact } from '../../lib/loyalty/facts.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import { call, startWorld, type World } from './world.ts';

let world: World;
let members: typeof import('../../functions/members.ts').handler;
let sales: typeof import('../../functions/sales.ts').handler;
let shop: typeof import('../../lib/runtime/shop.ts');

beforeAll(async () => {
  world = await startWorld();
  ({ handler: members } = await import('../../functions/members.ts'));
  ({ handler: sales } = await import('../../functions/sales.ts'));
  shop = await import('../../lib/runtime/shop.ts');
}, 60_000);
afterAll(() => world.stop());
beforeEach(() => world.forget());

const enrol = (body: object) => call(members, 'POST /v1/members', { key: world.keys.pos, body });
const find = (query: Record<string, string>) => call(members, 'GET /v1/members', { key: world.keys.pos, query });
const get = (id: unknown) => call(members, 'GET /v1/members/{id}', { key: world.keys.pos, path: { id: String(id) } });
const patch = (id: unknown, body: object) =>
  call(members, 'PATCH /v1/members/{id}', { key: world.keys.staff, path: { id: String(id) }, body });
const erase = (id: unknown) =>
  call(members, 'DELETE /v1/members/{id}', { key: world.keys.admin, path: { id: String(id) } });
const journal = async (id: unknown) => {
  const { body } = await call(members, 'GET /v1/members/{id}/entries', {
    key: world.keys.staff,
    path: { id: String(id) },
    query: { limit: '200' },
  });
  return body.entries as { seq: number; kind: string; detail: Record<string, unknown> }[];
};

let people = 0;
const phone = () => {
  people += 1;
  return `+49160${String(20_000_000 + people)}`;
};

describe('enrolling', () => {
  it('makes a member, whom the journal knows', async () => {
    const number = phone();
    const said = await enrol({
      phone: number,
      email: 'Ada@Example.org',
      profile: { name: 'Ada', locale: 'de', birthday: '1990-02-28' },
      consents: { email: false },
    });
    expect(said).toMatchObject({
      status: 201,
      body: {
        identities: [
          { type: 'phone', value: number },
          { type: 'email', value: 'ada@example.org' },
        ],
        profile: { name: 'Ada', locale: 'de', birthday: '1990-02-28' },
        consents: {
          sms: { transactional: { granted: true, proof: 'enrolment', source: 'api' }, marketing: { granted: true } },
          email: { transactional: { granted: false, source: 'api' }, marketing: { granted: false } },
        },
        balance: 0,
        pending: 0,
        held: 0,
        lifetime: 0,
        tier: 'guest',
      },
    });
    expect((await journal(said.body.memberId)).map(({ kind }) => kind)).toEqual(['enrolled', 'consent', 'consent']);
    expect(await get(said.body.memberId)).toEqual({ ...said, status: 200 });
  });

  it('again is the same member, and the same answer', async () => {
    const someone = { phone: phone(), profile: { name: 'Grace' } };
    const first = await enrol(someone);
    expect(await enrol(someone)).toEqual({ ...first, status: 200 });
    expect(await journal(first.body.memberId)).toHaveLength(2);
  });

  it('by twenty at once is one member', async () => {
    const someone = { phone: phone(), email: 'twenty@example.org', card: '20-20-20' };
    const said = await Promise.all(Array.from({ length: 20 }, () => enrol(someone)));
    expect(new Set(said.map(({ body }) => body.memberId)).size).toBe(1);
    expect(said.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(said.filter(({ status }) => status === 200)).toHaveLength(19);
    const id = String(said[0]?.body.memberId);
    expect(checkMember(id, await shop.ledger().entries(id), await shop.ledger().account(id))).toBeUndefined();
    expect((await journal(id)).map(({ kind }) => kind)).toEqual(['enrolled', 'consent']);
  });

  it('reads a number without its country as one of the merchant’s', async () => {
    const { body } = await enrol({ phone: '0160 / 299 99 999' });
    expect(body.identities).toEqual([{ type: 'phone', value: '+4916029999999' }]);
    expect(await find({ phone: '0160 29999999' })).toMatchObject({ status: 200, body: { memberId: body.memberId } });
    // A plus that nobody escaped comes as a space.
    expect(await find({ phone: ' 4916029999999' })).toMatchObject({ status: 200 });
  });

  it('with a new identity beside a known one adds it to the member', async () => {
    const number = phone();
    const { body } = await enrol({ phone: number });
    const again = await enrol({
      phone: number,
      card: 'ADDED-1',
      ids: [{ source: 'shopify', id: '77' }],
      profile: { name: 'Lin' },
    });
    expect(again).toMatchObject({ status: 200, body: { memberId: body.memberId, profile: { name: 'Lin' } } });
    expect(await find({ card: 'added1' })).toMatchObject({ body: { memberId: body.memberId } });
    expect(await find({ source: 'shopify', id: '77' })).toMatchObject({ body: { memberId: body.memberId } });
  });

  it('with identities of two members is a conflict, which names their kinds', async () => {
    const [one, other] = [phone(), 'other@example.org'];
    await enrol({ phone: one });
    await enrol({ email: other });
    const said = await enrol({ phone: one, email: other });
    expect(said).toMatchObject({
      status: 409,
      body: { type: 'urn:stampbook:conflict', differences: ['phone', 'email'] },
    });
    expect(JSON.stringify(said.body)).not.toMatch(/example|49160/);
  });

  it('sends on its way what has waited for the new member', async () => {
    const number = phone();
    const fact: SaleFact = {
      type: 'sale',
      factId: 'shopify:order:1',
      source: 'shopify',
      occurredAt: new Date().toISOString(),
      identities: [
        { type: 'shopify', value: '1001' },
        { type: 'phone', value: number },
      ],
      orderId: '1',
      currency: 'EUR',
      netMinor: 1000,
      grossMinor: 1000,
      lines: [],
    };
    const { forIdentity } = await import('../../lib/runtime/waiting-room.ts');
    await shop.waitingRoom().put(fact, fact.identities.map(forIdentity), 30);
    await enrol({ phone: number });
    expect(world.sent('facts.fifo').map(({ body }) => JSON.parse(body))).toEqual([fact]);
    expect((await world.rows('program')).filter(({ pk }) => String(pk).startsWith('W#'))).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    ['nobody', { profile: { name: 'Nobody' } }, ['phone']],
    ['a wrong phone', { phone: '12' }, ['phone']],
    ['a wrong e-mail', { email: 'ada' }, ['email']],
    ['a birthday that never was', { card: '123', profile: { birthday: '2001-02-29' } }, ['profile.birthday']],
    ['a channel that there is not', { card: '123', consents: { fax: true } }, ['consents.fax']],
    ['an id of a word of ours', { ids: [{ source: 'phone', id: '1' }] }, ['ids.0.source']],
  ])('%s is named', async (_, body, expected) => {
    const said = await enrol(body);
    expect(said.status).toBe(400);
    expect((said.body.errors as { path: string }[]).map(({ path }) => path)).toEqual(expected);
  });
});

describe('finding', () => {
  it.each<[Record<string, string>, number]>([
    [{}, 400],
    [{ phone: '+4916012345678', email: 'ada@example.org' }, 400],
    [{ name: 'Ada' }, 400],
    [{ phone: '+4916099999999' }, 404],
    [{ email: 'nobody@example.org' }, 404],
    [{ source: 'shopify', id: '404' }, 404],
  ])('%j: %i', async (query, status) => {
    expect((await find(query)).status).toBe(status);
  });

  it('leaves out points whose day is over', async () => {
    const number = phone();
    const { body } = await enrol({ phone: number });
    const occurredAt = new Date(Date.now() - 399 * 86_400_000).toISOString();
    await call(sales, 'POST /v1/sales', {
      key: world.keys.pos,
      body: { orderId: 'old', member: { phone: number }, occurredAt, total: '9.00', currency: 'EUR' },
    });
    const account = await shop.ledger().account(String(body.memberId));
    const said = await get(body.memberId);
    expect(Number(said.body.balance)).toBeLessThanOrEqual(Number(account?.available));
  });
});

describe('changing', () => {
  it('replaces what is told, takes away what is null, and leaves the rest', async () => {
    const number = phone();
    const { body } = await enrol({ phone: number, card: 'CHANGE-1', profile: { name: 'Ada', locale: 'en' } });
    const moved = phone();
    const said = await patch(body.memberId, {
      phone: moved,
      card: null,
      profile: { name: null, birthday: '1815-12-10' },
      consents: { sms: false },
      consentProof: 'asked at the till',
    });
    expect(said).toMatchObject({
      status: 200,
      body: {
        identities: [{ type: 'phone', value: moved }],
        profile: { locale: 'en', birthday: '1815-12-10' },
        consents: {
          sms: {
            transactional: { granted: false, proof: 'asked at the till' },
            marketing: { granted: false, proof: 'asked at the till' },
          },
        },
      },
    });
    expect(said.body.profile).not.toHaveProperty('name');
    expect((await find({ phone: number })).status).toBe(404);
    expect((await find({ card: 'CHANGE1' })).status).toBe(404);
    expect((await find({ phone: moved })).body.memberId).toBe(body.memberId);
    const kinds = (await journal(body.memberId)).map(({ kind }) => kind);
    expect(kinds).toEqual(['enrolled', 'consent', 'updated', 'consent']);
    // The identity that was given up is free.
    expect((await enrol({ phone: number })).body.memberId).not.toBe(body.memberId);
  });

  it('to what belongs to somebody else is a conflict, and changes nothing', async () => {
    const taken = phone();
    await enrol({ phone: taken });
    const { body } = await enrol({ phone: phone() });
    expect(await patch(body.memberId, { phone: taken, profile: { name: 'Eve' } })).toMatchObject({
      status: 409,
      body: { differences: ['phone'] },
    });
    expect((await get(body.memberId)).body).toEqual(body);
  });

  it('never to somebody who could not be found any more', async () => {
    const { body } = await enrol({ phone: phone() });
    expect(await patch(body.memberId, { phone: null })).toMatchObject({
      status: 409,
      body: { because: 'last-identity' },
    });
  });

  it('nothing, or nobody', async () => {
    const { body } = await enrol({ phone: phone() });
    expect((await patch(body.memberId, {})).status).toBe(400);
    expect((await patch('m_nobody', { profile: { name: 'x' } })).status).toBe(404);
  });
});

describe('erasing', () => {
  it('removes all that is personal, and leaves a journal that still verifies', async () => {
    const number = phone();
    const { body } = await enrol({ phone: number, email: 'erase@example.org', profile: { name: 'Forget Me' } });
    const id = String(body.memberId);
    await call(sales, 'POST /v1/sales', {
      key: world.keys.pos,
      body: { orderId: 'erased', member: { id }, total: '9.00', currency: 'EUR' },
    });
    const { forIdentity } = await import('../../lib/runtime/waiting-room.ts');
    const consent: ConsentFact = {
      type: 'consent',
      factId: 'c',
      source: 'twilio-sms',
      occurredAt: new Date().toISOString(),
      identities: [{ type: 'phone', value: number }],
      channel: 'sms',
      granted: false,
      proof: 'STOP',
    };
    await shop.waitingRoom().put(consent, consent.identities.map(forIdentity), 30);

    expect(await erase(id)).toMatchObject({ status: 204, body: {} });
    for (const table of ['members', 'program', 'accounts', 'entries'] as const) {
      expect(JSON.stringify(await world.rows(table))).not.toMatch(
        new RegExp(`erase@example|Forget|${number.slice(1)}`),
      );
    }
    expect((await get(id)).status).toBe(404);
    expect((await find({ phone: number })).status).toBe(404);
    expect((await journal(id)).map(({ kind }) => kind)).toEqual(['enrolled', 'consent', 'sale', 'erased']);
    expect(checkMember(id, await shop.ledger().entries(id), await shop.ledger().account(id))).toBeUndefined();
    expect(await erase(id)).toMatchObject({ status: 204 });
    expect(await journal(id)).toHaveLength(4);
    expect((await enrol({ phone: number })).body.memberId).not.toBe(id);
  });

  it('of nobody: 404; without the right: 403', async () => {
    expect((await erase('m_nobody')).status).toBe(404);
    expect(
      (await call(members, 'DELETE /v1/members/{id}', { key: world.keys.staff, path: { id: 'm_nobody' } })).status,
    ).toBe(403);
  });
});

describe('the journal', () => {
  it('comes in pages, in order, each once', async () => {
    const number = phone();
    const { body } = await enrol({ phone: number });
    for (let index = 0; index < 5; index += 1) {
      await call(sales, 'POST /v1/sales', {
        key: world.keys.pos,
        body: { orderId: `page-${index}`, member: { phone: number }, total: '1.00', currency: 'EUR' },
      });
    }
    const seqs: number[] = [];
    let after: string | undefined = '0';
    while (after !== undefined) {
      const { status, body: page }: Awaited<ReturnType<typeof call>> = await call(
        members,
        'GET /v1/members/{id}/entries',
        { key: world.keys.staff, path: { id: String(body.memberId) }, query: { after, limit: '3' } },
      );
      expect(status).toBe(200);
      seqs.push(...(page.entries as { seq: number }[]).map(({ seq }) => seq));
      after = page.next === undefined ? undefined : String(page.next);
    }
    expect(seqs).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it.each<Record<string, string>>([{ limit: '0' }, { limit: '201' }, { after: '-1' }, { after: 'x' }])(
    '%j is no page',
    async (query) => {
      const said = await call(members, 'GET /v1/members/{id}/entries', {
        key: world.keys.staff,
        path: { id: 'm_x' },
        query,
      });
      expect(said.status).toBe(400);
    },
  );

  it('of nobody: 404', async () => {
    expect(
      (await call(members, 'GET /v1/members/{id}/entries', { key: world.keys.staff, path: { id: 'm_nobody' } })).status,
    ).toBe(404);
  });
});
