import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { consentsOf } from '../../lib/loyalty/consents.ts';
import type { LoyaltyEvent } from '../../lib/loyalty/events.ts';
import { alertFor } from '../../lib/runtime/alerts.ts';
import type { DeployedMerchant } from '../../lib/runtime/config.ts';
import { withConsents, withProfile } from '../../lib/runtime/enrolment.ts';
import { normalized } from '../../lib/runtime/identities.ts';
import { reasonOf } from '../../lib/runtime/log.ts';
import type { Member } from '../../lib/runtime/members.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant, type Merchant } from '../../merchants/merchant.ts';
import { eventSchemas } from '../../scripts/generate/events.ts';
import { openApi, operations } from '../../scripts/generate/openapi.ts';
import fc from '../fast-check.ts';

// What synth writes is what functions read.
const deployed = (merchant: Merchant): DeployedMerchant => ({ ...merchant, version: 'v' });
const merchant = deployed(checkMerchant(artCafe, 'the test'));

const member: Member = {
  memberId: 'm_1',
  identities: [],
  profile: { name: 'Ada\nLovelace' },
  consents: {},
  enrolledAt: '2026-01-01T00:00:00Z',
  source: 'api',
  profileAt: '2026-01-01T00:00:00Z',
  version: 1,
};
const earned: LoyaltyEvent = {
  id: 'm_1.1.points.earned',
  type: 'points.earned',
  memberId: 'm_1',
  entryId: 'm_1.1',
  occurredAt: '2026-03-01T10:00:00Z',
  balance: { available: 42, pending: 0, held: 0 },
  tier: 'friend',
  data: { points: 12, source: 'shopify', object: 'A-1' },
};

describe('an alert', () => {
  it('is silent where the merchant has set no bound', () => {
    const redeemed = { ...earned, type: 'points.redeemed', data: { points: 9_999, redemptionId: 'r' } } as LoyaltyEvent;
    expect(alertFor(redeemed, { ...merchant, alerts: undefined })).toBeUndefined();
    expect(alertFor(redeemed, merchant)).toMatchObject({ id: redeemed.id });
  });

  it('says that there is a dispute, and none of its words', () => {
    const data = { disputeId: 'd-1', about: 'm_1.3' };
    const opened = { ...earned, type: 'dispute.opened', data } as LoyaltyEvent;
    expect(alertFor(opened, merchant)).toEqual({
      id: opened.id,
      title: 'A dispute',
      text: `A member of ${merchant.program.name} says that something is wrong. The words are in the list of disputes.`,
      fields: [
        { name: 'Dispute', value: 'd-1' },
        { name: 'About', value: 'm_1.3' },
        { name: 'Balance', value: String(opened.balance.available) },
        { name: 'Member', value: opened.memberId },
        { name: 'Entry', value: opened.entryId },
      ],
    });
  });
});

describe('an identity', () => {
  it.each([
    [{ type: 'phone', value: ' +49 (0)30/90 18-20 ' }, '+4930901820'],
    [{ type: 'phone', value: '030 901820' }, undefined],
    [{ type: 'email', value: ' ADA@Example.ORG' }, 'ada@example.org'],
    [{ type: 'card', value: 'a 12-34' }, 'A1234'],
    [{ type: 'shopify', value: ' As It Is ' }, ' As It Is '],
    [{ type: 'constructor', value: 'x' }, 'x'],
  ])('%j is %s', (identity, value) => {
    expect(normalized(identity)?.value).toBe(value);
  });

  it('written once is written for good', () => {
    fc.assert(
      fc.property(fc.constantFrom('phone', 'email', 'card', 'shopify'), fc.string(), (type, value) => {
        const one = normalized({ type, value });
        if (one) expect(normalized(one)).toEqual(one);
      }),
    );
  });
});

describe('what is told in any order', () => {
  const at = (hour: number) => `2026-03-01T${String(hour).padStart(2, '0')}:00:00Z`;

  it('ends in the newest word of each channel and purpose; of two at one time, in the no', () => {
    const words = fc.array(
      fc.record({
        channel: fc.constantFrom('sms', 'email'),
        word: fc.oneof(
          fc.boolean(),
          fc.record({ transactional: fc.boolean(), marketing: fc.boolean() }, { requiredKeys: [] }),
        ),
        hour: fc.nat(5),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(words, fc.infiniteStream(fc.nat()), (told, order) => {
        const fold = (some: typeof told) =>
          some.reduce(
            (one, { channel, word, hour }) =>
              withConsents(one, consentsOf({ [channel]: word }, { at: at(hour), source: 's', proof: '' })),
            member,
          ).consents;
        const shuffled = told
          .map((word) => ({ word, by: order.next().value }))
          .sort((a, b) => a.by - b.by)
          .map(({ word }) => word);
        expect(fold(shuffled)).toEqual(fold(told));
      }),
    );
  });

  it('of a profile does not undo what is newer', () => {
    const newer = withProfile(member, { name: 'New', locale: null }, at(5));
    expect(newer.profile).toEqual({ name: 'New' });
    expect(withProfile(newer, { name: 'Old' }, at(4))).toBe(newer);
    expect(withProfile(newer, { name: 'New', birthday: undefined }, at(6))).toBe(newer);
  });
});

describe('a reason in the log', () => {
  it.each([
    ['no member +49 151 1234-5678', 'no member [number]'],
    ['user ada.l@example.org bounced', 'user [e-mail] bounced'],
    ['key sb_pos_abc-DEF_123 unknown', 'key [key] unknown'],
  ])('%s', (text, expected) => {
    expect(reasonOf(new Error(text)).message).toBe(expected);
  });

  it('never carries what an error carries besides', () => {
    const error = Object.assign(new Error('no'), {
      Item: { phone: '+4915112345678' },
      cause: Object.assign(new Error('of +4915112345678'), { body: 'x' }),
    });
    expect(JSON.stringify(reasonOf(error))).not.toContain('4915112345678');
  });
});

describe('the documents', () => {
  it('describe every route with a body that JSON Schema understands', () => {
    const document = openApi() as {
      paths: Record<
        string,
        Record<string, { security?: []; requestBody?: { content: Record<string, { schema: object }> } }>
      >;
      components: object;
    };
    const ajv = new Ajv2020({ strict: false, formats: { date: true, 'date-time': true, email: true } });
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { requestBody }]) => {
        const schema = requestBody?.content['application/json']?.schema;
        if (schema) expect(() => ajv.compile({ ...schema, components: document.components })).not.toThrow();
        return `${method.toUpperCase()} ${path}`;
      }),
    );
    const open = [
      'GET /v1/unsubscribe',
      'POST /v1/unsubscribe',
      'GET /webhooks/{connector}',
      'POST /webhooks/{connector}',
    ];
    expect(routes.sort()).toEqual([...operations.map(({ route }) => route.key as string), ...open].sort());
    const keyless = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { security }]) => (security ? `${method.toUpperCase()} ${path}` : [])),
    );
    expect(keyless.sort()).toEqual(open.toSorted());
  });

  it('of events accept what is told', () => {
    const ajv = new Ajv2020({ strict: false, formats: { date: true, 'date-time': true } });
    const schemas = eventSchemas();
    const validate = ajv.compile(schemas['points.earned'] ?? {});
    expect(validate(earned)).toBe(true);
    expect(validate({ ...earned, data: {} })).toBe(false);
    expect(Object.keys(schemas)).toEqual(expect.arrayContaining(['tier.changed', 'fact.sale', 'fact.receipt']));
  });
});
