import { describe, expect, it } from '@jest/globals';
import { NotEquipped, Permanent, Transient, Unauthorized, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/typeform/index.ts';
import { memberSignature } from '../../lib/connectors/typeform/member-link.ts';
import type { ActivityFact } from '../../lib/loyalty/facts.ts';
import { contextOf, HOOK_URL } from './fixture.ts';
import { fixture, MEMBER_KEY, response, send, survey, told, webhooks } from './fixtures/typeform.ts';
import { typeform } from './fixtures/typeform-api.ts';

const { manifest } = connector;
const context = contextOf(connector, fixture);
const { verify, translate, subscribe, reconcile } = connector.roles.source;
const hear = (body: object, given: object = {}) =>
  translate(send(JSON.stringify(body)) as unknown as Verified, { ...context, ...given }) as readonly ActivityFact[];
const heardFrom = (change: object, given?: object) => hear(told(change), given)[0]?.identities;

describe('a delivery of Typeform', () => {
  it('is taken under the old secret and under the new one', () => {
    for (const key of fixture.secret.webhookSecrets)
      expect(verify(send('{}', { key }), context)).toMatchObject({ method: 'POST' });
  });

  it.each(['', 'sha256=', 'sha1=abc', 'sha256'])(
    'without a secret set there, it comes as %j and is refused',
    (proof) => {
      expect(() => verify(send('{}', { headers: { 'typeform-signature': proof } }), context)).toThrow(WebhookRejected);
    },
  );

  it('is refused when the prefix is missing, though the rest is right', () => {
    const request = send('{}');
    const bare = request.headers['typeform-signature']?.replace('sha256=', '') ?? '';
    expect(() => verify(send('{}', { headers: { 'typeform-signature': bare } }), context)).toThrow(WebhookRejected);
  });

  it('of somebody who has not finished is nothing', () =>
    expect(hear(told({}, 'lT4Z3j', 'form_response_partial'))).toEqual([]));
});

describe('an answered form', () => {
  it('earns once for a member, whatever the answer is called', () => {
    const [first] = hear(told({ token: 't-1' }));
    const [second] = hear(told({ token: 't-2' }));
    expect([first?.activityId, second?.activityId]).toEqual(['lT4Z3j', 'lT4Z3j']);
    expect(first?.factId).not.toBe(second?.factId);
  });

  it('earns each time where the settings say so', () => {
    const again = (token: string) => hear(told({ token }, 'Revw01'))[0]?.activityId;
    expect(again('t-1')).not.toBe(again('t-2'));
  });

  it('may leave out every question, and then is nobody’s', () => {
    expect(heardFrom({ answers: null, hidden: null })).toEqual([]);
    expect(heardFrom({ answers: [], hidden: undefined })).toEqual([]);
  });

  it('is told by its questions in any order', () => {
    expect(heardFrom({ answers: response.answers?.toReversed() })).toEqual(survey.identities);
  });

  it('with a friend’s e-mail besides: the settings name the question that is the member’s', () => {
    const answers = [
      { type: 'email', email: 'friend@example.com', field: { ref: 'friend' } },
      ...(response.answers ?? []),
    ];
    const settings = manifest.settings.parse({ forms: [{ id: 'lT4Z3j', emailRef: 'email' }] });
    expect(heardFrom({ answers, hidden: null })).toContainEqual({ type: 'email', value: 'friend@example.com' });
    const named = heardFrom({ answers, hidden: null }, { settings });
    expect(named).toContainEqual({ type: 'email', value: 'ann@example.com' });
    expect(named).not.toContainEqual({ type: 'email', value: 'friend@example.com' });
  });

  it('whose named question was not answered names nobody by it', () => {
    const settings = manifest.settings.parse({ forms: [{ id: 'lT4Z3j', emailRef: 'gone', phoneRef: 'gone' }] });
    expect(heardFrom({ hidden: null }, { settings })).toEqual([]);
  });

  it.each([
    ['no answers that are answers', { answers: [{}] }],
    ['no token', { token: undefined }],
    ['no time', { submitted_at: 'yesterday' }],
  ])('with %s is parked', (_, change) => expect(() => hear(told(change))).toThrow(Permanent));
});

describe('a link names the member', () => {
  const sig = memberSignature(MEMBER_KEY, 'lT4Z3j', 'm_42');
  const named = (hidden: object, given?: object) =>
    heardFrom({ hidden }, given)?.find(({ type }) => type === 'member')?.value;

  it('when it is signed, under the old key and under the new one', () => {
    expect(named({ m: 'm_42', sig })).toBe('m_42');
    const secret = { ...context.secret, memberKeys: ['another-key-that-came-after-this-one', MEMBER_KEY] };
    expect(named({ m: 'm_42', sig }, { secret })).toBe('m_42');
  });

  it.each([
    ['another member', { m: 'm_43', sig }],
    ['no signature', { m: 'm_42' }],
    ['an empty one', { m: 'm_42', sig: '' }],
    ['a cut one', { m: 'm_42', sig: sig.slice(0, -1) }],
    ['that of another form', { m: 'm_42', sig: memberSignature(MEMBER_KEY, 'Revw01', 'm_42') }],
    ['that of another key', { m: 'm_42', sig: memberSignature('x'.repeat(32), 'lT4Z3j', 'm_42') }],
    ['a list', { m: ['m_42'], sig }],
  ])('and nobody with %s', (_, hidden) => expect(named(hidden)).toBeUndefined());

  it('and nobody where no key is set', () => {
    const secret = { ...context.secret, memberKeys: [] };
    expect(named({ m: 'm_42', sig: memberSignature('', 'lT4Z3j', 'm_42') }, { secret })).toBeUndefined();
  });
});

describe('webhooks at Typeform', () => {
  const tend = (vendor: ReturnType<typeof typeform>, given: object = {}) =>
    subscribe?.(`${HOOK_URL}/typeform`, contextOf(connector, fixture, { fetch: vendor.fetch, ...given }));

  it('are one a form, with our secret, and told to check certificates', async () => {
    const vendor = typeform();
    await tend(vendor);
    await tend(vendor);
    expect(vendor.changes()).toEqual(
      webhooks().map((webhook) => ({ ...webhook, secret: fixture.secret.webhookSecrets[0] })),
    );
  });

  it.each([
    { url: 'https://elsewhere.example' },
    { enabled: false },
    { verify_ssl: false },
    { event_types: { form_response: false } },
    { event_types: undefined },
  ])('are put right when they stand at %j', async (change) => {
    const [one, other] = webhooks();
    const vendor = typeform({ webhooks: [{ ...one, ...change } as never, other as never] });
    await tend(vendor);
    expect(vendor.changes()).toHaveLength(1);
    expect(vendor.standing).toEqual(expect.arrayContaining(webhooks()));
  });

  it('cannot be made for a form that is not there, and the words say which', async () => {
    await expect(tend(typeform({ forms: ['lT4Z3j'] }))).rejects.toThrow('Typeform has no form Revw01');
  });

  it('are asked for in Europe where the data lie there', async () => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (url) => {
      asked.push(new URL(String(url)).origin);
      return new Response('', { status: 503 });
    };
    const settings = manifest.settings.parse({ ...fixture.settings, region: 'eu' });
    await expect(tend({ fetch } as never, { settings })).rejects.toThrow(Transient);
    expect(asked).toEqual(['https://api.eu.typeform.com']);
  });
});

describe('answers that were told in vain', () => {
  const SINCE = new Date('2026-11-20T14:00:00Z');
  const lookUp = (vendor: ReturnType<typeof typeform>, after?: string) =>
    reconcile?.(SINCE, contextOf(connector, fixture, { fetch: vendor.fetch }), after);
  const answers = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...response,
      token: `t-${index}`,
      submitted_at: new Date(SINCE.getTime() + index * 1_000).toISOString(),
    }));

  it('are looked up form by form, page by page, each once', async () => {
    const vendor = typeform({ responses: { lT4Z3j: answers(450), Revw01: answers(2) } });
    const seen: string[] = [];
    let pages = 0;
    for (let after: string | undefined; ; ) {
      const page = await lookUp(vendor, after);
      seen.push(...(page?.facts ?? []).map(({ factId }) => factId));
      pages += 1;
      after = page?.next;
      if (after === undefined) break;
    }
    expect(pages).toBe(11);
    expect(seen).toHaveLength(452);
    expect(new Set(seen).size).toBe(452);
  });

  it('from that second on, and none before', async () => {
    const old = { ...response, token: 'old', submitted_at: '2026-11-20T13:59:59Z' };
    const found = await lookUp(typeform({ responses: { lT4Z3j: [old, response] } }));
    expect(found?.facts.map(({ factId }) => factId)).toEqual([survey.factId]);
  });

  it('and cannot be read are named, and keep nobody from the others', async () => {
    const broken = { ...response, token: 'broken', submitted_at: 'never', answers: [{}] };
    const fetch: typeof globalThis.fetch = async () => Response.json({ items: [broken, response] });
    const found = await lookUp({ fetch } as never);
    expect(found?.facts).toEqual([survey]);
    expect(found?.unreadable).toEqual([
      { what: 'the answer broken to the form lT4Z3j', because: expect.stringContaining('answers') },
    ]);
  });

  it('end where a form was taken out of the settings meanwhile', async () => {
    expect(await lookUp(typeform(), '7:t-1')).toEqual({ facts: [] });
  });

  it('do not go round in circles when the vendor does', async () => {
    const fetch: typeof globalThis.fetch = async () => Response.json({ items: answers(50) });
    await expect(lookUp({ fetch } as never, '0:t-49')).rejects.toThrow(Permanent);
  });
});

describe('the credentials', () => {
  const check = (vendor: ReturnType<typeof typeform>, secret?: object) =>
    connector.check?.(contextOf(connector, fixture, { fetch: vendor.fetch, ...(secret && { secret }) }));

  it('are good when each form can be seen', async () => {
    expect(await check(typeform({ responses: { lT4Z3j: [response] } }))).toBe(
      'form lT4Z3j, answered 1 times; form Revw01, answered 0 times',
    );
  });
  it('are not when Typeform refuses them, or there are none', async () => {
    await expect(check(typeform(), { ...context.secret, accessToken: 'tfp_wrong' })).rejects.toThrow(Unauthorized);
    await expect(check(typeform(), { ...context.secret, accessToken: undefined })).rejects.toThrow(NotEquipped);
  });
});
