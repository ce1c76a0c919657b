import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import connector from '../../lib/connectors/freshdesk/index.ts';
import { Permanent, Transient, Unauthorized, WebhookRejected } from '../../lib/connectors/kit/errors.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import type { Ticket } from '../../lib/loyalty/events.ts';
import { atDesk, reason } from './at-desk.ts';
import { fixture, resolved, send, ticket } from './fixtures/freshdesk.ts';
import { FIELD, type Filed, freshdesk } from './fixtures/freshdesk-api.ts';
import { standing } from './fixtures/standing.ts';

const { now } = fixture.source;
const NAME = 'stampbook:dispute:d-1';
const ours = { custom_fields: { [FIELD]: NAME }, tags: ['stampbook'] };
const { around, file, raise, keep } = atDesk(connector, fixture, now);
const hear = async (change: Partial<Filed>, body: object = resolved(), settings?: object) =>
  connector.roles.source.translate(
    send(JSON.stringify(body)) as unknown as Verified,
    around(freshdesk({ tickets: [{ ...ticket, ...change }] }).fetch, settings),
  );

describe('a case at Freshdesk', () => {
  it('is opened once, for the group, by whom it is about, and no text of it becomes markup', async () => {
    const { fetch, filed } = freshdesk();
    expect(await file(fetch)).toEqual({ vendorId: '100' });
    expect(filed).toMatchObject([
      {
        email: 'ann@example.com',
        name: 'Ann Lee',
        subject: 'A dispute (Kunstpause Club)',
        description:
          'A member says that &lt;something&gt; is wrong.<br><br>Member: m_1<br><br>Reference: m_1.7.dispute.opened',
        status: 2,
        priority: 1,
        tags: ['stampbook'],
        custom_fields: { [FIELD]: NAME },
        group_id: 360_001,
      },
    ]);
    expect(filed[0]).not.toHaveProperty('phone');
    expect(await file(fetch)).toEqual({ vendorId: '100' });
    expect(filed).toMatchObject([{ notes: [] }]);
  });

  it.each([true, false])('is one, when the answer is lost, and the search knows it: %s', async (searches) => {
    const { fetch, filed } = freshdesk({ searches });
    let lose = true;
    const losing: typeof globalThis.fetch = async (url, init) => {
      const answer = await fetch(url, init);
      if (init?.method !== 'POST' || !lose) return answer;
      lose = false;
      throw new DOMException('timed out', 'TimeoutError');
    };
    expect(await reason(file(losing))).toBeInstanceOf(Transient);
    expect(await file(losing)).toEqual({ vendorId: '100' });
    expect(filed).toHaveLength(1);
  });

  it('is looked for in all that changed of late, where the search does not know it', async () => {
    const others = Array.from({ length: 250 }, (_, at) => ({ id: 1_000 + at }));
    const { fetch, filed } = freshdesk({ searches: false, tickets: [...others, { ...ours, id: 2_000 }] });
    expect(await file(fetch)).toEqual({ vendorId: '2000' });
    expect(filed).toHaveLength(251);
  });

  it('is added to in private by the next event, and resolved by the last', async () => {
    const { fetch, filed } = freshdesk();
    await file(fetch);
    expect(await file(fetch, { text: 'Another word.' }, 'm_1.8')).toEqual({ vendorId: '100' });
    expect(await file(fetch, { text: 'Closed.', status: 'solved' }, 'm_1.9')).toEqual({ vendorId: '100' });
    expect(filed).toMatchObject([
      {
        status: 4,
        notes: [
          { body: 'Another word.<br><br>Reference: m_1.8', private: true },
          { body: 'Closed.<br><br>Reference: m_1.9', private: true },
        ],
      },
    ]);
  });

  it('says nothing twice, when it broke off between the note and the end', async () => {
    const { fetch, filed } = freshdesk({ tickets: [ours] });
    let lose = true;
    const losing: typeof globalThis.fetch = async (url, init) => {
      if (init?.method !== 'PUT' || !lose) return fetch(url, init);
      lose = false;
      return new Response('', { status: 500 });
    };
    expect(await reason(file(losing, { status: 'solved' }))).toBeInstanceOf(Transient);
    await file(losing, { status: 'solved' });
    expect(filed).toMatchObject([{ status: 4, notes: { length: 1 } }]);
  });

  it('says nothing twice, however much was said on it since', async () => {
    const notes = (count: number) => Array.from({ length: count }, (_, at) => ({ body: `Word ${at}`, private: true }));
    for (const count of [10, 99, 150]) {
      const said = { body: 'A word.<br><br>Reference: m_1.8', private: true };
      const { fetch, filed } = freshdesk({ tickets: [{ ...ours, notes: [...notes(count), said] }] });
      await file(fetch, {}, 'm_1.8');
      await file(fetch, {}, 'm_1.9');
      expect(filed[0]?.notes).toHaveLength(count + 2);
    }
  });

  it.each([4, 5])('that is over (%d) is not resolved again: our own closing comes back so', async (status) => {
    const { fetch, filed } = freshdesk({ tickets: [{ ...ours, status }] });
    expect(await file(fetch, { status: 'solved' })).toEqual({ vendorId: '100' });
    expect(filed).toMatchObject([{ status, notes: [] }]);
  });

  it.each<[string, object, Partial<Ticket>, object]>([
    ['nobody', { nameRequesters: false }, {}, { email: 'loyalty@kunstpause.example' }],
    ['nobody', {}, { requester: undefined }, { email: 'loyalty@kunstpause.example' }],
    ['a number', {}, { requester: { phone: '+491' } }, { phone: '+491', name: 'Member m_1' }],
    ['an address', {}, { requester: { email: 'a@b.example' } }, { email: 'a@b.example', name: 'Member m_1' }],
  ])('names %s where no more may be said', async (_, settings, change, requester) => {
    const { fetch, filed } = freshdesk();
    await file(fetch, change, undefined, settings);
    const { email, phone, name } = filed[0] ?? {};
    expect({ ...(email && { email }), ...(phone && { phone }), ...(name && { name }) }).toEqual(requester);
  });

  it('that is refused says which field, and not what was in it', async () => {
    const error = await reason(file(freshdesk().fetch, {}, undefined, { caseField: 'cf_unheard_of' }));
    expect(error).toBeInstanceOf(Permanent);
    expect(error).toHaveProperty('message', 'Freshdesk answered 400: cf_unheard_of: invalid_field');
    expect(inspect(error)).not.toContain('ann@');
  });
});

describe('an alert at Freshdesk', () => {
  it('is a private note that agents are mailed, on a ticket of the day that nobody has to work on', async () => {
    const { fetch, filed } = freshdesk();
    expect(await raise(fetch, {}, 'm_1.7.fraud.flagged')).toEqual({ vendorId: '100' });
    expect(await raise(fetch, { title: 'Another' }, 'm_1.8.fraud.flagged')).toEqual({ vendorId: '100' });
    expect(filed).toMatchObject([
      {
        email: 'loyalty@kunstpause.example',
        subject: 'Stampbook, 2026-11-21',
        status: 4,
        tags: ['stampbook'],
        custom_fields: { [FIELD]: 'stampbook:alerts:2026-11-21' },
        notes: [
          {
            body: 'Something to look at<br><br>An entry was flagged: &lt;too-often&gt;.<br><br>Entry: m_1.7<br><br>Reference: m_1.7.fraud.flagged',
            private: true,
            notify_emails: ['ops@kunstpause.example'],
          },
          { private: true },
        ],
      },
    ]);
  });

  it('is told once, when the answer to the note is lost', async () => {
    const { fetch, filed } = freshdesk();
    let lose = true;
    const losing: typeof globalThis.fetch = async (url, init) => {
      const answer = await fetch(url, init);
      if (!lose || !String(url).endsWith('/notes')) return answer;
      lose = false;
      throw new DOMException('timed out', 'TimeoutError');
    };
    expect(await reason(raise(losing))).toBeInstanceOf(Transient);
    await raise(losing);
    expect(filed).toMatchObject([{ notes: { length: 1 } }]);
  });

  it('is nothing where the merchant names nobody who is to be mailed', async () => {
    const { fetch, calls } = freshdesk();
    expect(await raise(fetch, {}, undefined, { notifyEmails: undefined })).toEqual({ vendorId: 'none' });
    expect(calls).toEqual([]);
  });
});

describe('a member’s contact at Freshdesk', () => {
  it.each(['mobile', 'phone'])('is found by the number that stands in its %s', async (field) => {
    const { fetch, people } = freshdesk({ contacts: [{ id: 8, [field]: '+4915112345678' }] });
    expect(await keep(fetch)).toEqual([{ vendorId: '8' }]);
    expect(people).toMatchObject([{ id: 8, unique_external_id: 'm_1', custom_fields: { loyalty_points: 112 } }]);
  });

  it('is not made where the address belongs to one that cannot be looked up: deleted, or an agent’s', async () => {
    const { fetch, people } = freshdesk({ contacts: [{ id: 8, email: 'ann@example.com', deleted: true }] });
    expect(await keep(fetch)).toEqual([{ vendorId: 'none' }]);
    expect(people).toEqual([{ id: 8, email: 'ann@example.com', deleted: true }]);
  });

  it('is looked for on, when it is gone that had the number which we know', async () => {
    const { fetch } = freshdesk({ contacts: [{ id: 8, email: 'ann@example.com' }] });
    const identities = [
      { type: 'freshdesk', value: '404' },
      { type: 'email', value: 'ann@example.com' },
    ];
    expect(await keep(fetch, { member: { identities, standing } })).toEqual([{ vendorId: '8' }]);
  });
});

describe('a delivery of Freshdesk', () => {
  it('is taken under the old secret and under the new one, and under no short one', () => {
    const { verify } = connector.roles.source;
    for (const key of fixture.secret.webhookSecrets ?? [])
      expect(verify(send('{}', { key }), around(fetch))).toBeTruthy();
    const secret = { ...around(fetch).secret, webhookSecrets: ['short'] };
    expect(() => verify(send('{}', { key: 'short' }), { ...around(fetch), secret })).toThrow(WebhookRejected);
  });

  it('is believed in nothing but the ticket’s number', async () => {
    expect(await hear({ status: 2 })).toEqual([]);
    const lied = resolved({ requester_email: 'eve@example.com', requester_phone: '+4915100000000' });
    expect(JSON.stringify(await hear({}, lied))).not.toMatch(/eve@|15100000000/);
  });

  it('of a number that leads elsewhere is refused before anything is asked', async () => {
    for (const ticket_id of ['4711/../../agents/me', '4711?include=x', '-1', '1e3', 0, 1.5])
      expect(await reason(hear({}, resolved({ ticket_id })))).toBeInstanceOf(Permanent);
  });

  it('of another event is nothing', async () =>
    expect(await hear({}, resolved({ event: 'ticket.created' }))).toEqual([]));
});

describe('a resolved ticket', () => {
  it('earns once for life: opened again and resolved again it is the same activity', async () => {
    const [first] = await hear({});
    const [second] = await hear({ stats: { resolved_at: '2026-12-01T09:00:00Z' } });
    expect(second).toEqual({ ...first, occurredAt: '2026-12-01T09:00:00Z' });
  });

  it.each<[string, Partial<Filed>, string]>([
    ['resolved', {}, '2026-11-21T09:00:00Z'],
    [
      'closed at once',
      { status: 5, stats: { resolved_at: null, closed_at: '2026-11-21T08:00:00Z' } },
      '2026-11-21T08:00:00Z',
    ],
    ['changed, where nothing else is known', { stats: null }, '2026-11-21T09:30:00Z'],
  ])('was %s', async (_, change, occurredAt) => expect(await hear(change)).toMatchObject([{ occurredAt }]));

  it.each<[string, Partial<Filed>]>([
    ['open', { status: 2 }],
    ['in a state of the account’s own', { status: 6 }],
    ['spam', { spam: true }],
    ['deleted', { deleted: true }],
    ['gone', { id: 1 }],
    ['ours, by its tag', { tags: ['stampbook'] }],
    ['ours, by its name', { custom_fields: { [FIELD]: 'stampbook:entry:m_1.7' } }],
    ['of a dispute that nobody has decided', ours],
  ])('that is %s earns nothing', async (_, change) => expect(await hear(change)).toEqual([]));

  it('earns only as one of the types that the merchant chose', async () => {
    const settings = { earningTypes: ['Incident', 'Question'] };
    expect(await hear({}, undefined, settings)).toHaveLength(1);
    for (const type of ['Refund', null, '']) expect(await hear({ type }, undefined, settings)).toEqual([]);
  });

  it('belongs to whoever Freshdesk says, and may be nobody’s', async () => {
    const requester = { id: 88, unique_external_id: 'm_1', phone: '+49 30 123456' };
    expect(await hear({ requester })).toMatchObject([
      {
        identities: [
          { type: 'freshdesk', value: '88' },
          { type: 'member', value: 'm_1' },
          { type: 'phone', value: '+4930123456' },
        ],
      },
    ]);
    expect(await hear({ requester: null })).toMatchObject([{ identities: [] }]);
  });
});

describe('a check of the credentials', () => {
  it('says whose they are, or that they are refused', async () => {
    expect(await connector.check?.(around(freshdesk().fetch))).toBe(
      'kunstpause.freshdesk.com, as an agent (support_agent)',
    );
    const context = { ...around(freshdesk().fetch), secret: { ...around(fetch).secret, apiKey: 'another-key-of-it' } };
    expect(await reason(Promise.resolve(connector.check?.(context)))).toBeInstanceOf(Unauthorized);
  });
});
