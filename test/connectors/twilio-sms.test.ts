import { describe, expect, it } from '@jest/globals';
import { OptedOut, Permanent, Transient, Unauthorized, Unknown } from '../../lib/connectors/kit/errors.ts';
import { signUrlForm } from '../../lib/connectors/kit/url-form.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/twilio-sms/index.ts';
import type { Message } from '../../lib/loyalty/events.ts';
import { type Answer, contextOf } from './fixture.ts';
import { ACCOUNT, fixture, form, SID, send, status, text } from './fixtures/twilio-sms.ts';
import { type Call, type OpenApi, strays, straysAnswer } from './openapi.ts';
import { vendorSpec } from './vendor-specs.ts';

const { now } = fixture.source;
const { message } = fixture.channel;
const answer = fixture.channel.answer as Answer;

/** What Twilio would say, as far as its documents tell. */
function twilio({ optedOut = [] as string[], busy = 0, keys = [ACCOUNT, fixture.secret.authToken] } = {}) {
  const calls: Call[] = [];
  const refuse = (http: number, code: number, words: string) =>
    Response.json(
      { code, message: words, more_info: `https://www.twilio.com/docs/errors/${code}`, status: http },
      { status: http },
    );
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const headers = Object.fromEntries(new Headers(init?.headers));
    const call = { url: String(url), method: String(init?.method), headers, body: String(init?.body) };
    calls.push(call);
    if (headers.authorization !== `Basic ${Buffer.from(keys.join(':')).toString('base64')}`)
      return refuse(401, 20003, 'Authenticate');
    if (!headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
      return refuse(400, 20001, 'not a form');
    const sent = new URLSearchParams(call.body);
    if (sent.has('From') === sent.has('MessagingServiceSid')) return refuse(400, 21603, 'exactly one sender');
    if (sent.has('Body') === sent.has('ContentSid')) return refuse(400, 21619, 'exactly one text');
    const to = sent.get('To') ?? '';
    if (!/^\+[1-9]\d{6,14}$/.test(to)) return refuse(400, 21211, `The 'To' number ${to} is not a valid phone number.`);
    if (optedOut.includes(to)) return refuse(400, 21610, `Attempt to send to unsubscribed recipient ${to}`);
    if (calls.length <= busy) return refuse(429, 20429, 'Too Many Requests');
    return new Response(answer.body, { status: 201, headers: { 'content-type': answer.contentType } });
  };
  return { calls, fetch };
}

const sendTo = (fetch: typeof globalThis.fetch, change: Partial<Message> = {}) =>
  connector.roles.channel.send({ ...message, ...change }, contextOf(connector, fixture, { now, fetch }));
const failure = (fetch: typeof globalThis.fetch, change?: Partial<Message>) =>
  sendTo(fetch, change).then(
    () => 'it worked',
    (error: unknown) => error,
  );

describe('a text', () => {
  it('is one form, to one number, from the Messaging Service, with the address for its receipts', async () => {
    const { calls, fetch } = twilio();
    expect(await sendTo(fetch)).toEqual({ vendorId: SID });
    expect(calls.map(({ url, method }) => [method, url])).toEqual([
      ['POST', `https://api.twilio.com/2010-04-01/Accounts/${ACCOUNT}/Messages.json`],
    ]);
    expect(Object.fromEntries(new URLSearchParams(calls[0]?.body))).toEqual({
      To: '+4915112345678',
      Body: 'Kunstpause Club: 12 Punkte & ein Gruß.',
      MessagingServiceSid: fixture.settings.messagingServiceSid,
      ValidityPeriod: '14400',
      StatusCallback: 'https://api.example/webhooks/twilio-sms?m=m1.7.points.earned.sms',
    });
  });

  it('goes without receipts where nobody wants them', async () => {
    const { calls, fetch } = twilio();
    await sendTo(fetch, { receiptUrl: undefined } as unknown as Partial<Message>);
    expect(new URLSearchParams(calls[0]?.body).has('StatusCallback')).toBe(false);
  });

  it('goes with an API key where there is one, in the account’s own address', async () => {
    const key = { apiKeySid: 'SK00000000000000000000000000000009', apiKeySecret: 'the-secret-of-that-key' };
    const secret = connector.manifest.secret.parse({ ...fixture.secret, ...key });
    const { calls, fetch } = twilio({ keys: Object.values(key) });
    const around = contextOf(connector, fixture, { now, fetch, secret });
    expect(await connector.roles.channel.send(message, around)).toEqual({ vendorId: SID });
    expect(calls[0]?.url).toContain(`/Accounts/${ACCOUNT}/`);
    for (const half of [{ apiKeySid: key.apiKeySid }, { apiKeySecret: key.apiKeySecret }])
      expect(connector.manifest.secret.safeParse({ ...fixture.secret, ...half }).success).toBe(false);
  });

  it('waits its turn when Twilio is busy, and then goes', async () => {
    const { calls, fetch } = twilio({ busy: 1 });
    expect(await failure(fetch)).toBeInstanceOf(Transient);
    expect(await sendTo(fetch)).toEqual({ vendorId: SID });
    expect(calls.length).toBe(2);
  });

  it('does not go to one who opted out, and that is said apart', async () => {
    const error = await failure(twilio({ optedOut: [message.to] }).fetch);
    expect(error).toBeInstanceOf(OptedOut);
    expect(error).toBeInstanceOf(Permanent);
    expect((error as Error).message).toBe('Twilio answered 400, error 21610');
  });

  it('does not go to what is no number, and the number is not repeated', async () => {
    const error = await failure(twilio().fetch, { to: '030 901820' });
    expect(error).toBeInstanceOf(Permanent);
    expect((error as Error).message).toBe('Twilio answered 400, error 21211');
    expect((error as Error).cause).toBeUndefined();
  });

  it('does not go with the wrong credentials', async () => {
    expect(await failure(twilio({ keys: ['AC', 'other'] }).fetch)).toBeInstanceOf(Unauthorized);
  });

  it('does not go when it is too long, and Twilio is not asked', async () => {
    const { calls, fetch } = twilio();
    expect(await failure(fetch, { text: 'x'.repeat(1_601) })).toBeInstanceOf(Permanent);
    expect(calls).toEqual([]);
  });

  it.each([
    ['no JSON', 201, '<html>created</html>'],
    ['no name', 201, '{}'],
    ['an empty name', 201, '{"sid":""}'],
    ['nothing', 201, ''],
    ['null', 201, 'null'],
    ['a broken page', 502, '<html>'],
    [
      'an error in the newer form',
      500,
      '{"type":"https://www.twilio.com/docs/errors/20500","title":"x","status":500,"code":20500}',
    ],
  ])('may have gone when the answer is %s', async (_, http, body) => {
    expect(
      await failure(async () => new Response(body, { status: http, headers: { 'content-type': 'application/json' } })),
    ).toBeInstanceOf(Unknown);
  });

  it('may have gone when the answer breaks off', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error('reset')) });
    expect(await failure(async () => new Response(broken, { status: 201 }))).toBeInstanceOf(Unknown);
  });
});

describe('a text whose end is not known', () => {
  const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toUTCString();
  const listed = (change: object = {}) => ({
    ...(JSON.parse(answer.body) as object),
    date_created: hoursAgo(1),
    ...change,
  });
  const lookUp = (messages: object[], change: Partial<Message> = {}, calls: [string, RequestInit?][] = []) =>
    connector.roles.channel.find?.(
      { ...message, ...change },
      contextOf(connector, fixture, {
        now,
        fetch: async (url, init) => {
          calls.push([String(url), init]);
          return Response.json({ messages, page: 0, page_size: 100 });
        },
      }),
    );

  it('is looked for by its reader, and known by its words', async () => {
    const calls: [string, RequestInit?][] = [];
    const messages = [listed({ sid: 'SM2', body: 'Something else' }), listed()];
    expect(await lookUp(messages, {}, calls)).toEqual({ vendorId: SID });
    expect(calls.map(([url, init]) => [url, init?.method, init?.redirect])).toEqual([
      [
        `https://api.twilio.com/2010-04-01/Accounts/${ACCOUNT}/Messages.json?To=%2B4915112345678&PageSize=100`,
        undefined,
        'manual',
      ],
    ]);
  });

  it('is the newest of those with the same words, whatever became of it', async () => {
    const messages = [listed({ sid: 'SM2', status: 'failed' }), listed({ sid: 'SM3', date_created: hoursAgo(3) })];
    expect(await lookUp(messages)).toEqual({ vendorId: 'SM2' });
  });

  it('is known with the plainer marks that a Messaging Service puts in', async () => {
    const messages = [listed({ body: "It's 12 points - and... more" })];
    expect(await lookUp(messages, { text: 'It’s 12\u00a0points – and… more' })).toEqual({ vendorId: SID });
    expect(await lookUp(messages, { text: 'It’s 13 points – and… more' })).toBeUndefined();
  });

  it.each([
    ['nothing', []],
    ['other words', [listed({ body: '13 Punkte' })]],
    ['the same words two days ago', [listed({ date_created: hoursAgo(48) })]],
    ['the same words, from another service', [listed({ messaging_service_sid: 'MG2' })]],
    ['the same words, from the member', [listed({ direction: 'inbound' })]],
  ])('was not sent when Twilio has %s', async (_, messages) => expect(await lookUp(messages)).toBeUndefined());

  it.each([
    ['Twilio keeps no words', [listed({ body: '' })]],
    ['there is too much to look through', Array.from({ length: 100 }, () => listed({ body: 'x' }))],
  ])('nobody can tell when %s', (_, messages) => expect(lookUp(messages)).rejects.toThrow(Permanent));

  it('is looked for again after an answer that breaks off', async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError('terminated')) });
    const around = contextOf(connector, fixture, { now, fetch: async () => new Response(broken) });
    await expect(connector.roles.channel.find?.(message, around)).rejects.toThrow(Transient);
  });

  it.each([
    [500, Transient],
    [429, Transient],
    [401, Unauthorized],
    [404, Permanent],
    [200, Permanent],
  ])('is looked for again, or not, after a %d', async (http, kind) => {
    const around = contextOf(connector, fixture, { now, fetch: async () => new Response('down', { status: http }) });
    const error = await connector.roles.channel.find?.(message, around).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(String(error)).not.toContain(message.to);
  });
});

const document = vendorSpec<OpenApi>('twilio-sms.json');
(document ? describe : describe.skip)('against Twilio’s own document', () => {
  const api = document as OpenApi;
  const template = '/2010-04-01/Accounts/{AccountSid}/Messages.json';

  it('every request is one that it describes', async () => {
    const { calls, fetch } = twilio({ busy: 1 });
    await failure(fetch);
    await sendTo(fetch);
    await sendTo(fetch, { text: 'Grüße 💥\n&=+%' });
    expect(calls.flatMap((call) => strays(api, call))).toEqual([]);
    expect(calls.length).toBe(3);
  });

  it('and our fake answers what Twilio would', () => {
    expect(straysAnswer(api, template, 'post', 201, JSON.parse(answer.body))).toEqual([]);
  });

  it('which tells a wrong one from a right one', async () => {
    const { calls, fetch } = twilio();
    await sendTo(fetch);
    const [call] = calls as [Call];
    for (const wrong of [
      { ...call, method: 'PUT' },
      { ...call, url: call.url.replace('Messages', 'Message') },
      { ...call, url: call.url.replace('https://api', 'https://apy') },
      { ...call, url: call.url.replace(ACCOUNT, 'AC1') },
      { ...call, headers: { ...call.headers, 'content-type': 'application/json' } },
      { ...call, body: `${call.body}&Text=x` },
      { ...call, body: call.body.replace('To=', 'Too=') },
      { ...call, body: call.body.replace('ValidityPeriod=14400', 'ValidityPeriod=soon') },
      { ...call, body: call.body.replace('=MG', '=MX') },
    ])
      expect(strays(api, wrong)).not.toEqual([]);
  });
});

describe('the credentials', () => {
  const services = vendorSpec<OpenApi>('twilio-messaging-services.json');
  const checked = (status: number, body: object = {}) => {
    const calls: Call[] = [];
    const fetch: typeof globalThis.fetch = async (url, init) => {
      const headers = Object.fromEntries(new Headers(init?.headers));
      calls.push({ url: String(url), method: String(init?.method), headers, body: '' });
      return Response.json(body, { status });
    };
    return { calls, said: connector.check?.(contextOf(connector, fixture, { now, fetch })) };
  };

  it('are good when Twilio shows the service that sends', async () => {
    const { calls, said } = checked(200, { friendly_name: 'Café', account_sid: ACCOUNT });
    expect(await said).toBe(`Messaging Service Café of ${ACCOUNT}`);
    expect(calls[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from(`${ACCOUNT}:${fixture.secret.authToken}`).toString('base64')}`,
    );
    if (services) expect(calls.flatMap((call) => strays(services, call))).toEqual([]);
  });

  it.each([
    ['the token is another', 401, Unauthorized],
    ['the service is somebody else’s', 404, Unauthorized],
  ])('are not when %s', async (_, status, kind) => {
    await expect(checked(status).said).rejects.toBeInstanceOf(kind);
  });

  it('are not known while Twilio does not answer', async () => {
    await expect(checked(503).said).rejects.toBeInstanceOf(Transient);
  });
});

describe('what Twilio tells', () => {
  const context = contextOf(connector, fixture, { now });
  const { verify, translate } = connector.roles.source;
  const told = (body: string) => translate(send(body) as unknown as Verified, context);
  const identities = [{ type: 'phone', value: '+4915112345678' }];

  it.each([
    ['accepted', 'accepted'],
    ['queued', 'accepted'],
    ['scheduled', 'accepted'],
    ['sending', 'accepted'],
    ['sent', 'sent'],
    ['delivered', 'delivered'],
    ['partially_delivered', 'delivered'],
    ['read', 'read'],
    ['undelivered', 'failed'],
    ['failed', 'failed'],
    ['canceled', 'failed'],
  ])('a text is %s: a receipt, %s', (theirs, ours) => {
    expect(told(status(theirs))).toEqual([
      {
        type: 'receipt',
        source: 'twilio-sms',
        factId: `twilio-sms:${SID}:${theirs}`,
        occurredAt: now.toISOString(),
        identities,
        vendorId: SID,
        status: ours,
      },
    ]);
  });

  it.each(['receiving', 'received', 'teleported', 'constructor', ''])('a status %j is nothing for us', (theirs) =>
    expect(told(status(theirs))).toEqual([]),
  );

  it('a text failed since its reader had opted out: that is a consent withdrawn, too', () => {
    expect(told(status('failed', { ErrorCode: '21610' }))).toMatchObject([
      { type: 'receipt', status: 'failed', reason: 'Twilio error 21610' },
      { type: 'consent', channel: 'sms', granted: false, identities },
    ]);
  });

  it.each(['STOP', 'stop', ' Stop\n', 'UNSUBSCRIBE', 'END', 'QUIT', 'STOPALL', 'REVOKE', 'OPTOUT', 'CANCEL'])(
    '%j withdraws the consent',
    (word) => {
      expect(told(text(word))).toMatchObject([
        { type: 'consent', channel: 'sms', granted: false, identities, proof: `STOP in message ${SID}` },
      ]);
    },
  );

  it.each(['START', 'yes', 'Unstop'])('%j gives it', (word) =>
    expect(told(text(word))).toMatchObject([{ type: 'consent', channel: 'sms', granted: true, identities }]),
  );

  it('a merchant’s own word counts where Twilio says what it means', () => {
    expect(told(text('GENUG', { OptOutType: 'STOP' }))).toMatchObject([{ type: 'consent', granted: false }]);
    expect(told(text('DOCH', { OptOutType: 'START' }))).toMatchObject([{ type: 'consent', granted: true }]);
    expect(told(text('HILFE', { OptOutType: 'HELP' }))).toEqual([]);
  });

  it.each(['HELP', 'info', '', '  '])('%j is nothing for us: Twilio answers it, or nobody', (word) =>
    expect(told(text(word))).toEqual([]),
  );

  it.each(['Please stop sending', 'STOP!', 'POINTS', 'REDEEM 500', 'Ja & gerne = 💥'])('%j is a reply', (words) => {
    expect(told(text(words))).toEqual([
      {
        type: 'reply',
        source: 'twilio-sms',
        factId: `twilio-sms:${SID}`,
        occurredAt: now.toISOString(),
        identities,
        channel: 'sms',
        text: words,
      },
    ]);
  });

  it('a reply is cut to what a fact can hold', () =>
    expect(told(text('x'.repeat(3_000)))).toMatchObject([{ text: 'x'.repeat(2_000) }]));

  it.each(['AMAZON', '12345', ''])('from %j comes nothing: machines are no members', (From) =>
    expect(told(text('STOP', { From }))).toEqual([]),
  );

  it('on WhatsApp it is about WhatsApp', () => {
    expect(told(text('STOP', { From: 'whatsapp:+4915112345678' }))).toMatchObject([
      { channel: 'whatsapp', identities },
    ]);
  });

  it.each([
    ['no name', form({ MessageStatus: 'sent' })],
    ['a name of something else', status('sent', { MessageSid: 'CA00000000000000000000000000000001' })],
    ['no sender', form({ MessageSid: SID, Body: 'x' })],
  ])('with %s is parked', (_, body) => expect(() => told(body)).toThrow(Permanent));

  it('that is neither a status nor a text is nothing for us', () => expect(told(form({ CallSid: 'CA1' }))).toEqual([]));

  it('names our message where the address of the receipts does, which is signed', () => {
    const body = status('delivered');
    const at = (query: string) => {
      const url = `https://api.example/webhooks/twilio-sms${query}`;
      const signature = signUrlForm(url, Buffer.from(body), fixture.secret.authToken);
      const request = { ...send(body), url, headers: { 'x-twilio-signature': signature } };
      return translate(verify(request, context) as Verified, context) as readonly { messageId?: string }[];
    };
    expect(at('?m=m1.7.points.earned%20x')[0]?.messageId).toBe('m1.7.points.earned x');
    for (const query of ['', '?m=', `?m=${'x'.repeat(201)}`]) expect(at(query)[0]).not.toHaveProperty('messageId');
  });

  it('is answered with what Twilio reads: nothing to say to a text, nothing at all to a receipt', () => {
    const answered = (body: string, http = 200) => connector.roles.source.answer?.(send(body), http);
    expect(answered(text('POINTS'))).toEqual({ status: 200, body: '<Response/>', contentType: 'text/xml' });
    expect(answered(status('delivered'))).toMatchObject({ status: 204, body: '' });
    for (const http of [401, 413, 503]) expect(answered(text('POINTS'), http)).toBeUndefined();
  });

  it('is proven by either token, over the registered address and the query as it came', () => {
    for (const key of [fixture.secret.authToken, fixture.secret.secondaryAuthToken ?? ''])
      expect(verify(send(text('x'), { key }), context)).toBeDefined();
    const url = 'https://api.example/webhooks/twilio-sms?m=1';
    const body = Buffer.from(text('x'));
    const request = { ...send(text('x')), url };
    expect(() => verify(request, context)).toThrow();
    expect(
      verify(
        {
          ...request,
          headers: { ...request.headers, 'x-twilio-signature': signUrlForm(url, body, fixture.secret.authToken) },
        },
        context,
      ),
    ).toBeDefined();
  });
});
