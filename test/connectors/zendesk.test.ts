import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Permanent, Transient, Unauthorized, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import connector from '../../lib/connectors/zendesk/index.ts';
import type { Ticket } from '../../lib/loyalty/events.ts';
import { atDesk, reason } from './at-desk.ts';
import { HOOK_URL } from './fixture.ts';
import { earned } from './fixtures/desk.ts';
import { standing } from './fixtures/standing.ts';
import { ann, completed, fixture, send, solved } from './fixtures/zendesk.ts';
import { EMAIL, zendesk } from './fixtures/zendesk-api.ts';
import { type OpenApi, strays, straysAnswer } from './openapi.ts';
import { vendorSpec } from './vendor-specs.ts';

const { manifest } = connector;
const { now } = fixture.source;
const { around, file, keep } = atDesk(connector, fixture, now);
const hear = async (body: object, fetch = fixture.source.vendor as typeof globalThis.fetch, settings?: object) =>
  connector.roles.source.translate(send(JSON.stringify(body)) as unknown as Verified, around(fetch, settings));

describe('a case at Zendesk', () => {
  it('is opened once, in an internal note, for the group, by whom it is about', async () => {
    const { fetch, filed } = zendesk();
    expect(await file(fetch)).toEqual({ vendorId: '5000' });
    expect(filed).toMatchObject([
      {
        subject: 'A dispute (Kunstpause Club)',
        external_id: 'stampbook:dispute:d-1',
        tags: ['stampbook'],
        group_id: 360_001,
        status: 'new',
        requester: { email: 'ann@example.com', name: 'Ann Lee' },
        comments: [
          {
            body: 'A member says that something is wrong.\n\nMember: m_1\n\nReference: m_1.7.dispute.opened',
            public: false,
          },
        ],
      },
    ]);
    expect(await file(fetch)).toEqual({ vendorId: '5000' });
    expect(filed).toHaveLength(1);
    expect(filed[0]?.comments).toHaveLength(1);
  });

  it('is one, when the answer is lost and the list does not show it yet', async () => {
    const { fetch, filed } = zendesk();
    let lose = true;
    const late: typeof globalThis.fetch = async (url, init) => {
      if (init?.method === 'GET') return Response.json({ tickets: [] });
      const answer = await fetch(url, init);
      if (!lose) return answer;
      lose = false;
      throw new DOMException('timed out', 'TimeoutError');
    };
    expect(await reason(file(late))).toBeInstanceOf(Transient);
    expect(await file(late)).toEqual({ vendorId: '5000' });
    expect(filed).toHaveLength(1);
  });

  it('is added to by the next event, and solved by the last, which takes somebody who is in charge', async () => {
    const { fetch, filed } = zendesk();
    await file(fetch);
    expect(await file(fetch, { text: 'Another word.' }, 'm_1.8')).toEqual({ vendorId: '5000' });
    expect(await file(fetch, { text: 'Closed.', status: 'solved' }, 'm_1.9')).toEqual({ vendorId: '5000' });
    expect(filed).toMatchObject([{ status: 'solved', assignee_id: 7, comments: { length: 3 } }]);
  });

  it('says nothing twice, and is solved, when the answer to the last word is lost', async () => {
    const { fetch, filed } = zendesk();
    await file(fetch);
    let lose = true;
    const losing: typeof globalThis.fetch = async (url, init) => {
      const answer = await fetch(url, init);
      if (init?.method !== 'PUT' || !lose) return answer;
      lose = false;
      throw new DOMException('timed out', 'TimeoutError');
    };
    expect(await reason(file(losing, { text: 'A word.' }, 'm_1.8'))).toBeInstanceOf(Transient);
    expect(await file(losing, { text: 'A word.' }, 'm_1.8')).toEqual({ vendorId: '5000' });
    lose = true;
    expect(await reason(file(losing, { status: 'solved' }, 'm_1.9'))).toBeInstanceOf(Transient);
    await file(losing, { status: 'solved' }, 'm_1.9');
    expect(filed).toMatchObject([{ status: 'solved', comments: { length: 3 } }]);
  });

  it('stays in the hands that it is in', async () => {
    const { fetch, filed } = zendesk({
      tickets: [{ status: 'open', external_id: 'stampbook:dispute:d-1', assignee_id: 42 }],
    });
    await file(fetch, { status: 'solved' });
    expect(filed).toMatchObject([{ status: 'solved', assignee_id: 42 }]);
  });

  it.each(['solved', 'closed'])(
    'that is %s already is not solved again: our own closing comes back so',
    async (status) => {
      const { fetch, filed } = zendesk({ tickets: [{ status, external_id: 'stampbook:dispute:d-1' }] });
      expect(await file(fetch, { status: 'solved' })).toEqual({ vendorId: '5000' });
      expect(filed).toMatchObject([{ status, comments: [] }]);
    },
  );

  it('goes on in a ticket of its own after one that is closed, which takes no more words', async () => {
    const { fetch, filed } = zendesk({ tickets: [{ status: 'closed', external_id: 'stampbook:dispute:d-1' }] });
    expect(await file(fetch)).toEqual({ vendorId: '5001' });
    expect(filed[1]).toMatchObject({ via_followup_source_id: 5_000, external_id: 'stampbook:dispute:d-1' });
  });

  it('is not mistaken for another, should Zendesk list them all', async () => {
    const { fetch, filed } = zendesk({ tickets: [{ external_id: 'stampbook:dispute:d-2' }, { external_id: null }] });
    const all: typeof globalThis.fetch = async (url, init) =>
      init?.method === 'GET' ? Response.json({ tickets: filed }) : fetch(url, init);
    expect(await file(all)).toEqual({ vendorId: '5002' });
  });

  it.each<[string, object, Partial<Ticket>]>([
    ['where the merchant keeps names from the desk', { nameRequesters: false }, {}],
    ['where only a number is known', {}, { requester: { phone: '+4915112345678' } }],
    ['who is not known', {}, { requester: undefined }],
  ])('names nobody %s', async (_, settings, change) => {
    const { fetch, filed, calls } = zendesk();
    await file(fetch, change, undefined, settings);
    expect(filed[0]?.requester).toBeUndefined();
    expect(JSON.stringify(calls)).not.toMatch(/ann@|Ann Lee|15112345678/);
  });

  it('calls somebody without a name by the member’s id', async () => {
    const { fetch, filed } = zendesk();
    await file(fetch, { requester: { email: 'ann@example.com' } });
    expect(filed[0]?.requester).toEqual({ email: 'ann@example.com', name: 'Member m_1' });
  });

  it('that is refused says which field, and not what was in it', async () => {
    const { fetch } = zendesk();
    const refusing: typeof globalThis.fetch = async (url, init) =>
      init?.method === 'GET'
        ? fetch(url, init)
        : Response.json(
            {
              error: 'RecordInvalid',
              description: 'no',
              details: { requester: [{ description: 'Email: ann@example.com is suspended' }] },
            },
            { status: 422 },
          );
    const error = await reason(file(refusing));
    expect(error).toBeInstanceOf(Permanent);
    expect(error).toHaveProperty('message', 'Zendesk answered 422 RecordInvalid requester');
    expect(inspect(error)).not.toContain('ann@');
  });

  it('that somebody else writes to at this moment is tried again', async () =>
    expect(await reason(file(async () => new Response('{}', { status: 409 })))).toBeInstanceOf(Transient));
});

describe('a member’s user at Zendesk', () => {
  it.each(['agent', 'admin'])('is left alone as %s: those are changed by administrators alone', async (role) => {
    const { fetch, calls } = zendesk({ users: [{ id: 7, email: 'ann@example.com', role }] });
    expect(await keep(fetch)).toEqual([{ vendorId: 'none' }]);
    expect(calls.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  it('is looked for on, when the one is gone whose number we know', async () => {
    const { fetch } = zendesk({ users: [{ ...ann, external_id: null }] });
    const identities = [
      { type: 'zendesk', value: '404' },
      { type: 'email', value: 'ann@example.com' },
    ];
    expect(await keep(fetch, { member: { identities, standing } })).toEqual([{ vendorId: String(ann.id) }]);
  });
});

describe('a delivery of Zendesk', () => {
  it('is taken under the old secret and under the new one', () => {
    for (const key of fixture.secret.signingSecrets ?? [])
      expect(connector.roles.source.verify(send('{"account_id":12514403}', { key }), around(fetch))).toBeTruthy();
  });

  it('is proven by its bytes: the same JSON written in another way is another body', () => {
    const request = send(JSON.stringify(solved()));
    const again = { ...request, body: Buffer.from(JSON.stringify(solved(), null, 1)) };
    expect(() => connector.roles.source.verify(again, around(fetch))).toThrow(WebhookRejected);
  });

  it('is proven with the time as it was written, not as we would write it', () => {
    const stamp = '2026-11-21T11:00:00+01:00';
    const body = '{"account_id":12514403}';
    const [key = ''] = fixture.secret.signingSecrets ?? [];
    const request = send(body, {
      headers: {
        'x-zendesk-webhook-signature-timestamp': stamp,
        'x-zendesk-webhook-signature': createHmac('sha256', key)
          .update(stamp + body)
          .digest('base64'),
      },
    });
    expect(connector.roles.source.verify(request, around(fetch))).toBe(request);
  });

  it('without a time that can be read is refused', () => {
    for (const stamp of ['', 'soon', '99999999999999'])
      expect(() =>
        connector.roles.source.verify(
          send('{}', { headers: { 'x-zendesk-webhook-signature-timestamp': stamp } }),
          around(fetch),
        ),
      ).toThrow(WebhookRejected);
  });

  it('may come from any account where none is set', () => {
    const request = send(JSON.stringify(solved({}, { account_id: 1 })));
    expect(connector.roles.source.verify(request, around(fetch, { accountId: undefined }))).toBe(request);
  });

  it('is never proven by the secret of the test button', () => {
    const secret = { ...fixture.secret, signingSecrets: ['dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=='] };
    expect(manifest.secret.safeParse(secret).success).toBe(false);
  });
});

describe('a solved ticket', () => {
  it('earns once for life: opened again and solved again it is the same activity', async () => {
    const [first, second] = await Promise.all([hear(solved()), hear(solved({}, { time: '2026-11-25T10:00:00Z' }))]);
    const named = (told: typeof first) => told.map((fact) => [fact.factId, 'activityId' in fact && fact.activityId]);
    expect(named(first)).toEqual([['zendesk:ticket:5158:solved', 'ticket:5158']]);
    expect(named(second)).toEqual(named(first));
  });

  it('is only one that was solved by hand: what is closed was merged, or grew old', async () => {
    for (const current of ['CLOSED', 'closed', 'PENDING', 'NEW'])
      expect(await hear(solved({}, { event: { current, previous: 'OPEN' } }))).toEqual([]);
    expect(await hear(solved({}, { event: { current: 'solved', previous: 'open' } }))).toHaveLength(1);
  });

  it('belongs to the requester’s number alone when Zendesk has forgotten the requester', async () => {
    expect(await hear(solved(), zendesk().fetch)).toMatchObject([
      { identities: [{ type: 'zendesk', value: '8447388090494' }] },
    ]);
  });

  it('waits while Zendesk cannot say whose it is', async () => {
    expect(await reason(hear(solved(), async () => new Response('', { status: 503 })))).toBeInstanceOf(Transient);
  });

  it('earns only with the tag that the merchant chose', async () => {
    const settings = { earningTag: 'rewarded' };
    expect(await hear(solved(), undefined, settings)).toEqual([]);
    expect(await hear(solved({ tags: ['vip', 'rewarded'] }), undefined, settings)).toHaveLength(1);
  });

  it.each([
    ['by its tag', { tags: ['stampbook', 'vip'] }],
    ['by its name, when the tag is lost', { external_id: 'stampbook:entry:m_1.7', tags: null }],
    ['of a dispute that nobody has decided', { external_id: 'stampbook:dispute:d-1', tags: ['stampbook'] }],
  ])('that we opened earns nothing: known %s', async (_, detail) => {
    const { fetch, calls } = zendesk({ users: [ann] });
    expect(await hear(solved(detail), fetch)).toEqual([]);
    expect(calls).toEqual([]);
  });

  it('decides a dispute by its tag', async () => {
    for (const outcome of ['upheld', 'rejected', 'withdrawn'])
      expect(
        await hear(solved({ external_id: 'stampbook:dispute:d-1', tags: [`stampbook_${outcome}`] })),
      ).toMatchObject([{ type: 'dispute', disputeId: 'd-1', outcome }]);
  });
});

describe('the webhook at Zendesk', () => {
  const endpoint = `${HOOK_URL}/zendesk`;
  const [event] = manifest.hears;
  it.each([
    ['is switched off', [{ endpoint, status: 'inactive', subscriptions: [event] }], [/not active/]],
    ['hangs on a trigger', [{ endpoint, status: 'active', subscriptions: null }], [/not subscribed/]],
    ['leads elsewhere', [{ endpoint: 'https://x.example', status: 'active', subscriptions: [event] }], [/no webhook/]],
    [
      'is right beside an old one',
      [
        { endpoint, status: 'inactive', subscriptions: [] },
        { endpoint, status: 'active', subscriptions: ['zen:event-type:ticket.created', event] },
      ],
      [],
    ],
  ])('%s', async (_, webhooks, says) => {
    const told = await connector.roles.source.subscribe?.(endpoint, around(zendesk({ webhooks }).fetch));
    expect(told).toEqual(says.map((words) => expect.stringMatching(words)));
  });
});

describe('a check of the credentials', () => {
  const agent = { id: 7, email: EMAIL, role: 'admin' };
  it('says whose they are', async () => {
    expect(await connector.check?.(around(zendesk({ users: [agent] }).fetch))).toBe(
      'kunstpause.zendesk.com, as an administrator',
    );
    expect(await connector.check?.(around(zendesk({ users: [{ ...agent, role: 'agent' }] }).fetch))).toMatch(
      /an agent/,
    );
  });

  it('finds them refused, or of somebody who is no agent', async () => {
    const context = { ...around(zendesk().fetch), secret: { ...around(fetch).secret, apiToken: 'x'.repeat(40) } };
    expect(await reason(Promise.resolve(connector.check?.(context)))).toBeInstanceOf(Unauthorized);
    for (const users of [[], [{ ...agent, role: 'end-user' }]])
      expect(await reason(Promise.resolve(connector.check?.(around(zendesk({ users }).fetch))))).toBeInstanceOf(
        Unauthorized,
      );
  });
});

const trimmed = vendorSpec<OpenApi>('zendesk.json');
(trimmed ? describe : describe.skip)('against Zendesk’s own document', () => {
  const document = completed(trimmed as OpenApi);

  it('every request is one that it describes', async () => {
    const bob = [{ type: 'email', value: 'bob@example.com' }];
    const { fetch, calls } = zendesk({ users: [ann, { id: 7, email: EMAIL, role: 'agent' }] });
    await file(fetch);
    await file(fetch, {}, 'm_1.8');
    await file(fetch, { status: 'solved' }, 'm_1.9');
    await file(fetch, { externalId: 'dispute:d-2', status: 'solved' }, 'm_1.10');
    await hear(solved(), fetch);
    await connector.check?.(around(fetch));
    await keep(fetch);
    await keep(fetch, { event: { ...earned, memberId: 'm_2' }, member: { identities: bob, standing } });
    expect(calls.flatMap((call) => strays(document, call))).toEqual([]);
    expect(calls.map(({ method }) => method).join(' ')).toBe(
      'GET POST GET GET PUT GET GET PUT GET POST GET GET GET PUT GET GET POST',
    );
  });

  it('and our fake answers what Zendesk would', async () => {
    const { fetch, filed } = zendesk({ users: [ann] });
    await file(fetch, { requester: undefined });
    const [ticket] = filed;
    expect(
      straysAnswer(document, '/api/v2/tickets', 'post', 201, { ticket: { id: ticket?.id, requester_id: 1 } }),
    ).toEqual([]);
    expect(straysAnswer(document, '/api/v2/users/{user_id}', 'get', 200, { user: { ...ann, name: 'Ann' } })).toEqual(
      [],
    );
  });

  it('which tells a wrong one from a right one', async () => {
    const { fetch, calls } = zendesk();
    await file(fetch);
    const [, call] = calls;
    if (!call) throw new Error('no call');
    for (const wrong of [
      { ...call, body: '{"ticket":{}}' },
      { ...call, body: call.body.replace('"comment"', '"coment"') },
      { ...call, method: 'PATCH' },
    ])
      expect(strays(document, wrong)).not.toEqual([]);
  });
});

interface Vector {
  readonly platform: string;
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
const printed = vendorSpec<{ vectors: Vector[] }>('webhook-signature-vectors.json');
(printed ? describe : describe.skip)('against the signatures that were published', () => {
  const vectors = (printed?.vectors ?? []).filter(({ platform }) => platform === 'zendesk');

  it('what is genuine is taken, an empty body too, and not a byte more', () => {
    expect(vectors.length).toBeGreaterThan(1);
    for (const { secret, headers, body } of vectors) {
      const at = new Date(headers['x-zendesk-webhook-signature-timestamp'] ?? 0);
      const context = {
        ...around(fetch, { accountId: undefined }),
        secret: { ...around(fetch).secret, signingSecrets: [secret] },
        now: at,
      };
      const request = { ...send(body), headers };
      expect(connector.roles.source.verify(request, context)).toBe(request);
      const longer = { ...request, body: Buffer.from(`${body} `) };
      expect(() => connector.roles.source.verify(longer, context)).toThrow(WebhookRejected);
    }
  });
});
