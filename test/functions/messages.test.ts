import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openMessageTexts } from '../../lib/runtime/message-texts.ts';
import { use } from '../../merchants/merchant.ts';
import { call, startWorld, type World } from './world.ts';

let world: World;
let handler: Parameters<typeof call>[0];
let member: string;

beforeAll(async () => {
  world = await startWorld((cafe) => ({
    ...cafe,
    locales: ['en', 'de'],
    messages: { birthday: { en: 'Hooray, {{ name }}' }, 'points.earned': { it: '{{ points }} punti' } },
    connectors: [
      use('twilio-sms', { messagingServiceSid: 'MG0123456789abcdef0123456789abcdef' }, ['points.earned']),
      use('sendgrid', {
        from: { email: 'hello@kunstpause.example', name: 'Kunstpause' },
        groups: { marketing: 1 },
      }),
      use('slack', {}, ['points.redeemed']),
    ],
  }));
  const { handler: enrol } = await import('../../functions/members.ts');
  handler = (await import('../../functions/messages.ts')).handler;
  const { body } = await call(enrol, 'POST /v1/members', {
    key: world.keys.pos,
    body: { phone: '+491701234567', profile: { name: 'Grace', locale: 'de' } },
  });
  member = String(body.memberId);
}, 60_000);
afterAll(() => world.stop());
beforeEach(() => {
  world.forget();
  jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
});

type Key = keyof World['keys'];
const path = (kind: string, locale: string) => ({ kind, locale });
const get = (kind: string, locale: string, key: Key = 'staff') =>
  call(handler, 'GET /v1/messages/{kind}/{locale}', { key: world.keys[key], path: path(kind, locale) });
const put = (kind: string, locale: string, body: object, key: Key = 'admin') =>
  call(handler, 'PUT /v1/messages/{kind}/{locale}', { key: world.keys[key], path: path(kind, locale), body });
const remove = (kind: string, locale: string, key: Key = 'admin') =>
  call(handler, 'DELETE /v1/messages/{kind}/{locale}', { key: world.keys[key], path: path(kind, locale) });
const preview = (body: object, key: Key = 'staff') =>
  call(handler, 'POST /v1/messages/preview', { key: world.keys[key], body });
const test = (body: object, key: Key = 'admin') =>
  call(handler, 'POST /v1/messages/test', { key: world.keys[key], body });
const list = async () => {
  const { body } = await call(handler, 'GET /v1/messages', { key: world.keys.staff });
  return body.messages as { kind: string; locale: string; from: string; writtenAt?: string }[];
};
const overrides = () => openMessageTexts({ client: world.client, table: world.tables.program }).current();

describe('the words that members are told in', () => {
  it('are listed with who has written them', async () => {
    const listed = await list();
    const of = (kind: string) =>
      listed.filter((one) => one.kind === kind).map(({ locale, from }) => `${locale}: ${from}`);
    expect(of('birthday')).toEqual(['en: file', 'de: shipped']);
    expect(of('points.earned')).toEqual(['en: shipped', 'de: shipped', 'it: file']);
    expect(of('member.updated')).toEqual([]);
  });

  it('are shown whole, with what they may speak of', async () => {
    const { status, body } = await get('birthday', 'en');
    expect([status, body]).toEqual([
      200,
      {
        kind: 'birthday',
        locale: 'en',
        from: 'file',
        words: {
          // Which goes before our own SMS, that says how to end it.
          text: 'Hooray, {{ name }}',
          whatsapp: { template: 'birthday', values: ['{{ program }}', '{{ points | number }}'] },
          email: { subject: 'Happy birthday', text: expect.stringContaining('Hello') },
        },
        variables: expect.arrayContaining(['name', 'balance', 'points']),
        optional: [],
      },
    ]);
    expect((await get('points.earned', 'en')).body.optional).toEqual(['pending', 'nextExpiryOn']);
  });

  it.each([
    ['a kind that members do not hear of', 'member.updated', 'en', 400],
    ['a locale that is none', 'birthday', 'english', 400],
    ['a language that nothing is written in', 'birthday', 'ja', 404],
  ])('are not found for %s', async (_, kind, locale, status) => {
    expect((await get(kind, locale)).status).toBe(status);
  });

  it('are those of the nearest locale that has any', async () => {
    expect((await get('birthday', 'en-GB')).body).toMatchObject({
      locale: 'en-GB',
      from: 'file',
      words: { text: 'Hooray, {{ name }}' },
    });
  });

  it('are shown for answers too, in each of our languages', async () => {
    const listed = (await list()).filter(({ kind }) => kind === 'reply.given');
    expect(listed.map(({ locale, from }) => `${locale}: ${from}`)).toEqual([
      'en: shipped',
      'de: shipped',
      'es: shipped',
      'fr: shipped',
    ]);
    expect((await get('reply.given', 'fr')).body).toEqual({
      kind: 'reply.given',
      locale: 'fr',
      from: 'shipped',
      words: { text: expect.stringContaining('{{ code }}') },
      variables: ['merchant', 'program', 'name', 'lead', 'reward', 'code', 'validThrough', 'balance'],
      optional: ['validThrough'],
    });
  });

  it('are changed at once, by admins', async () => {
    const words = { text: 'Prima, {{ points | number }}!', email: { subject: 'Prima', text: 'Prima!' } };
    expect((await put('points.earned', 'de', words, 'staff')).status).toBe(403);
    const { status, body } = await put('points.earned', 'de', words);
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({ from: 'api', words: expect.objectContaining(words) }),
    ]);
    expect(await overrides()).toEqual({ 'points.earned': { de: words } });
    expect((await list()).filter(({ from }) => from === 'api')).toEqual([
      { kind: 'points.earned', locale: 'de', from: 'api', writtenAt: expect.any(String) },
    ]);
    // Written again, they take the place of the first.
    await put('points.earned', 'de', { sms: 'Prima!' });
    expect(await overrides()).toEqual({ 'points.earned': { de: { sms: 'Prima!' } } });
  });

  it('are as before when they are taken back, also twice', async () => {
    await put('birthday', 'en', { text: 'Cheers' });
    expect((await remove('birthday', 'en', 'staff')).status).toBe(403);
    for (const _ of [1, 2]) {
      const { status, body } = await remove('birthday', 'en');
      expect([status, body]).toEqual([
        200,
        { kind: 'birthday', locale: 'en', instead: expect.objectContaining({ from: 'file' }) },
      ]);
    }
    await put('birthday', 'ja', { text: 'おめでとう' });
    expect((await remove('birthday', 'ja')).body).toEqual({ kind: 'birthday', locale: 'ja' });
  });

  it.each<[string, object, string]>([
    ['nothing', {}, 'text'],
    ['an unknown channel', { text: 'x', fax: 'x' }, 'fax'],
    ['an unknown word', { text: '{{ adress }}' }, 'text'],
    ['an unknown filter', { email: { subject: 's', text: '{{ points | shout }}' } }, 'email.text'],
    ['what is not always there', { sms: '{{ nextExpiryOn }}' }, 'sms'],
    ['half an e-mail', { email: { subject: 's' } }, 'email.text'],
    ['a place that is empty at times', { whatsapp: { template: 't', values: ['{{ name }}'] } }, 'whatsapp.values.0'],
    ['too much', { text: 'x'.repeat(1_001) }, 'text'],
  ])('are refused with %s, and nothing is saved', async (_, words, field) => {
    const before = await overrides();
    const { status, body } = await put('points.earned', 'en', words);
    expect([status, (body.errors as { path: string }[]).map((fault) => fault.path)]).toEqual([400, [field]]);
    expect(await overrides()).toEqual(before);
  });
});

describe('a preview', () => {
  it('shows what arrives on each channel, and what an SMS costs', async () => {
    const { status, body } = await preview({ kind: 'points.earned', locale: 'en' });
    const channels = body.channels as { channel: string; text: string }[];
    expect([status, channels.map(({ channel }) => channel)]).toEqual([
      200,
      ['sms', 'email', 'whatsapp', 'messenger', 'chat', 'push'],
    ]);
    expect(channels[0]).toEqual({
      channel: 'sms',
      locale: 'en',
      text: 'Kunstpause Club: 42 points for you, 10 of them later. Balance: 1,290.',
      cost: { encoding: 'GSM-7', units: 69, segments: 1 },
    });
    expect(channels[1]).toMatchObject({
      subject: '42 points for you',
      html: expect.stringMatching(/^<!doctype html>/),
    });
    expect(channels[2]).toMatchObject({ template: { name: 'points_earned', values: ['42', '1,290'] } });
  });

  it('shows words that are not saved, and does not save them', async () => {
    const before = await overrides();
    const words = { text: 'Grüße — {{ points }} 🎉' };
    const { body } = await preview({ kind: 'birthday', locale: 'de', words });
    expect((body.channels as object[])[0]).toMatchObject({
      text: 'Grüße — 30 🎉',
      cost: { encoding: 'UCS-2', segments: 1 },
    });
    expect(await overrides()).toEqual(before);
  });

  it('of an answer shows the channels on which members write', async () => {
    const words = { text: 'Yours: {{ reward }}, {{ code }}' };
    const { body } = await preview({ kind: 'reply.given', locale: 'en', words });
    expect((body.channels as { channel: string; text: string }[]).map(({ channel, text }) => [channel, text])).toEqual(
      ['sms', 'whatsapp', 'messenger', 'chat', 'push'].map((channel) => [
        channel,
        'Yours: An espresso, 7HKQ4X-M3RYAN-9CWDTE',
      ]),
    );
    const without = await preview({ kind: 'reply.given', locale: 'en', words: { text: 'Yours!' } });
    expect([without.status, without.body.errors]).toEqual([
      400,
      [{ path: 'text', message: expect.stringMatching(/needs \{\{ code \}\}$/) }],
    ]);
  });

  it('says what is wrong with them', async () => {
    const { status, body } = await preview({ kind: 'birthday', locale: 'de', words: { text: '{{ nmae }}' } });
    expect([status, body.errors]).toEqual([
      400,
      [{ path: 'text', message: expect.stringMatching(/^speaks of "nmae"/) }],
    ]);
  });

  it('says so too where words are wrong by now that were right when they were saved', async () => {
    const saved = openMessageTexts({ client: world.client, table: world.tables.program });
    const words = { text: '{{ of_before }}' };
    await saved.put({ kind: 'anniversary', locale: 'de', words, at: new Date().toISOString(), keyId: 'k' });
    const real = Date.now;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => real() + 6_000);
    const { status, body } = await preview({ kind: 'anniversary', locale: 'de' });
    clock.mockRestore();
    await saved.remove('anniversary', 'de');
    expect([status, body.errors]).toEqual([
      400,
      [{ path: 'text', message: expect.stringMatching(/^speaks of "of_before"/) }],
    ]);
  });

  it('is in the merchant’s first language where there are no words in the one that was asked for', async () => {
    const { body } = await preview({ kind: 'birthday', locale: 'pt' });
    expect((body.channels as object[])[0]).toMatchObject({ locale: 'en' });
  });
});

describe('a test', () => {
  const asked = (more: object = {}) => ({
    kind: 'birthday',
    locale: 'en',
    member: { id: member },
    connector: 'twilio-sms',
    testId: 'try-1',
    ...more,
  });

  it('is sent to one member as an answer is, once for its id', async () => {
    expect((await test(asked(), 'staff')).status).toBe(403);
    const first = await test(asked({ words: { text: 'Hooray, {{ name }}: {{ points }}' } }));
    expect([first.status, first.body]).toEqual([
      202,
      { testId: 'try-1', memberId: member, connector: 'twilio-sms', text: 'Hooray, Grace: 30' },
    ]);
    await test(asked());
    const sent = world.sent('plan').map(({ body }) => JSON.parse(body) as { id: string });
    expect(sent[0]).toEqual({
      kind: 'answer',
      id: expect.stringMatching(/^test:.+:try-1$/),
      memberId: member,
      connector: 'twilio-sms',
      locale: 'en',
      text: 'Hooray, Grace: 30',
      purpose: 'transactional',
    });
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
  });

  it('shows an answer as well', async () => {
    const { status, body } = await test(
      asked({ kind: 'reply.help', testId: 'try-2', words: { sms: 'Ask us, {{ name }}' } }),
    );
    expect([status, body.text]).toEqual([202, 'Ask us, Grace']);
  });

  it.each<[string, object, number, object]>([
    [
      'with an answer by e-mail',
      { kind: 'reply.help', connector: 'sendgrid' },
      400,
      { errors: [{ path: 'connector', message: expect.stringMatching(/^takes no answers/) }] },
    ],
    [
      'by what reaches no member',
      { connector: 'slack' },
      400,
      { errors: [expect.objectContaining({ path: 'connector' })] },
    ],
    [
      'by what is not in use',
      { connector: 'whatsapp' },
      400,
      { errors: [expect.objectContaining({ path: 'connector' })] },
    ],
    [
      'in words with a fault',
      { words: { text: '{{ nmae }}' } },
      400,
      { errors: [expect.objectContaining({ path: 'text' })] },
    ],
    ['to nobody', { member: { phone: '+491709999999' } }, 404, { type: 'urn:stampbook:unknown-member' }],
    ['with nothing to say', { words: { text: '' } }, 409, { because: 'says-nothing' }],
  ])('is not sent %s', async (_, more, status, problem) => {
    const answer = await test(asked(more));
    expect(answer).toMatchObject({ status, body: problem });
    expect(world.sent('plan')).toEqual([]);
  });
});

describe('whoever writes to members reads the words', () => {
  it('anew only when they have changed, and seldom asks', async () => {
    let now = 0;
    let calls = 0;
    const counting = {
      send: (command: never) => {
        calls += 1;
        return world.client.send(command);
      },
    } as unknown as World['client'];
    const texts = openMessageTexts({ client: counting, table: world.tables.program, now: () => now });
    const first = await texts.current();
    expect(calls).toBe(2);
    await Promise.all([texts.current(), texts.current()]);
    expect(calls).toBe(2);
    now += 6_000;
    expect(await texts.current()).toBe(first);
    expect(calls).toBe(3);
    await put('birthday', 'de', { text: 'Hoch soll sie leben' });
    now += 6_000;
    expect((await texts.current()).birthday?.de).toEqual({ text: 'Hoch soll sie leben' });
    expect(calls).toBe(5);
  });

  it('asks again after an error', async () => {
    let broken = true;
    const flaky = {
      send: (command: never) => {
        if (broken) throw new Error('not now');
        return world.client.send(command);
      },
    } as unknown as World['client'];
    const texts = openMessageTexts({ client: flaky, table: world.tables.program });
    await expect(texts.current()).rejects.toThrow('not now');
    broken = false;
    expect(await texts.current()).toEqual(await overrides());
  });
});
