import { describe, expect, it } from '@jest/globals';
import { Permanent, Transient, Unauthorized, Unknown, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import { PartlyRead } from '../../lib/connectors/kit/facts.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/sendgrid/index.ts';
import type { Message } from '../../lib/loyalty/events.ts';
import { contextOf } from './fixture.ts';
import {
  API_KEY,
  event,
  events,
  FIELDS,
  fixture,
  LIST,
  member,
  OTHER_KEY,
  ours,
  send,
  shown,
  told,
} from './fixtures/sendgrid.ts';
import { loosened } from './fixtures/sendgrid-document.ts';
import { type Call, type OpenApi, strays, straysAnswer } from './openapi.ts';
import { vendorSpec } from './vendor-specs.ts';

const { now } = fixture.source;
const { message } = fixture.channel;

interface Contact {
  id: string;
  email?: string;
  alternate_emails?: string[];
  external_id?: string;
  phone_number_id?: string;
  anonymous_id?: string;
}
interface Sent {
  from?: { email: string };
  content?: unknown[];
  template_id?: string;
  contacts?: (Omit<Contact, 'id'> & { custom_fields: Record<string, unknown> })[];
  identifiers?: string[];
}

/** What SendGrid would say, as far as its documents and pages tell. */
function vendor({
  busy = 0,
  key = API_KEY,
  contacts = [] as Contact[],
  fields = FIELDS.map(([id, name]) => ({ id: id as string, name: name as string })),
  dislikes = '',
} = {}) {
  const calls: Call[] = [];
  const refuse = (http: number, field: string, headers: Record<string, string> = {}) =>
    Response.json({ errors: [{ message: `not good: ${message.to}`, field, help: null }] }, { status: http, headers });
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    const headers = Object.fromEntries(new Headers(init?.headers));
    const call = { url: url.href, method: String(init?.method), headers, body: String(init?.body ?? '') };
    calls.push(call);
    if (headers.authorization !== `Bearer ${key}`) return refuse(401, '');
    if (calls.length <= busy)
      return refuse(429, '', { 'x-ratelimit-reset': String(now.getTime() / 1000 + 42), 'x-ratelimit-remaining': '0' });
    const sent = (call.body ? JSON.parse(call.body) : {}) as Sent;
    const search = /\/search\/identifiers\/(email|external_id)$/.exec(url.pathname)?.[1] as 'email' | undefined;
    if (url.pathname === '/v3/mail/send') {
      if (!sent.from) return refuse(400, 'from');
      if (!sent.content && !sent.template_id) return refuse(400, 'content');
      return new Response(null, { status: 202, headers: { 'x-message-id': 'LRzXl_NHStOGhQ4kofSm_A' } });
    }
    if (url.pathname === '/v3/asm/groups')
      return Response.json([{ id: Number(url.searchParams.get('id')), name: 'Offers', description: 'x' }]);
    if (search) {
      const found = (sent.identifiers ?? []).flatMap((asked) => {
        const contact = contacts.find(
          (each) => each[search] === asked || (search === 'email' && each.alternate_emails?.includes(asked)),
        );
        return contact ? [[asked, { contact }] as const] : [];
      });
      return found.length > 0 ? Response.json({ result: Object.fromEntries(found) }) : refuse(404, '');
    }
    if (url.pathname.endsWith('/field_definitions')) {
      if (call.method === 'GET') return Response.json({ custom_fields: fields, reserved_fields: [] });
      const { name } = JSON.parse(call.body) as { name: string };
      fields.push({ id: `new_${name}`, name });
      return Response.json(fields.at(-1));
    }
    if (call.method === 'PUT' && sent.contacts?.some(({ email }) => email === dislikes))
      return refuse(400, 'contacts[0].email');
    return Response.json({ job_id: `job-${calls.length}` }, { status: 202 });
  };
  return { calls, fetch, fields };
}

const around = (fetch: typeof globalThis.fetch, settings: object = {}) =>
  contextOf(connector, { ...fixture, settings: { ...fixture.settings, ...settings } }, { now, fetch });
const sendTo = (fetch: typeof globalThis.fetch, change: Partial<Message> = {}, settings = {}) =>
  connector.roles.channel.send({ ...message, ...change }, around(fetch, settings));
const failure = (fetch: typeof globalThis.fetch, change?: Partial<Message>, settings?: object) =>
  sendTo(fetch, change, settings).then(
    () => 'it worked',
    (error: unknown) => error,
  );
const bodyOf = (call: Call | undefined) => JSON.parse(call?.body ?? '') as Record<string, unknown>;
const answering =
  (http: number, body: unknown, headers = {}) =>
  async () =>
    new Response(typeof body === 'string' ? body : JSON.stringify(body), { status: http, headers });
const without = (...names: (keyof Message)[]) => Object.fromEntries(names.map((name) => [name, undefined]));

describe('an e-mail', () => {
  it('goes to one reader, in words and in colours, with our name for it and a way out', async () => {
    const { calls, fetch } = vendor();
    expect(await sendTo(fetch)).toEqual({ vendorId: 'm1.7.points.earned' });
    expect(calls.map(({ url, method }) => [method, url])).toEqual([['POST', 'https://api.sendgrid.com/v3/mail/send']]);
    expect(bodyOf(calls[0])).toEqual({
      personalizations: [{ to: [{ email: 'ann@example.com' }], custom_args: { lid: 'm1.7.points.earned' } }],
      from: { email: 'club@kunstpause.example', name: 'Kunstpause Club' },
      subject: '12 Punkte',
      content: [
        { type: 'text/plain', value: message.text },
        { type: 'text/html', value: message.html },
      ],
      categories: ['points.earned'],
      asm: { group_id: 15 },
      headers: {
        'List-Unsubscribe': '<https://api.example/v1/unsubscribe?t=abc>',
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      },
      tracking_settings: {
        click_tracking: { enable: false, enable_text: false },
        open_tracking: { enable: false },
      },
    });
  });

  it('of marketing belongs to the group of offers, which there always is', async () => {
    const { calls, fetch } = vendor();
    await sendTo(fetch, { purpose: 'marketing' }, { groups: { marketing: 14 } });
    expect(bodyOf(calls[0]).asm).toEqual({ group_id: 14 });
    const { settings } = connector.manifest;
    expect(settings.safeParse({ ...fixture.settings, groups: { transactional: 15 } }).success).toBe(false);
  });

  it('about points belongs to none where the merchant has none for it', async () => {
    const { calls, fetch } = vendor();
    await sendTo(fetch, {}, { groups: { marketing: 14 } });
    expect(bodyOf(calls[0])).not.toHaveProperty('asm');
  });

  it('may be words alone, and its first line is the subject where it has none', async () => {
    const { calls, fetch } = vendor();
    await sendTo(fetch, { ...without('subject', 'html', 'unsubscribeUrl'), text: '\n Hello Ann \nmore' });
    const { subject, content, headers } = bodyOf(calls[0]);
    expect({ subject, content, headers }).toEqual({
      subject: 'Hello Ann',
      content: [{ type: 'text/plain', value: '\n Hello Ann \nmore' }],
      headers: undefined,
    });
  });

  it('has no line break in its subject', async () => {
    const { calls, fetch } = vendor();
    await sendTo(fetch, { subject: '12 points\r\nBcc: all@example.com' });
    expect(bodyOf(calls[0]).subject).toBe('12 points');
  });

  it('may be a dynamic template of the merchant’s, which is told everything', async () => {
    const { calls, fetch } = vendor();
    await sendTo(fetch, {}, { templates: { 'points.earned': 'd-1' } });
    const body = bodyOf(calls[0]);
    expect(body).toMatchObject({
      template_id: 'd-1',
      personalizations: [
        { dynamic_template_data: { points: 12, text: message.text, subject: '12 Punkte', locale: 'de' } },
      ],
    });
    expect(body).not.toHaveProperty('content');
    await sendTo(fetch, { kind: 'tier.changed' }, { templates: { 'points.earned': 'd-1' } });
    expect(bodyOf(calls[1])).not.toHaveProperty('template_id');
    await sendTo(fetch, { template: { name: 'd-2', values: [] } }, { templates: { 'points.earned': 'd-1' } });
    expect(bodyOf(calls[2])).toMatchObject({ template_id: 'd-2' });
    await sendTo(fetch, { template: { name: 'points_earned', values: [] } });
    expect(bodyOf(calls[3])).not.toHaveProperty('template_id');
  });

  it('says where answers go, is watched where the merchant wants that, and leaves from the EU', async () => {
    const { calls, fetch } = vendor();
    await sendTo(
      fetch,
      {},
      { replyTo: 'hi@kunstpause.example', tracksReading: true, region: 'eu', contacts: undefined },
    );
    expect(calls[0]?.url).toBe('https://api.eu.sendgrid.com/v3/mail/send');
    expect(bodyOf(calls[0])).toMatchObject({
      reply_to: { email: 'hi@kunstpause.example' },
      tracking_settings: { click_tracking: { enable: true }, open_tracking: { enable: true } },
    });
  });

  it('waits until SendGrid listens again, and then goes', async () => {
    const { fetch } = vendor({ busy: 1 });
    expect(await failure(fetch)).toMatchObject({ name: 'Transient', retryAfterSeconds: 42 });
    expect(await sendTo(fetch)).toEqual({ vendorId: message.id });
  });

  it('that is not as it should be is parked, with the names of the fields and nobody’s address', async () => {
    const errors = [
      { message: 'x', field: 'personalizations.0.to.0.email' },
      { field: 'ann@example.com' },
      { field: null },
    ];
    const error = await failure(answering(400, { errors }));
    expect(error).toBeInstanceOf(Permanent);
    expect((error as Error).message).toBe('SendGrid answered 400: personalizations.0.to.0.email');
    expect(await failure(answering(413, '<html>'))).toMatchObject({ message: 'SendGrid answered 413' });
  });

  it('does not go with a key that is refused', async () => {
    expect(await failure(vendor({ key: 'SG.another' }).fetch)).toBeInstanceOf(Unauthorized);
  });

  it.each([200, 201, 204])('may have gone when the answer is %d: SendGrid says 202', async (http) =>
    expect(await failure(async () => new Response(null, { status: http }))).toBeInstanceOf(Unknown),
  );

  it('may have gone when the answer breaks off', async () => {
    const broken = () => new ReadableStream({ start: (controller) => controller.error(new Error('reset')) });
    expect(await failure(async () => new Response(broken(), { status: 202 }))).toBeInstanceOf(Unknown);
  });
});

describe('an account', () => {
  it('is known by the unsubscribe group that offers need', async () => {
    expect(await connector.check?.(around(vendor().fetch))).toBe(
      'SendGrid account with the unsubscribe group “Offers”',
    );
  });
  it('without that group is not ready, and its key may be another’s', async () => {
    await expect(connector.check?.(around(answering(200, [])))).rejects.toThrow('groups.marketing');
    await expect(connector.check?.(around(vendor({ key: 'SG.another' }).fetch))).rejects.toThrow(Unauthorized);
  });
  it('in the EU keeps no contacts, and that is said when the settings are read', () => {
    const { error } = connector.manifest.settings.safeParse({ ...fixture.settings, region: 'eu' });
    expect(error?.issues).toMatchObject([{ path: ['contacts'] }]);
  });
});

describe('a contact', () => {
  /** So long ago that all which came before it is done at SendGrid. */
  const ended = (memberId: string, type: string) => ({
    ...event(memberId, type),
    occurredAt: '2026-11-21T09:00:00Z',
  });
  const apply = (
    fetch: typeof globalThis.fetch,
    told: Parameters<typeof connector.roles.sink.apply>[0],
    settings = {},
  ) => connector.roles.sink.apply(told, around(fetch, settings));
  const put = (calls: readonly Call[]) =>
    calls.filter(({ method }) => method === 'PUT').map((call) => bodyOf(call) as Sent);
  const asked = (calls: readonly Call[]) =>
    calls.map(({ method, url }) => `${method} ${url.replace('https://api.sendgrid.com/v3/marketing/', '')}`);
  const SEARCHES = ['POST contacts/search/identifiers/external_id', 'POST contacts/search/identifiers/email'];

  it('is written with what the manifest shares and no more, once for all events of a member', async () => {
    const { calls, fetch } = vendor();
    const events = [event(), event('m1', 'tier.changed')].map((each) => ({ event: each, member: member() }));
    expect(await apply(fetch, events)).toEqual([{ vendorId: 'job-4' }, { vendorId: 'job-4' }]);
    expect(put(calls)).toEqual([
      {
        list_ids: [LIST],
        contacts: [
          {
            email: 'ann@example.com',
            external_id: 'm1',
            first_name: 'Ann',
            last_name: 'Maria Lee',
            custom_fields: {
              e1_N: 112,
              e2_N: 5,
              e3_N: 412,
              e4_T: 'gold',
              e5_N: 9,
              e6_D: '2025-02-03T00:00:00Z',
              e7_D: '2027-11-30T00:00:00Z',
              e8_N: 40,
              e9_T: 'de',
            },
          },
        ],
      },
    ]);
  });

  it('forgets a date on which nothing lapses any more', async () => {
    const { calls, fetch } = vendor();
    const { nextExpiryOn: _, nextExpiryPoints: __, ...standing } = member().standing;
    await apply(fetch, [{ event: event(), member: { ...member(), standing } }]);
    expect(put(calls)[0]?.contacts?.[0]?.custom_fields).toMatchObject({ e7_D: null, e8_N: 0 });
  });

  it('is none without an e-mail, nor where the merchant keeps no contacts: SendGrid is not asked for anything', async () => {
    const { calls, fetch } = vendor();
    expect(await apply(fetch, [{ event: event(), member: { identities: [] } }, { event: event('m2') }])).toEqual([
      { vendorId: 'nothing' },
      { vendorId: 'nothing' },
    ]);
    expect(await apply(fetch, [{ event: event(), member: member() }], { contacts: undefined })).toEqual([
      { vendorId: 'nothing' },
    ]);
    expect(calls).toEqual([]);
  });

  it('that the merchant has already keeps its other names: SendGrid asks for all of them', async () => {
    const there = { id: 'c1', email: 'Ann@example.com', phone_number_id: '+4915112345678', anonymous_id: 'a1' };
    const { calls, fetch } = vendor({ contacts: [{ ...there, email: 'ann@example.com' }] });
    await apply(fetch, [{ event: event(), member: member() }]);
    expect(put(calls)[0]?.contacts?.[0]).toMatchObject({
      email: 'ann@example.com',
      external_id: 'm1',
      phone_number_id: '+4915112345678',
      anonymous_id: 'a1',
    });
  });

  it('that knows the address as its second one keeps its first', async () => {
    const contacts = [{ id: 'c1', email: 'lee@example.com', alternate_emails: ['ann@example.com'] }];
    const { calls, fetch } = vendor({ contacts });
    await apply(fetch, [{ event: event(), member: member() }]);
    expect(put(calls)[0]?.contacts?.[0]).toMatchObject({ email: 'lee@example.com', external_id: 'm1' });
  });

  it('whose address changed loses the old one first, and is written once it is gone', async () => {
    const { calls, fetch } = vendor({ contacts: [{ id: 'c1', email: 'old@example.com', external_id: 'm1' }] });
    const verdicts = await apply(fetch, [{ event: event(), member: member() }]);
    expect(verdicts).toMatchObject([{ name: 'NotYet', retryAfterSeconds: 180 }]);
    expect(asked(calls).slice(3)).toEqual(['DELETE contacts/c1/identifiers']);
    expect(bodyOf(calls[3])).toEqual({ identifier_type: 'EMAIL', identifier_value: 'old@example.com' });
  });

  it('that was another member’s is freed first, and keeps nobody else waiting', async () => {
    const { calls, fetch } = vendor({ contacts: [{ id: 'c1', email: 'ann@example.com', external_id: 'm9' }] });
    const verdicts = await apply(fetch, [
      { event: event(), member: member() },
      { event: event('m2'), member: member('bob@example.com') },
    ]);
    expect(verdicts).toMatchObject([{ name: 'NotYet' }, { vendorId: 'job-5' }]);
    expect(bodyOf(calls[3])).toEqual({ identifier_type: 'EXTERNALID', identifier_value: 'm9' });
    expect(put(calls)[0]?.contacts?.map(({ email }) => email)).toEqual(['bob@example.com']);
  });

  it('of ours goes where the new address is a contact already', async () => {
    const contacts = [
      { id: 'c1', email: 'old@example.com', external_id: 'm1' },
      { id: 'c2', email: 'ann@example.com' },
    ];
    const { calls, fetch } = vendor({ contacts });
    expect(await apply(fetch, [{ event: event(), member: member() }])).toMatchObject([{ name: 'NotYet' }]);
    expect(asked(calls).slice(3)).toEqual(['DELETE contacts?ids=c1']);
  });

  it.each(['member.erased', 'member.merged'])('is removed after %s, whatever came before', async (type) => {
    const { calls, fetch } = vendor({ contacts: [{ id: 'c1', email: 'ann@example.com', external_id: 'm1' }] });
    const verdicts = await apply(fetch, [{ event: event(), member: member() }, { event: ended('m1', type) }]);
    expect(verdicts).toEqual([{ vendorId: 'job-2' }, { vendorId: 'job-2' }]);
    expect(asked(calls)).toEqual([SEARCHES[0], 'DELETE contacts?ids=c1']);
  });

  it('that is not there need not be removed', async () => {
    const { calls, fetch } = vendor();
    expect(await apply(fetch, [{ event: ended('m1', 'member.erased') }])).toEqual([{ vendorId: 'nothing' }]);
    expect(asked(calls)).toEqual([SEARCHES[0]]);
  });

  it('that may have been put a moment before the member was erased is looked for again, once that is done', async () => {
    const { calls, fetch } = vendor();
    const erased = event('m1', 'member.erased');
    expect(await apply(fetch, [{ event: erased }])).toMatchObject([{ name: 'NotYet', retryAfterSeconds: 540 }]);
    const [late] = [{ id: 'c1', email: 'ann@example.com', external_id: 'm1' }];
    const after = vendor({ contacts: [late] });
    const then = { ...around(after.fetch), now: new Date(now.getTime() + 540_000) };
    expect(await connector.roles.sink.apply([{ event: erased }], then)).toEqual([{ vendorId: 'job-2' }]);
    expect([calls.length, asked(after.calls)[1]]).toEqual([1, 'DELETE contacts?ids=c1']);
  });

  it('is left to the member that an account has become a part of, however late something is told of it', async () => {
    const host = { id: 'c2', email: 'ann@example.com', external_id: 'm2' };
    const { calls, fetch } = vendor({ contacts: [host] });
    const late = { event: ended('m1', 'points.earned'), member: { ...member(), mergedInto: 'm2' } };
    expect(await apply(fetch, [late])).toEqual([{ vendorId: 'nothing' }]);
    expect(asked(calls)).toEqual([SEARCHES[0]]);
  });

  it('brings its fields along: those that are missing are made, once', async () => {
    const { calls, fetch, fields } = vendor({ fields: FIELDS.slice(1).map(([id, name]) => ({ id, name })) });
    await apply(fetch, [{ event: event(), member: member() }]);
    await apply(fetch, [{ event: event(), member: member() }]);
    expect(calls.filter(({ method, url }) => method === 'POST' && url.endsWith('field_definitions'))).toHaveLength(1);
    expect(fields.at(-1)).toEqual({ id: 'new_loyalty_points', name: 'loyalty_points' });
    expect(put(calls)[1]?.contacts?.[0]?.custom_fields).toMatchObject({ new_loyalty_points: 112 });
  });

  it('waits where another worker made the field first', async () => {
    const { fetch } = vendor({ fields: [] });
    const refusing: typeof globalThis.fetch = async (url, init) =>
      init?.method === 'POST' && String(url).endsWith('field_definitions')
        ? Response.json({ errors: [{ message: 'exists', field: 'name' }] }, { status: 400 })
        : fetch(url, init);
    await expect(apply(refusing, [{ event: event(), member: member() }])).rejects.toThrow(Transient);
  });

  it('that SendGrid does not like fails alone', async () => {
    const { calls, fetch } = vendor({ dislikes: 'bob@example.com' });
    const verdicts = await apply(fetch, [
      { event: event(), member: member() },
      { event: event('m2'), member: member('bob@example.com') },
      { event: event('m3'), member: member('cem@example.com') },
    ]);
    expect(verdicts).toMatchObject([{ vendorId: 'job-5' }, { name: 'Permanent' }, { vendorId: 'job-7' }]);
    expect((verdicts[1] as Error).message).toBe('SendGrid answered 400: contacts[0].email');
    expect(put(calls)).toHaveLength(4);
  });
});

describe('what SendGrid tells', () => {
  const context = around(vendor().fetch);
  const { translate, verify } = connector.roles.source;
  const heard = (...all: object[]) => translate(send(events(...all)) as unknown as Verified, context);

  it('is a list, of which everything that is ours is heard', () => {
    expect(heard(ours('processed'), told('delivered'), ours('delivered'), told('unsubscribe'))).toMatchObject([
      { type: 'receipt', status: 'accepted' },
      { type: 'receipt', status: 'delivered' },
      { type: 'consent' },
    ]);
  });

  it('about what is none of our words is nothing', () =>
    expect(heard(ours('account_status_change'), ours('constructor'), ours('__proto__'))).toEqual([]));

  it('does not count a programme that fetches pictures as a reader', () =>
    expect(heard(ours('open', { sg_machine_open: true }), ours('open', { sg_machine_open: false }))).toHaveLength(1));

  it.each([
    ['bounce', { type: 'bounce', status: '5.1.1' }, 'bounced 5.1.1'],
    ['bounce', { type: 'blocked', status: '4.7.0' }, 'blocked for now 4.7.0'],
    ['bounce', { type: 'bounce', status: 'ann@example.com', reason: 'ann@example.com' }, 'bounced'],
    ['dropped', { reason: 'Invalid' }, 'SendGrid dropped it: Invalid'],
    ['dropped', { reason: 'no such reader as ann@example.com' }, 'SendGrid dropped it'],
  ])('%s with %j is a failure that shows nobody’s address', (word, more, reason) =>
    expect(heard(ours(word, more))).toMatchObject([{ type: 'receipt', status: 'failed', reason }]),
  );

  it('about a group is about its purpose alone, and about another group nothing', () => {
    expect(heard(told('group_unsubscribe', { asm_group_id: '15' }))).toMatchObject([
      { purpose: 'transactional', granted: false },
    ]);
    expect(heard(told('group_resubscribe', { asm_group_id: 15 }))).toMatchObject([
      { purpose: 'transactional', granted: true },
    ]);
    expect(heard(told('group_unsubscribe', { asm_group_id: 99 }), told('group_unsubscribe'))).toEqual([]);
  });

  it.each(['unsubscribe', 'spamreport'])('%s withdraws the consent to all e-mail', (word) => {
    const [fact] = heard(told(word)) as readonly object[];
    expect(fact).toMatchObject({ type: 'consent', channel: 'email', granted: false });
    expect(fact).not.toHaveProperty('purpose');
  });

  it('about nobody’s address is nobody’s consent', () =>
    expect(heard(told('unsubscribe', { email: 'nobody' }))).toEqual([]));

  it.each([
    ['no name', { sg_event_id: undefined }],
    ['no time', { timestamp: 'now' }],
    ['a time after all times', { timestamp: 253_402_300_800 }],
  ])('with %s is parked', (_, more) => expect(() => heard(ours('delivered', more))).toThrow(Permanent));

  it('one that cannot be read keeps nobody from the others', () => {
    const both = () => heard(ours('delivered', { timestamp: 'now' }), ours('open'));
    expect(both).toThrow(PartlyRead);
    expect(both).toThrow(expect.objectContaining({ facts: heard(ours('open')) }));
  });

  const body = events(ours('delivered'));
  const at = (hours: number) => new Date(now.getTime() + hours * 3_600_000);

  it('comes again for a day, and not after that', () => {
    for (const hours of [-24, 0, 24]) expect(verify(send(body, { at: at(hours) }), context)).toBeDefined();
    for (const hours of [-25.01, 25.01, -24 * 365])
      expect(() => verify(send(body, { at: at(hours) }), context)).toThrow(WebhookRejected);
  });

  it('is refused under another time than the one that is signed, and under none', () => {
    const genuine = send(body);
    const name = 'x-twilio-email-event-webhook-timestamp';
    for (const time of [undefined, '', 'now', '1e9', String(Math.floor(now.getTime() / 1000) + 1)])
      expect(() => verify({ ...genuine, headers: { ...genuine.headers, [name]: time } }, context)).toThrow(
        WebhookRejected,
      );
  });

  it('is signed with the line break at its end, and read with it', () => {
    const genuine = send(body);
    expect(body.endsWith('\r\n')).toBe(true);
    expect(() => verify({ ...genuine, body: Buffer.from(body.trim()) }, context)).toThrow(WebhookRejected);
  });

  it('may be signed with the old key or the new one while it is replaced', () => {
    const secret = { ...context.secret, verificationKeys: [shown(OTHER_KEY), ...context.secret.verificationKeys] };
    expect(verify(send(body), { ...context, secret })).toBeDefined();
    expect(verify(send(body, { key: OTHER_KEY }), { ...context, secret })).toBeDefined();
  });

  it('needs a key that is one: the secret says so before anything is heard', () => {
    const { secret } = connector.manifest;
    for (const verificationKeys of [[], ['no key'], [`${shown(OTHER_KEY)} `]])
      expect(secret.safeParse({ ...fixture.secret, verificationKeys }).success).toBe(false);
  });
});

const names = ['mail', 'contacts', 'custom-fields', 'suppressions'].map((name) => `sendgrid-${name}.json`);
const described = names.flatMap((name) => vendorSpec<OpenApi>(name) ?? []);
(described.length === names.length ? describe : describe.skip)('against SendGrid’s own documents', () => {
  const [mail, contacts, ...others] = described as [OpenApi, OpenApi, ...OpenApi[]];
  const all = contacts ? [mail, loosened(contacts), ...others] : [];

  it('every request is one that they describe', async () => {
    const { calls, fetch } = vendor({
      busy: 1,
      fields: [],
      contacts: [
        { id: 'c1', email: 'old@example.com', external_id: 'm1' },
        { id: 'c2', email: 'x@example.com', external_id: 'm3' },
      ],
    });
    await failure(fetch);
    await sendTo(fetch);
    await sendTo(fetch, without('subject', 'html', 'unsubscribeUrl'));
    await sendTo(fetch, {}, { templates: { 'points.earned': 'd-1' }, replyTo: 'a@example.com' });
    await sendTo(fetch, {}, { region: 'eu', contacts: undefined });
    await connector.check?.(around(fetch));
    const told = [
      { event: event(), member: member() },
      { event: event('m2'), member: member('bob@example.com') },
      { event: event('m3', 'member.erased') },
    ];
    await connector.roles.sink.apply(told, around(fetch));
    expect(calls.flatMap((call) => strays(all, call))).toEqual([]);
    expect(new Set(calls.map(({ method }) => method))).toEqual(new Set(['POST', 'GET', 'DELETE', 'PUT']));
  });

  it('and our fake answers what SendGrid would', () => {
    expect(straysAnswer(mail, '/v3/mail/send', 'post', 202, undefined)).toEqual([]);
    expect(straysAnswer(contacts, '/v3/marketing/contacts', 'put', 202, { job_id: 'job-1' })).toEqual([]);
  });

  it('which tell a wrong one from a right one', async () => {
    const { calls, fetch } = vendor();
    await sendTo(fetch);
    await connector.roles.sink.apply([{ event: event(), member: member() }], around(fetch));
    const [sent, , , , put] = calls as [Call, Call, Call, Call, Call];
    for (const wrong of [
      { ...sent, method: 'PUT' },
      { ...sent, url: sent.url.replace('send', 'sent') },
      { ...sent, url: sent.url.replace('api.', 'apy.') },
      { ...sent, headers: { ...sent.headers, 'content-type': 'text/plain' } },
      { ...sent, body: sent.body.replace('"personalizations"', '"personalisations"') },
      { ...sent, body: sent.body.replace('"group_id":15', '"group_id":"15"') },
      { ...sent, body: sent.body.replace('"List-Unsubscribe"', '"x"').replace('"headers"', '"header"') },
      { ...put, body: put.body.replace('external_id', 'extern_id') },
      { ...put, body: put.body.replace('"contacts":[', '"contacts":[1,') },
    ])
      expect(strays(all, wrong)).not.toEqual([]);
  });
});
