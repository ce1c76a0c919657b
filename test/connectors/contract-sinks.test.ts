import { describe, expect, it } from '@jest/globals';
import type { Connector, Manifest, MemberCopy, Shared, SinkEvent, Verdict } from '../../lib/connectors/contract.ts';
import { connectors } from '../../lib/connectors/index.ts';
import { Permanent, Transient, Unauthorized, Unknown } from '../../lib/connectors/kit/errors.ts';
import { type ConnectorId, manifests } from '../../lib/connectors/manifests.ts';
import { type Answer, type Answering, contextOf, type Fixture } from './fixture.ts';
import { hubspot } from './fixtures/hubspot-api.ts';
import { fixtures } from './fixtures/index.ts';
import { refusal, salesforce } from './fixtures/salesforce-api.ts';
import { CUSTOMER } from './fixtures/shopify.ts';
import { admin } from './fixtures/shopify-admin.ts';
import { answering, fullBatch, recorded } from './recording.ts';

/** What every sink has to hold: a verdict for each event, nothing of a member that its manifest does not name, and no harm in being told twice. */

interface Sample {
  readonly told: readonly SinkEvent[];
  readonly vendorIds: readonly string[];
  readonly answer: Answer | Answering;
}
const ids = (Object.keys(manifests) as ConnectorId[]).filter((id) =>
  (manifests[id].roles as readonly string[]).includes('sink'),
);
const sampleOf = (id: ConnectorId) => (fixtures[id] as unknown as { sink: Sample }).sink;
const apply = async (
  id: ConnectorId,
  told: readonly SinkEvent[],
  fetch: typeof globalThis.fetch,
): Promise<readonly Verdict[]> => {
  const connector = (await connectors[id]()).default as unknown as Connector;
  const { sink } = connector.roles as unknown as { sink: { apply(...given: unknown[]): Promise<readonly Verdict[]> } };
  return sink.apply(told, contextOf(connector, fixtures[id] as unknown as Fixture, { fetch }));
};
const isFailure = (verdict: unknown): boolean =>
  [Transient, Permanent, Unauthorized, Unknown].some((kind) => verdict instanceof kind);

/** As an event about another member, with names of his own. */
const about = ({ event, member }: SinkEvent, memberId: string): SinkEvent => ({
  event: { ...event, id: `${memberId}.7.${event.type}`, memberId, entryId: `${memberId}.7` },
  ...(member && {
    member: {
      ...member,
      name: `${memberId} Lee`,
      identities: member.identities.map(({ type, value }) => ({
        type,
        value: type === 'email' ? `${memberId}@example.com` : value.replace(/\d$/, memberId.slice(-1)),
      })),
    },
  }),
});

/** How the vendor says no inside a success, to one of several where it takes several: what comes of it, in the order of what was told. */
interface Inside {
  readonly told: readonly SinkEvent[];
  readonly vendor: () => typeof fetch;
  readonly verdicts: readonly unknown[];
}
const three = (id: ConnectorId) => {
  const [sample] = sampleOf(id).told as [SinkEvent];
  return ['m21', 'm22', 'm23'].map((memberId) => about(sample, memberId));
};
const json = (body: unknown, status = 200): Answer => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(body),
});
const insides: Partial<Record<ConnectorId, Inside>> = {
  'google-sheets': {
    told: three('google-sheets'),
    // One row of three: which of them, it does not say. Those that are there are known by their ids the next time.
    vendor: () =>
      answering((call) => {
        const answer = (sampleOf('google-sheets').answer as Answering)(call);
        return call.method === 'POST' ? json({ updates: { updatedRows: 1 } }) : answer;
      }),
    verdicts: Array(3).fill(expect.any(Transient)),
  },
  hubspot: {
    told: three('hubspot'),
    vendor: () => hubspot({ refused: { m22: 'VALIDATION_ERROR' } }).fetch,
    verdicts: [{ vendorId: expect.any(String) }, expect.any(Permanent), { vendorId: expect.any(String) }],
  },
  salesforce: {
    told: three('salesforce'),
    vendor: () => salesforce({ failing: { m22: refusal(400, 'UNABLE_TO_LOCK_ROW') } }).fetch,
    verdicts: [{ vendorId: expect.any(String) }, expect.any(Transient), { vendorId: expect.any(String) }],
  },
  sendgrid: {
    told: three('sendgrid'),
    // The address is another contact's already: it has to let go of it first.
    vendor: () => {
      const held = { id: 'c-9', email: 'm22@example.com', external_id: 'somebody-else' };
      return answering((call) => {
        if (call.url.pathname.endsWith('/identifiers/email'))
          return json({ result: { 'm22@example.com': { contact: held } } });
        if (call.method === 'DELETE') return json({ job_id: 'job-2' }, 202);
        return (sampleOf('sendgrid').answer as Answering)(call);
      });
    },
    verdicts: [{ vendorId: 'job-1' }, expect.any(Transient), { vendorId: 'job-1' }],
  },
  shopify: {
    told: sampleOf('shopify').told.map(({ event, member }) => ({ event, ...(member && { member }) })),
    vendor: () =>
      admin({
        customers: { [CUSTOMER]: [] },
        refusals: { Metafields: { code: 'INVALID_TYPE', field: ['metafields', '0', 'type'] } },
      }).fetch,
    verdicts: [expect.any(Permanent)],
  },
};
const byStatus: Partial<Record<ConnectorId, string>> = {
  freshdesk: 'what is refused has a status of its own',
  square: 'what is refused has a status of its own',
  webhook: 'what is refused has a status of its own',
  woocommerce: 'what is refused has a status of its own',
  zendesk: 'what is refused has a status of its own',
};

it('of each sink that is handed several events it is known how its vendor says no to one of them', () => {
  const unknown = ids.filter((id) => !insides[id] && !byStatus[id]);
  expect(unknown.filter((id) => manifests[id].limits.batch > 1)).toEqual([]);
  if (unknown.length > 0)
    process.stderr.write(
      `\n${'!'.repeat(20)} nobody has said how the vendor says no inside a success: ${unknown.join(', ')}\n\n`,
    );
});

/** Where a vendor is told more about somebody whom it does not know yet. */
const strangers: Partial<Record<ConnectorId, () => typeof fetch>> = {
  hubspot: () => hubspot().fetch,
  salesforce: () => salesforce().fetch,
};

const known = { ...insides } as Record<string, Inside>;
it.each(Object.keys(known) as ConnectorId[])(
  '%s: a no inside a success is found, and is about nobody else',
  async (id) => {
    const { told, vendor, verdicts } = known[id] as Inside;
    const answer = await apply(id, told, vendor()).catch((thrown: unknown) => told.map(() => thrown));
    expect(answer).toEqual(verdicts);
  },
);

describe.each(ids)('%s', (id) => {
  const { limits, shares = [] }: Manifest = manifests[id];
  const sample = sampleOf(id);
  const vendor = () => recorded(answering(sample.answer));

  it('has no more in its sample than it is handed at a time', () => {
    expect(sample.told.length).toBeLessThanOrEqual(limits.batch);
    expect(sample.told.length).toBeGreaterThan(0);
  });

  it('has a verdict for each event of a full batch, in their order', async () => {
    const [first] = sample.told as [SinkEvent];
    const connector = (await connectors[id]()).default as unknown as Connector;
    const batch = fullBatch(connector, first);
    expect(batch).toHaveLength(limits.batch);
    const verdicts = await apply(id, batch, vendor().fetch);
    expect(verdicts).toHaveLength(limits.batch);
    for (const verdict of verdicts)
      expect([verdict, isFailure(verdict) || typeof (verdict as { vendorId?: unknown }).vendorId === 'string']).toEqual(
        [verdict, true],
      );
    // What the sample's vendor answers is about the sample's own member, who comes last.
    expect(verdicts.at(-1)).toEqual({ vendorId: sample.vendorIds[0] });
  });

  it('asks the same when it is told the same again, so that the vendor can know it', async () => {
    const [first, second] = [vendor(), vendor()];
    const told = await apply(id, sample.told, first.fetch);
    expect(await apply(id, sample.told, second.fetch)).toEqual(told);
    expect(second.calls).toEqual(first.calls);
  });

  it('has two verdicts when one batch tells the same twice', async () => {
    if (limits.batch === 1) return;
    const [first] = sample.told as [SinkEvent];
    const verdict = { vendorId: sample.vendorIds[0] };
    expect(await apply(id, [first, first], vendor().fetch)).toEqual([verdict, verdict]);
  });

  it('asks nothing, and fails nothing, when it is told nothing', async () => {
    const { fetch, calls } = vendor();
    expect(await apply(id, [], fetch)).toEqual([]);
    expect(calls.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  describe('of a member', () => {
    /** Marks that are nowhere else, in place of what a member has. */
    const member: Required<Omit<MemberCopy, 'mergedInto'>> = {
      identities: [
        { type: 'phone', value: '+15557788990' },
        { type: 'email', value: 'zq.marked@example.net' },
      ],
      name: 'Zacharias Quillmark',
      locale: 'xq-ZZ',
      standing: {
        available: 112,
        pending: 5,
        held: 0,
        lifetime: 98_765,
        tier: 'tier-marked',
        visits: 54_321,
        enrolledOn: '2019-08-07',
        nextExpiryOn: '2031-09-08',
        nextExpiryPoints: 43_219,
      },
    };
    const marks: Readonly<Record<Shared, readonly string[]>> = {
      phone: ['5557788990'],
      email: ['zq.marked'],
      name: ['Zacharias', 'Quillmark'],
      locale: ['xq-ZZ', 'xq_ZZ'],
      standing: ['98765', 'tier-marked', '54321', '2019-08-07', '2031-09-08', '43219'],
      code: ['M4RK3D-C0DE'],
    };
    const code = {
      code: 'M4RK3D-C0DE',
      value: { kind: 'amount-off' as const, amount: '5.00' },
      validThrough: '2031-01-01',
    };
    /** All that is asked about a member who has what is named, and the vendor's ids of the sample, where he is known and where not. */
    const said = async (named: readonly Shared[]): Promise<string> => {
      const vendorsOwn = (given: SinkEvent) =>
        (given.member?.identities ?? []).filter(({ type }) => type !== 'phone' && type !== 'email');
      const has = (shared: Shared) => named.includes(shared);
      const told = sample.told.map(
        (one): SinkEvent => ({
          event: one.event,
          ...(has('code') && { code }),
          member: {
            identities: [...vendorsOwn(one), ...member.identities.filter(({ type }) => has(type as 'phone' | 'email'))],
            ...(has('name') && { name: member.name }),
            ...(has('locale') && { locale: member.locale }),
            ...(has('standing') && { standing: member.standing }),
          },
        }),
      );
      const around = [answering(sample.answer), ...(strangers[id] ? [strangers[id]()] : [])].map(recorded);
      for (const { fetch } of around) await apply(id, told, fetch);
      const calls = around.flatMap((one) => one.calls);
      return calls
        .map(({ url, headers, body }) => [decodeURIComponent(url), JSON.stringify(headers), body].join('\n'))
        .join('\n');
    };
    const all = Object.keys(marks) as Shared[];

    it('says nothing that its manifest does not name, though it be there', async () => {
      const text = await said(all);
      for (const shared of all.filter((one) => !shares.includes(one)))
        for (const mark of marks[shared]) expect(text).not.toContain(mark);
    });

    it('says the same, whether what its manifest does not name is there or not', async () => {
      expect(await said(shares)).toBe(await said(all));
    });

    it('would say something else without any one of what its manifest names: else it need not name it', async () => {
      const whole = await said(shares);
      for (const shared of shares)
        expect([shared, (await said(shares.filter((one) => one !== shared))) !== whole]).toEqual([shared, true]);
    });
  });

  it('goes on about a member who was erased', async () => {
    const [{ event }] = sample.told as [SinkEvent];
    const erased = { event: { ...event, type: 'member.erased', data: {} } } as unknown as SinkEvent;
    const { calls, fetch } = vendor();
    const verdicts = await apply(id, [erased], fetch);
    expect(verdicts).toHaveLength(1);
    const personal =
      calls
        .map(({ body }) => body)
        .join('\n')
        .match(/ann@example\.com|4915112345678|Ann Lee/g) ?? [];
    expect(personal).toEqual([]);
  });
});
