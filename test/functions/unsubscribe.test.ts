import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fact } from '../../lib/loyalty/facts.ts';
import { unsubscribeUrl } from '../../lib/runtime/unsubscribe.ts';
import { call, deliver, startWorld, type World } from './world.ts';

let world: World;
let unsubscribe: Parameters<typeof call>[0];
let accrue: Parameters<typeof deliver>[0];
let shop: typeof import('../../lib/runtime/shop.ts');
let ada: string;

beforeAll(async () => {
  world = await startWorld((merchant) => ({ ...merchant, name: 'Café <b>&</b> Kunst' }));
  process.env.API_URL = 'https://api.example';
  ({ handler: unsubscribe } = await import('../../functions/unsubscribe.ts'));
  ({ handler: accrue } = await import('../../functions/accrue.ts'));
  shop = await import('../../lib/runtime/shop.ts');
  const told = { source: 'shopify', at: '2026-05-01T10:00:00.000Z' };
  const { enrolment } = await import('../../lib/runtime/enrolling.ts');
  const identities = [{ type: 'email', value: 'ada@example.org' }];
  await enrolment().enrol(identities, { profile: {}, consents: { email: true }, proof: 'form' }, told);
  ada = String(await shop.members().find({ type: 'email', value: 'ada@example.org' }));
}, 60_000);
afterAll(async () => {
  delete process.env.API_URL;
  await world.stop();
});
beforeEach(() => world.forget());

const linkFor = async (...asked: Parameters<typeof unsubscribeUrl>) => new URL(String(await unsubscribeUrl(...asked)));
const open = (link: URL, language = 'en-GB,de;q=0.5') =>
  call(unsubscribe, 'GET /v1/unsubscribe', {
    query: Object.fromEntries(link.searchParams),
    headers: { 'accept-language': language },
  });
const post = (link: URL, raw: string, more: object = {}) =>
  call(unsubscribe, 'POST /v1/unsubscribe', { query: Object.fromEntries(link.searchParams), raw, ...more });
const ONE_CLICK = 'List-Unsubscribe=One-Click';
const facts = () => world.sent('facts.fifo').map(({ body }) => JSON.parse(body) as Fact);
const saysYesTo = async () => {
  const { transactional, marketing } = (await shop.members().get(ada))?.consents.email ?? {};
  return { transactional: transactional?.granted, marketing: marketing?.granted };
};

describe('a link to unsubscribe', () => {
  it('says who, what, and nothing that is personal; and is the same each time', async () => {
    const link = await linkFor(ada, 'email', 'marketing');
    expect(link.origin + link.pathname).toBe('https://api.example/v1/unsubscribe');
    expect(Object.fromEntries(link.searchParams)).toEqual({
      m: ada,
      c: 'email',
      p: 'marketing',
      s: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(await linkFor(ada, 'email', 'marketing')).toEqual(link);
    // News of the own points are no part of it: who wants none of these wants nothing.
    expect((await linkFor(ada, 'email', 'transactional')).search).toBe((await linkFor(ada, 'email')).search);
  });

  it('is none where nobody knows the address', async () => {
    delete process.env.API_URL;
    expect(await unsubscribeUrl(ada, 'email')).toBeUndefined();
    process.env.API_URL = 'https://api.example';
  });

  it('only asks when it is opened, as scanners of mail do', async () => {
    const said = await open(await linkFor(ada, 'email', 'marketing'));
    expect(said.status).toBe(200);
    expect(said.body.text).toMatch(/What shall .* not send you by e-mail any more\?.*No more offers.*No more messages/);
    expect(facts()).toEqual([]);
    // Whose link is about everything has nothing to choose.
    expect((await open(await linkFor(ada, 'email'))).body.text).not.toMatch(/offers/);
  });

  it('says no by one POST of a mail program, without a key', async () => {
    const said = await post(await linkFor(ada, 'email', 'marketing'), ONE_CLICK);
    expect(said.status).toBe(200);
    expect(said.body.text).toMatch(/Done\..*no more offers by e-mail/);
    expect(facts()).toEqual([
      {
        type: 'consent',
        factId: expect.stringMatching(`^unsubscribe:${ada}:email:`),
        source: 'unsubscribe',
        occurredAt: expect.any(String),
        identities: [{ type: 'member', value: ada }],
        channel: 'email',
        purpose: 'marketing',
        granted: false,
        proof: 'the link of a message',
      },
    ]);
    await deliver(
      accrue,
      facts().map((body) => ({ body })),
    );
    expect(await saysYesTo()).toEqual({ transactional: true, marketing: false });
  });

  it('says no to all of it where the member chooses so', async () => {
    await post(await linkFor(ada, 'email', 'marketing'), 'no=all', { base64: true });
    await deliver(
      accrue,
      facts().map((body) => ({ body })),
    );
    expect(await saysYesTo()).toEqual({ transactional: false, marketing: false });
  });

  it('takes the form of a mail program as it comes', async () => {
    const form = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n';
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    expect((await post(await linkFor(ada, 'email'), form, { headers })).status).toBe(200);
    expect(facts()).toHaveLength(1);
  });

  it.each([
    ['of another member', { m: 'm_other' }],
    ['of another channel', { c: 'sms' }],
    ['of no channel', { c: 'pigeon' }],
    ['for more than it was made for', { p: undefined }],
    ['for something else', { p: 'transactional' }],
    ['with another signature', { s: 'A'.repeat(22) }],
    ['with half a signature', { s: 'AAAA' }],
    ['with letters that are none', { s: 'ä'.repeat(22) }],
    ['without a signature', { s: undefined }],
    ['without a member', { m: undefined }],
    ['with nothing at all', { m: undefined, c: undefined, p: undefined, s: undefined }],
  ])('%s is refused', async (_, change: Record<string, string | undefined>) => {
    const link = await linkFor(ada, 'email', 'marketing');
    for (const [name, value] of Object.entries(change))
      if (value === undefined) link.searchParams.delete(name);
      else link.searchParams.set(name, value);
    for (const said of [await open(link), await post(link, ONE_CLICK)]) {
      expect(said.status).toBe(400);
      expect(said.body.text).toMatch(/This link is not whole|Dieser Link/);
    }
    expect(facts()).toEqual([]);
  });

  it('is answered in the language of the browser, else of the merchant', async () => {
    const link = await linkFor(ada, 'email');
    expect((await open(link, 'de-AT,de;q=0.9')).body.text).toMatch(/<html lang="de">.*Gar keine Nachrichten mehr/);
    expect((await open(link, 'fr')).body.text).toMatch(/Plus aucun message/);
    expect((await open(link, 'es')).body.text).toMatch(/Ningún mensaje más/);
    expect((await open(link, 'nl')).body.text).toMatch(/No more messages at all/);
  });

  it('loads, runs and frames nothing, and takes the merchant’s name for text', async () => {
    const { headers, body } = await open(await linkFor(ada, 'email'));
    const [, style = ''] = /<style>(.*)<\/style>/.exec(String(body.text)) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers).toMatchObject({
      'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    expect(body.text).toContain('Café &lt;b&gt;&amp;&lt;/b&gt; Kunst');
    expect(body.text).not.toContain('<b>');
  });

  it('says so when it could not be done, and does it the next time', async () => {
    const link = await linkFor(ada, 'email');
    world.fail('SendMessageBatch', 1);
    const said = await post(link, ONE_CLICK);
    expect(said.status).toBe(500);
    expect(said.body.text).toMatch(/did not work/);
    expect((await post(link, ONE_CLICK)).status).toBe(200);
  });

  it('is good for whoever signs it first, also of two at once', async () => {
    const { openUnsubscribing } = await import('../../lib/runtime/unsubscribe.ts');
    const [one, other] = [0, 1].map(() => openUnsubscribing({ client: world.client, table: world.tables.program }));
    const what = { memberId: ada, channel: 'sms' } as const;
    const queries = await Promise.all([one?.queryFor(what), other?.queryFor(what)]);
    expect(new Set(queries).size).toBe(1);
  });
});
