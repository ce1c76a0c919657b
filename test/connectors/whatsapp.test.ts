import { describe, expect, it } from '@jest/globals';
import { NotNow, OptedOut, Permanent, Transient, Unauthorized, Unknown } from '../../lib/connectors/kit/errors.ts';
import { PartlyRead } from '../../lib/connectors/kit/facts.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/whatsapp/index.ts';
import type { Message } from '../../lib/loyalty/events.ts';
import { type Answer, contextOf } from './fixture.ts';
import {
  ACCOUNT,
  change,
  fixture,
  incoming,
  PHONE_NUMBER,
  preference,
  send,
  status,
  TOKEN,
  text,
  WAMID,
} from './fixtures/whatsapp.ts';
import { loosened } from './fixtures/whatsapp-document.ts';
import { type Call, type OpenApi, strays, straysAnswer } from './openapi.ts';
import { vendorSpec } from './vendor-specs.ts';

const { now } = fixture.source;
const { message } = fixture.channel;
const answer = fixture.channel.answer as Answer;
const HOUR_MS = 3_600_000;
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * HOUR_MS).toISOString();

/** What Meta would say, as far as its documents tell. */
function meta({
  busy = 0,
  token = TOKEN,
  open = false,
  templates = { points_earned: 2 } as Record<string, number>,
} = {}) {
  const calls: Call[] = [];
  const refuse = (http: number, code: number) =>
    Response.json(
      { error: { message: `(#${code}) about ${message.to}`, type: 'OAuthException', code, fbtrace_id: 'x' } },
      { status: http },
    );
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const headers = Object.fromEntries(new Headers(init?.headers));
    const call = { url: String(url), method: String(init?.method), headers, body: String(init?.body ?? '') };
    calls.push(call);
    if (headers.authorization !== `Bearer ${token}`) return refuse(401, 190);
    if (calls.length <= busy) return refuse(429, 130_429);
    if (call.url.endsWith('/message_templates'))
      return Response.json({ data: [{ name: 'points_earned', status: 'APPROVED' }, { status: 'REJECTED' }] });
    if (call.url.endsWith('/subscribed_apps')) return Response.json({ success: true });
    const sent = JSON.parse(call.body) as {
      type: string;
      template?: { name: string; components?: { parameters: unknown[] }[] };
    };
    if (sent.type === 'text' && !open) return refuse(400, 131_047);
    if (sent.template) {
      const parameters = templates[sent.template.name];
      if (parameters === undefined) return refuse(404, 132_001);
      if ((sent.template.components?.[0]?.parameters.length ?? 0) !== parameters) return refuse(400, 132_000);
    }
    return new Response(answer.body, { status: 200, headers: { 'content-type': answer.contentType } });
  };
  return { calls, fetch };
}

const sendTo = (fetch: typeof globalThis.fetch, change: Partial<Message> = {}, settings = {}) =>
  connector.roles.channel.send(
    { ...message, ...change },
    contextOf(connector, { ...fixture, settings: { ...fixture.settings, ...settings } }, { now, fetch }),
  );
const failure = (fetch: typeof globalThis.fetch, change?: Partial<Message>) =>
  sendTo(fetch, change).then(
    () => 'it worked',
    (error: unknown) => error,
  );
const bodyOf = (call: Call | undefined) => JSON.parse(call?.body ?? '') as Record<string, unknown>;
const answering =
  (http: number, body: unknown, headers = {}) =>
  async () =>
    new Response(typeof body === 'string' ? body : JSON.stringify(body), { status: http, headers });
const withError = (code: number, more: object = {}) => ({ error: { message: 'x', type: 'x', code, ...more } });

describe('a message', () => {
  it('is a template, in the member’s language, where the member has not written', async () => {
    const { calls, fetch } = meta();
    expect(await sendTo(fetch)).toEqual({ vendorId: WAMID });
    expect(calls.map(({ url, method }) => [method, url])).toEqual([
      ['POST', `https://graph.facebook.com/v26.0/${PHONE_NUMBER}/messages`],
    ]);
    expect(bodyOf(calls[0])).toEqual({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: '4915112345678',
      type: 'template',
      template: {
        name: 'points_earned',
        language: { code: 'de', policy: 'deterministic' },
        components: [
          {
            type: 'body',
            parameters: [
              { type: 'text', text: 'Kunstpause Club' },
              { type: 'text', text: '12' },
            ],
          },
        ],
      },
      biz_opaque_callback_data: 'm1.7.points.earned',
    });
  });

  it('is free text for a day after the member’s last word, with or without a template', async () => {
    for (const template of [message.template, undefined]) {
      const { calls, fetch } = meta({ open: true });
      await sendTo(fetch, { heardAt: hoursAgo(23), template } as Partial<Message>);
      expect(bodyOf(calls[0])).toMatchObject({ type: 'text', text: { body: message.text, preview_url: false } });
      expect(bodyOf(calls[0]).template).toBeUndefined();
    }
  });

  it('is a template again when the day is nearly over: it takes time to get there', async () => {
    const { calls, fetch } = meta();
    await sendTo(fetch, { heardAt: hoursAgo(24 - 4 / 60) });
    expect(bodyOf(calls[0])).toMatchObject({ type: 'template' });
  });

  it.each([undefined, hoursAgo(24), hoursAgo(48)])(
    'is not for now without a template, when the member last wrote at %s: WhatsApp is not asked',
    async (heardAt) => {
      const { calls, fetch } = meta();
      const error = await failure(fetch, { template: undefined, heardAt } as unknown as Partial<Message>);
      expect(error).toBeInstanceOf(NotNow);
      expect(calls).toEqual([]);
    },
  );

  it.each([
    ['en', 'en_US'],
    ['pt-BR', 'pt_BR'],
    ['fr', 'fr'],
  ])('in %s asks for the template in %s', async (locale, code) => {
    const { calls, fetch } = meta();
    await sendTo(fetch, { locale });
    expect(bodyOf(calls[0])).toMatchObject({ template: { language: { code } } });
  });

  it('fills a template with what it can hold: no line breaks, no rows of spaces, never nothing', async () => {
    const { calls, fetch } = meta({ templates: { t: 2 } });
    await sendTo(fetch, { template: { name: 't', values: [' two\nlines     here\t', ''] } });
    expect(bodyOf(calls[0])).toMatchObject({
      template: { components: [{ parameters: [{ text: 'two lines here' }, { text: '–' }] }] },
    });
  });

  it('fills nothing where nothing is to be filled', async () => {
    const { calls, fetch } = meta({ templates: { t: 0 } });
    await sendTo(fetch, { template: { name: 't', values: [] } });
    expect(bodyOf(calls[0]).template).not.toHaveProperty('components');
  });

  it('goes to people without a number by the id that Meta gives them', async () => {
    const { calls, fetch } = meta();
    await sendTo(fetch, { to: 'DE.13491208655302741918' });
    expect(bodyOf(calls[0])).toMatchObject({ recipient: 'DE.13491208655302741918' });
    expect(bodyOf(calls[0])).not.toHaveProperty('to');
  });

  it('waits its turn when WhatsApp is busy, and then goes', async () => {
    const { calls, fetch } = meta({ busy: 1 });
    expect(await failure(fetch)).toBeInstanceOf(Transient);
    expect(await sendTo(fetch)).toEqual({ vendorId: WAMID });
    expect(calls.length).toBe(2);
  });

  it('does not go when it is too long, and WhatsApp is not asked', async () => {
    const { calls, fetch } = meta({ open: true });
    expect(await failure(fetch, { heardAt: hoursAgo(1), text: 'x'.repeat(4_097) })).toBeInstanceOf(Permanent);
    expect(calls).toEqual([]);
  });

  it('that WhatsApp takes for later, or holds back to look at it, has gone: what becomes of it is told', async () => {
    for (const message_status of ['accepted', 'held_for_quality_assessment', 'paused'])
      expect(await sendTo(answering(200, { messages: [{ id: WAMID, message_status }] }))).toEqual({ vendorId: WAMID });
  });
});

describe('an error of Meta’s', () => {
  it.each([
    [429, 130_429, Transient],
    [400, 131_056, Transient],
    [500, 131_000, Transient],
    [500, 2, Transient],
    [400, 4, Transient],
    [400, 80_007, Transient],
    [400, 131_047, NotNow],
    [400, 131_049, NotNow],
    [400, 131_050, OptedOut],
    [400, 131_026, Permanent],
    [404, 132_001, Permanent],
    [400, 132_000, Permanent],
    [400, 100, Permanent],
    [401, 190, Unauthorized],
    [400, 190, Unauthorized],
    [403, 10, Unauthorized],
    [400, 200, Unauthorized],
    [500, 1, Unknown],
    [503, 999_999, Unknown],
  ])('%d with %d', async (http, code, kind) => {
    const error = await failure(answering(http, withError(code)));
    expect(error).toBeInstanceOf(kind);
    if (kind !== Unknown) expect((error as Error).message).toBe(`WhatsApp answered ${http}, error ${code}`);
  });

  it('says no to advertising only where somebody has stopped that', async () => {
    expect(await failure(answering(400, withError(131_050)))).toMatchObject({ purpose: 'marketing' });
  });

  it('is taken at its word when it says that it will pass', async () => {
    expect(await failure(answering(500, withError(1, { is_transient: true })))).toBeInstanceOf(Transient);
    expect(await failure(answering(500, withError(1, { is_transient: false })))).toBeInstanceOf(Unknown);
  });

  it('is found in a 200, too', async () => {
    expect(await failure(answering(200, withError(131_026)))).toBeInstanceOf(Permanent);
    expect(await failure(answering(200, withError(131_047)))).toBeInstanceOf(NotNow);
  });

  it('about too many to one person is tried again some seconds later, or when it says', async () => {
    expect(await failure(answering(400, withError(131_056)))).toMatchObject({ retryAfterSeconds: 6 });
    expect(await failure(answering(400, withError(131_056), { 'retry-after': '60' }))).toMatchObject({
      retryAfterSeconds: 60,
    });
  });

  it.each([
    ['no JSON', '<html>created</html>'],
    ['no name', '{"messages":[{}]}'],
    ['no message', '{"messages":[]}'],
    ['an empty name', '{"messages":[{"id":""}]}'],
    ['nothing', ''],
    ['null', 'null'],
  ])('or no error: a message may have gone when the answer is %s', async (_, body) =>
    expect(await failure(answering(200, body))).toBeInstanceOf(Unknown),
  );

  it('or none at all: it may have gone when the answer breaks off', async () => {
    const broken = () => new ReadableStream({ start: (controller) => controller.error(new Error('reset')) });
    expect(await failure(async () => new Response(broken(), { status: 200 }))).toBeInstanceOf(Unknown);
  });
});

const described = vendorSpec<OpenApi>('whatsapp.json');
(described ? describe : describe.skip)('against Meta’s own document', () => {
  const api = described ? loosened(described) : ({} as OpenApi);
  const hook = 'https://api.example/webhooks/whatsapp';

  it('every request is one that it describes', async () => {
    const { calls, fetch } = meta({ open: true, busy: 1, templates: { points_earned: 2, t: 0 } });
    const around = contextOf(connector, fixture, { now, fetch });
    await failure(fetch);
    await sendTo(fetch);
    await sendTo(fetch, { template: { name: 't', values: [] } });
    await sendTo(fetch, { heardAt: hoursAgo(1), text: 'Grüße 💥\n&=+%' });
    await connector.check?.(around);
    await connector.roles.source.subscribe?.(hook, around);
    expect(calls.flatMap((call) => strays(api, call))).toEqual([]);
    expect(calls.length).toBe(6);
  });

  it('and our fake answers what Meta would', () => {
    const template = '/{Version}/{Phone-Number-ID}/messages';
    expect(straysAnswer(api, template, 'post', 200, JSON.parse(answer.body))).toEqual([]);
  });

  it('which tells a wrong one from a right one', async () => {
    const { calls, fetch } = meta();
    await sendTo(fetch);
    const [call] = calls as [Call];
    for (const wrong of [
      { ...call, method: 'PUT' },
      { ...call, url: call.url.replace('messages', 'message') },
      { ...call, headers: { ...call.headers, authorization: 'Basic x' } },
      { ...call, body: call.body.replace('"individual"', '"person"') },
      { ...call, body: call.body.replace('deterministic', 'fallback') },
      { ...call, body: call.body.replace('"template":{', '"templates":{') },
      { ...call, body: call.body.replace('"name"', '"nom"') },
    ])
      expect(strays(api, wrong)).not.toEqual([]);
  });
});

describe('an account', () => {
  it('is known by its number and by what Meta has approved', async () => {
    const { calls, fetch } = meta();
    expect(await connector.check?.(contextOf(connector, fixture, { now, fetch }))).toBe(
      `WhatsApp Business Account ${ACCOUNT}, 1 approved templates`,
    );
    expect(calls[0]?.method).toBe('GET');
  });

  it('refuses credentials that are not its own', async () => {
    const { fetch } = meta({ token: 'another' });
    await expect(connector.check?.(contextOf(connector, fixture, { now, fetch }))).rejects.toThrow(Unauthorized);
  });

  it('is told to send to our address, with the token by which Meta can tell that it is ours', async () => {
    const { calls, fetch } = meta();
    const url = 'https://api.example/webhooks/whatsapp';
    expect(await connector.roles.source.subscribe?.(url, contextOf(connector, fixture, { now, fetch }))).toEqual([]);
    expect(bodyOf(calls[0])).toEqual({ override_callback_uri: url, verify_token: fixture.secret.verifyToken });
  });

  it('that will not, is a matter for staff', async () => {
    const around = contextOf(connector, fixture, { now, fetch: answering(200, { success: false }) });
    await expect(connector.roles.source.subscribe?.('https://x.example', around)).rejects.toThrow(Permanent);
  });
});

describe('Meta’s look at the address', () => {
  const context = contextOf(connector, fixture, { now });
  const look = (query: Record<string, string>, method = 'GET', around = context) =>
    connector.roles.source.handshake?.(
      {
        method,
        url: `https://api.example/webhooks/whatsapp?${new URLSearchParams(query)}`,
        headers: {},
        body: Buffer.alloc(0),
      },
      around,
    );
  const good = {
    'hub.mode': 'subscribe',
    'hub.verify_token': fixture.secret.verifyToken,
    'hub.challenge': '1158201444',
  };

  it('is answered with its own words', () =>
    expect(look(good)).toEqual({ status: 200, body: '1158201444', contentType: 'text/plain' }));

  it.each([
    ['another token', { ...good, 'hub.verify_token': 'another-text-of-its-own' }],
    ['no token', { 'hub.mode': 'subscribe', 'hub.challenge': '1' }],
    ['no challenge', { ...good, 'hub.challenge': '' }],
    ['a page for a challenge', { ...good, 'hub.challenge': '<script>' }],
  ])('is refused with %s', (_, query) => expect(() => look(query)).toThrow());

  it('is refused while the secret is not filled', () =>
    expect(() => look({ ...good, 'hub.verify_token': '' }, 'GET', { ...context, secret: {} as never })).toThrow());

  it('is none when it is something else', () => {
    expect(look(good, 'POST')).toBeUndefined();
    expect(look({})).toBeUndefined();
  });
});

describe('what WhatsApp tells', () => {
  const context = contextOf(connector, fixture, { now });
  const { translate, verify } = connector.roles.source;
  const told = (body: string) => translate(send(body) as unknown as Verified, context);
  const identities = [{ type: 'phone', value: '+4915112345678' }];

  it.each(['sent', 'delivered', 'read', 'failed'])('a message is %s: a receipt', (word) =>
    expect(told(status(word))).toEqual([
      {
        type: 'receipt',
        source: 'whatsapp',
        factId: `whatsapp:${WAMID}:${word}`,
        occurredAt: now.toISOString(),
        identities,
        vendorId: WAMID,
        status: word,
      },
    ]),
  );

  it.each(['deleted', 'warning', 'constructor', ''])('a status %j is nothing for us', (word) =>
    expect(told(status(word))).toEqual([]),
  );

  it('a receipt needs no number', () =>
    expect(told(status('read', { recipient_id: undefined, recipient_user_id: 'DE.1' }))).toMatchObject([
      { type: 'receipt', identities: [{ type: 'whatsapp', value: 'DE.1' }] },
    ]));

  it('a message failed since its reader has stopped marketing: that is a consent withdrawn, too', () =>
    expect(told(status('failed', { errors: [{ code: 131_050 }] }))).toMatchObject([
      { type: 'receipt', status: 'failed', reason: 'WhatsApp error 131050' },
      { type: 'consent', channel: 'whatsapp', purpose: 'marketing', granted: false, identities },
    ]));

  it.each(['STOP', 'stop', ' Stopp\n', 'Abmelden', 'BAJA', 'Arrêt', 'UNSUBSCRIBE'])(
    '%j withdraws the consent',
    (word) => {
      const [fact] = told(text(word)) as readonly object[];
      expect(fact).toMatchObject({ type: 'consent', channel: 'whatsapp', granted: false, identities });
      expect(fact).not.toHaveProperty('purpose');
    },
  );

  it.each(['START', 'Anmelden', 'alta'])('%j gives it', (word) =>
    expect(told(text(word))).toMatchObject([{ type: 'consent', channel: 'whatsapp', granted: true }]),
  );

  it.each(['Please stop sending', 'STOP!', 'POINTS', 'REDEEM 500', 'yes'])('%j is a reply', (words) =>
    expect(told(text(words))).toMatchObject([{ type: 'reply', channel: 'whatsapp', text: words, identities }]),
  );

  it('a choice from a list is a reply in its words', () => {
    const chosen = {
      type: 'interactive',
      interactive: { type: 'list_reply', list_reply: { id: '1', title: 'Coffee' } },
    };
    expect(told(incoming(chosen))).toMatchObject([{ type: 'reply', text: 'Coffee' }]);
    const pressed = { type: 'interactive', interactive: { button_reply: { id: '1', title: 'Points' } } };
    expect(told(incoming(pressed))).toMatchObject([{ type: 'reply', text: 'Points' }]);
  });

  it.each([
    ['a picture', { type: 'image', image: { id: '1' } }],
    ['a heart', { type: 'reaction', reaction: { emoji: '❤' } }],
    ['what WhatsApp cannot show', { type: 'unsupported', errors: [{ code: 131_051 }] }],
    ['nothing but spaces', { type: 'text', text: { body: '  ' } }],
  ])('%s is nothing for us', (_, message) => expect(told(incoming(message))).toEqual([]));

  it('somebody who goes by a name is known by the id that Meta gives', () => {
    const nameless = incoming({ from: undefined, type: 'text', text: { body: 'POINTS' } }, { user_id: 'DE.7' });
    expect(told(nameless)).toMatchObject([{ type: 'reply', identities: [{ type: 'whatsapp', value: 'DE.7' }] }]);
  });

  it('among several who wrote, nobody gets another one’s id', () => {
    const body = change({
      contacts: [
        { wa_id: '4915112345678', user_id: 'DE.1' },
        { wa_id: '4917700000000', user_id: 'DE.2' },
      ],
      messages: [
        { from: '4917700000000', id: 'wamid.2', timestamp: '1795255200', type: 'text', text: { body: 'A' } },
        { from: '4916000000000', id: 'wamid.3', timestamp: '1795255200', type: 'text', text: { body: 'B' } },
        { id: 'wamid.4', timestamp: '1795255200', type: 'text', text: { body: 'C' } },
      ],
    });
    expect(told(body)).toMatchObject([
      { text: 'A', identities: [{ value: '+4917700000000' }, { value: 'DE.2' }] },
      { text: 'B', identities: [{ value: '+4916000000000' }] },
    ]);
  });

  it('every message of every change of every entry is heard', () => {
    const parts = (body: string) => (JSON.parse(body) as { entry: [{ changes: unknown[] }] }).entry[0];
    const [one, two] = [parts(text('POINTS')), parts(status('read'))];
    const entry = [one, { ...two, changes: [...two.changes, ...one.changes] }];
    expect(told(JSON.stringify({ object: 'whatsapp_business_account', entry }))).toMatchObject([
      { type: 'reply' },
      { type: 'receipt' },
      { type: 'reply' },
    ]);
  });

  it('what is about another number of the account, or about another account, is nobody’s here', () => {
    const words = {
      messages: [{ from: '4915112345678', id: 'x', timestamp: '1', type: 'text', text: { body: 'STOP' } }],
    };
    expect(told(change(words, { number: '999999' }))).toEqual([]);
    const both = JSON.parse(text('POINTS')) as { entry: unknown[] };
    both.entry.push((JSON.parse(change(words, { account: '999999' })) as typeof both).entry[0]);
    const request = send(JSON.stringify(both));
    expect(translate(verify(request, context) as Verified, context)).toMatchObject([{ type: 'reply', text: 'POINTS' }]);
  });

  it.each([
    ['stop', false],
    ['resume', true],
  ])('%s of marketing is a consent for marketing alone', (value, granted) =>
    expect(told(preference(value))).toMatchObject([
      { type: 'consent', channel: 'whatsapp', purpose: 'marketing', granted, identities },
    ]),
  );

  it('and what is no choice of marketing is nothing; nor does anybody’s number stand in a name of ours', () => {
    expect(told(preference('stop', { category: 'calls' }))).toEqual([]);
    expect(told(preference('maybe'))).toEqual([]);
    expect(told(preference('stop', { wa_id: null }))).toEqual([]);
    expect(told(preference('stop', { wa_id: null, user_id: 'DE.7' }))).toHaveLength(1);
    const [first] = told(preference('stop')) as readonly { factId: string }[];
    const [later] = told(preference('stop', { timestamp: '1795255201' })) as readonly { factId: string }[];
    expect(first?.factId).not.toBe(later?.factId);
    expect(first?.factId).not.toContain('4915112345678');
  });

  it('a change of another kind is nothing for us', () =>
    expect(told(change({ x: 1 }, { field: 'message_template_status_update' }))).toEqual([]));

  it.each([
    ['no time', { timestamp: 'now' }],
    ['a time after all times', { timestamp: '253402300800' }],
    ['no name', { id: '' }],
  ])('with %s it is parked', (_, more) =>
    expect(() => told(incoming({ type: 'text', text: { body: 'x' }, ...more }))).toThrow(Permanent),
  );

  it('one that cannot be read keeps nobody from the others', () => {
    const { entry } = JSON.parse(text('x')) as { entry: { changes: { value: { messages: object[] } }[] }[] };
    const [message] = entry[0]?.changes[0]?.value.messages ?? [];
    const both = () => told(change({ messages: [{ ...message, timestamp: 'now' }, message] }));
    expect(both).toThrow(PartlyRead);
    expect(both).toThrow(expect.objectContaining({ facts: told(change({ messages: [message] })) }));
  });

  it('a secret of the app may be rotated', () => {
    const secret = { ...context.secret, appSecrets: ['new-secret-of-the-app', ...context.secret.appSecrets] };
    expect(verify(send(text('x')), { ...context, secret })).toBeDefined();
    expect(verify(send(text('x'), { key: 'new-secret-of-the-app' }), { ...context, secret })).toBeDefined();
  });

  it.each(['', 'sha1=', 'SHA256='])('a signature that begins with %j is none', (prefix) => {
    const genuine = send(text('x'));
    const hex = genuine.headers['x-hub-signature-256']?.slice(7);
    const request = { ...genuine, headers: { 'x-hub-signature-256': prefix + hex } };
    expect(() => verify(request, context)).toThrow();
  });
});
