import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Fact } from '../../lib/loyalty/facts.ts';
import { deliver, startWorld, type World } from './world.ts';

let world: World;
let accrue: Parameters<typeof deliver>[0];
let shop: typeof import('../../lib/runtime/shop.ts');
let desk: typeof import('../../lib/runtime/staffing.ts');

beforeAll(async () => {
  world = await startWorld();
  ({ handler: accrue } = await import('../../functions/accrue.ts'));
  shop = await import('../../lib/runtime/shop.ts');
  desk = await import('../../lib/runtime/staffing.ts');
}, 60_000);
afterAll(() => world.stop());
beforeEach(() => world.forget());

let things = 0;
const thing = () => {
  things += 1;
  return `thing-${things}`;
};
const phone = () => {
  things += 1;
  return { type: 'phone', value: `+49171${String(40_000_000 + things)}` };
};
const base = (identities: Fact['identities'], at = new Date()) => ({
  factId: thing(),
  source: 'shopify',
  occurredAt: at.toISOString(),
  identities,
});
const sale = (identities: Fact['identities'], more: object = {}): Fact => ({
  ...base(identities),
  type: 'sale',
  orderId: thing(),
  currency: 'EUR',
  netMinor: 1000,
  grossMinor: 1000,
  lines: [],
  ...more,
});
const memberFact = (identities: Fact['identities'], profile: object = {}, at?: Date): Fact => ({
  ...base(identities, at),
  type: 'member',
  profile,
});

const take = (...facts: Fact[]) =>
  deliver(
    accrue,
    facts.map((fact, index) => ({ body: fact, id: `m${index}`, group: fact.identities[0]?.value ?? 'none' })),
  );
const idOf = (identity: { type: string; value: string }) => shop.members().find(identity);
async function account(identity: { type: string; value: string }) {
  const id = await idOf(identity);
  return id === undefined ? undefined : shop.ledger().account(id);
}
const waiting = async () =>
  (await world.rows('program')).filter(({ pk }) => String(pk).startsWith('W#')).map(({ pk }) => String(pk));
/** What was sent back to the queue is handled as the queue would hand it over. */
async function again() {
  const facts = world.sent('facts.fifo').map(({ body }) => JSON.parse(body) as Fact);
  world.forget();
  return take(...facts);
}

describe('a sale', () => {
  it('earns for the first identity that somebody has', async () => {
    const known = phone();
    await take(memberFact([known]));
    expect(await take(sale([{ type: 'shopify', value: 'unheard-of' }, known]))).toEqual([]);
    expect(await account(known)).toMatchObject({ available: 10, visits: 1 });
  });

  it('told twice earns once', async () => {
    const known = phone();
    await take(memberFact([known]));
    const one = sale([known]);
    await take(one);
    expect(await take(one, { ...one, factId: 'another-delivery' })).toEqual([]);
    expect(await account(known)).toMatchObject({ available: 10, seq: 3 });
    expect(world.sent('facts-parked.fifo')).toEqual([]);
  });

  it('told again with other content is parked, with what differs', async () => {
    const known = phone();
    await take(memberFact([known]));
    const one = sale([known]);
    expect(await take(one, { ...one, grossMinor: 1100 } as Fact)).toEqual([]);
    expect(await account(known)).toMatchObject({ available: 10 });
    const [parked] = world.sent('facts-parked.fifo');
    expect(parked?.reason).toMatch(/told before with other content/);
    expect(JSON.parse(parked?.body ?? '')).toMatchObject({ grossMinor: 1100 });
    expect(parked?.group).toBe(known.value);
  });

  it('of a guest waits, under all that is known, and is booked when the guest enrols', async () => {
    const [guest, card] = [phone(), { type: 'card', value: 'GUEST1' }];
    const one = sale([card, guest]);
    await take(one);
    expect(await waiting()).toEqual(expect.arrayContaining([`W#phone:${guest.value}`, 'W#card:GUEST1']));
    await take(memberFact([guest]));
    expect(world.sent('facts.fifo')).toHaveLength(1);
    expect(await again()).toEqual([]);
    expect(await account(guest)).toMatchObject({ available: 10 });
    expect(await waiting()).toEqual([]);
  });

  it('that was paid with a redemption nobody knows is booked, whatever the redemption is called', async () => {
    const known = phone();
    await take(memberFact([known]));
    for (const redemptionId of ['unheard-of', 'constructor', '__proto__', 'toString']) {
      expect(await take(sale([known], { redemptionId }))).toEqual([]);
    }
    expect(await account(known)).toMatchObject({ available: 40, held: 0 });
  });

  it('of nobody at all is let go', async () => {
    expect(await take(sale([]))).toEqual([]);
    expect(await waiting()).toEqual([]);
  });

  it('reads identities that are written in other ways', async () => {
    await take(
      memberFact([
        { type: 'phone', value: '0172 - 50 60 70 80' },
        { type: 'email', value: ' Odd@Example.ORG ' },
      ]),
    );
    await take(
      sale([
        { type: 'phone', value: 'none' },
        { type: 'email', value: 'odd@example.org' },
      ]),
    );
    expect(await account({ type: 'phone', value: '+4917250607080' })).toMatchObject({ available: 10 });
  });
});

describe('what was looked up', () => {
  const found = <F extends Fact>(fact: F, more: object = {}): F => ({ ...fact, found: true, ...more });
  const written = () => {
    let text = '';
    const spy = jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
      text += String(line);
      return true;
    });
    return () => {
      spy.mockRestore();
      return text;
    };
  };

  it('earns once, and is counted: before the webhook that comes late, and after it', async () => {
    const known = phone();
    await take(memberFact([known]));
    const [one, other] = [sale([known]), sale([known])];
    const said = written();
    await take(found(one));
    await take(one);
    await take(other);
    await take(found(other));
    expect(said().match(/"FactRecovered":\d/g)).toEqual(['"FactRecovered":1']);
    expect(await account(known)).toMatchObject({ available: 20, visits: 2 });
    expect(world.sent('facts-parked.fifo')).toEqual([]);
  });

  it('does not correct what was told, and bothers nobody', async () => {
    const known = phone();
    await take(memberFact([known]));
    const one = sale([known]);
    await take(one);
    expect(await take(found(one, { grossMinor: 9900, netMinor: 9900 }))).toEqual([]);
    expect(await account(known)).toMatchObject({ available: 10 });
    expect(world.sent('facts-parked.fifo')).toEqual([]);
  });

  it('stays with whom it was told for, whoever the buyer is by now', async () => {
    const [first, second] = [phone(), phone()];
    await take(memberFact([first]), memberFact([second]));
    const one = sale([first]);
    await take(one);
    await shop.orders().keepOrder('shopify', (one as { orderId: string }).orderId, String(await idOf(first)));
    expect(await take(found(one, { identities: [second] }))).toEqual([]);
    expect(await account(first)).toMatchObject({ available: 10 });
    expect(await account(second)).toMatchObject({ available: 0 });
  });

  it('of a guest waits as one thing with what was told', async () => {
    const guest = phone();
    const one = sale([guest]);
    await take(one);
    await take(found(one, { grossMinor: 9900, netMinor: 9900 }));
    await take(memberFact([guest]));
    expect(await again()).toEqual([]);
    expect(await account(guest)).toMatchObject({ available: 10, visits: 1 });
  });

  it('is given back once, too', async () => {
    const known = phone();
    await take(memberFact([known]));
    const one = sale([known]);
    await take(one);
    const { orderId } = one as { orderId: string };
    await shop.orders().keepOrder('shopify', orderId, String(await idOf(known)));
    const refund = {
      ...base([]),
      type: 'refund',
      refundId: 'r1',
      orderId,
      currency: 'EUR',
      extent: { kind: 'amount', netMinor: 400, grossMinor: 400 },
      reason: 'return',
    } as Fact;
    await take(found(refund));
    await take(refund);
    expect(await take(found(refund, { extent: { kind: 'everything' } }))).toEqual([]);
    expect(await account(known)).toMatchObject({ available: 6 });
    expect(world.sent('facts-parked.fifo')).toEqual([]);
  });
});

describe('a refund', () => {
  it('is booked for whoever the order was booked for', async () => {
    const known = phone();
    await take(memberFact([known]));
    const one = sale([known]);
    await take(one);
    const { orderId } = one as { orderId: string };
    await shop.orders().keepOrder('shopify', orderId, String(await idOf(known)));
    const refund = {
      ...base([]),
      type: 'refund',
      refundId: 'r1',
      orderId,
      currency: 'EUR',
      extent: { kind: 'amount', netMinor: 400, grossMinor: 400 },
      reason: 'return',
    } as Fact;
    expect(await take(refund)).toEqual([]);
    expect(await account(known)).toMatchObject({ available: 6 });
  });

  it('of an order that nobody knows waits for it', async () => {
    const refund = {
      ...base([phone()]),
      type: 'refund',
      refundId: 'r1',
      orderId: 'unknown#1',
      currency: 'EUR',
      extent: { kind: 'everything' },
      reason: 'return',
    } as Fact;
    expect(await take(refund)).toEqual([]);
    expect(await waiting()).toContain('W#order:shopify#unknown#1');
  });
});

describe('a member', () => {
  it('is enrolled, and changed when more is told', async () => {
    const known = phone();
    await take(
      memberFact(
        [known, { type: 'shopify', value: '900' }],
        { name: 'Ada', locale: 'en' },
        new Date(Date.now() - 60_000),
      ),
    );
    const id = String(await idOf(known));
    await take(memberFact([{ type: 'shopify', value: '900' }], { name: 'Ada L.' }));
    expect((await shop.members().get(id))?.profile).toEqual({ name: 'Ada L.', locale: 'en' });
    expect((await shop.ledger().entries(id)).map(({ detail }) => detail.kind)).toEqual([
      'enrolled',
      'consent',
      'updated',
    ]);
  });

  it('is not changed back by what is told late', async () => {
    const known = phone();
    await take(memberFact([known], { name: 'New' }));
    await take(memberFact([known], { name: 'Old' }, new Date(Date.now() - 86_400_000)));
    expect((await shop.members().get(String(await idOf(known))))?.profile).toEqual({ name: 'New' });
  });

  it('whose identities belong to two is parked', async () => {
    const [one, other] = [phone(), phone()];
    await take(memberFact([one]), memberFact([other]));
    await take(memberFact([one, other]));
    expect(world.sent('facts-parked.fifo')[0]?.reason).toBe('its identities belong to different members: phone, phone');
  });

  it('without any identity is parked', async () => {
    await take(memberFact([]));
    expect(world.sent('facts-parked.fifo')[0]?.reason).toBe('a member without any identity');
  });
});

describe('a consent', () => {
  const consent = (identity: { type: string; value: string }, granted: boolean, at: Date): Fact => ({
    ...base([identity], at),
    type: 'consent',
    channel: 'sms',
    granted,
    proof: granted ? 'START' : 'STOP',
  });

  it('is kept with its proof, and the newest word counts', async () => {
    const known = phone();
    const now = Date.now();
    await take(memberFact([known], {}, new Date(now - 9_000)));
    const id = String(await idOf(known));
    await take(consent(known, true, new Date(now - 3_000)));
    await take(consent(known, false, new Date(now - 5_000)));
    const yes = { granted: true, at: new Date(now - 3_000).toISOString(), source: 'shopify', proof: 'START' };
    expect((await shop.members().get(id))?.consents.sms).toEqual({ transactional: yes, marketing: yes });
    const stop = consent(known, false, new Date(now));
    await take(stop);
    await take(stop);
    expect((await shop.members().get(id))?.consents.sms).toMatchObject({
      transactional: { granted: false, proof: 'STOP' },
      marketing: { granted: false, proof: 'STOP' },
    });
    expect((await shop.ledger().entries(id)).map(({ detail }) => detail.kind)).toEqual([
      'enrolled',
      'consent',
      'consent',
      'consent',
    ]);
  });

  it('of somebody who is no member yet waits', async () => {
    const guest = phone();
    await take(consent(guest, false, new Date()));
    expect(await waiting()).toContain(`W#phone:${guest.value}`);
  });
});

describe('an activity, a reply, a receipt', () => {
  it('earns, is counted, is kept', async () => {
    const known = phone();
    await take(memberFact([known]));
    await take(
      { ...base([known]), type: 'activity', activity: 'visit', activityId: thing() },
      { ...base([known]), type: 'reply', channel: 'sms', text: 'POINTS' },
      { ...base([]), type: 'receipt', source: 'twilio-sms', vendorId: 'SM1', status: 'delivered' },
      { ...base([]), type: 'receipt', source: 'twilio-sms', vendorId: 'SM1', status: 'sent' },
    );
    expect(await account(known)).toMatchObject({ available: 5 });
    expect((await world.rows('program')).find(({ pk }) => pk === 'V#twilio-sms#SM1')).toMatchObject({
      status: 'delivered',
    });
  });
});

describe('what a support desk says of a dispute', () => {
  async function disputed() {
    const known = phone();
    await take(memberFact([known]));
    const memberId = String(await idOf(known));
    const disputeId = thing();
    await desk.staff().dispute(memberId, { disputeId, text: 'I was there!', by: 'member' });
    const said = (outcome: 'upheld' | 'rejected' | 'withdrawn', source = 'zendesk'): Fact => ({
      ...base([]),
      source,
      type: 'dispute',
      disputeId,
      outcome,
    });
    const closings = async () =>
      (await shop.ledger().entries(memberId)).flatMap(({ detail }) =>
        detail.kind === 'dispute-closed' ? [[detail.outcome, detail.by]] : [],
      );
    const open = async () =>
      (await desk.disputes().waiting({ limit: 1_000 })).matters.some(({ id }) => id === disputeId);
    return { disputeId, said, closings, open };
  }

  it('closes it in the journal, in the desk’s name, whoever it belongs to', async () => {
    const { said, closings, open } = await disputed();
    expect(await open()).toBe(true);
    expect(await take(said('upheld'))).toEqual([]);
    expect(await closings()).toEqual([['upheld', 'zendesk']]);
    expect(await open()).toBe(false);
  });

  it('counts once, also when it comes again, or otherwise, or from another desk', async () => {
    const { said, closings } = await disputed();
    await take(said('rejected'));
    expect(await take(said('rejected'), said('upheld'), said('withdrawn', 'freshdesk'))).toEqual([]);
    expect(await closings()).toEqual([['rejected', 'zendesk']]);
    expect(world.sent('facts-parked.fifo')).toEqual([]);
  });

  it('changes nothing where staff made it good before', async () => {
    const { disputeId, said, closings } = await disputed();
    const adjustment = { points: 40, reason: 'complaint' };
    await desk.staff().closeDispute({ disputeId, outcome: 'upheld', by: 'mia' }, { keyId: 'k', adjustment });
    expect(await take(said('upheld'), said('rejected'))).toEqual([]);
    expect(await closings()).toEqual([['upheld', 'mia']]);
    expect(world.sent('facts-parked.fifo')).toEqual([]);
  });

  it('is parked where nobody opened one', async () => {
    const { said } = await disputed();
    expect(await take({ ...said('upheld'), disputeId: 'unheard-of' } as Fact)).toEqual([]);
    expect(world.sent('facts-parked.fifo')).toMatchObject([{ reason: 'no such dispute' }]);
  });
});

describe('a code that a shop has taken', () => {
  async function given() {
    const known = phone();
    await take(memberFact([known]), sale([known], { netMinor: 15_000, grossMinor: 15_000 }));
    const memberId = String(await idOf(known));
    const redemptionId = thing();
    const outcome = await shop.ledger().authorize(memberId, { redemptionId, rewardId: 'voucher', capture: true });
    expect(outcome.kind).toBe('posted');
    const row = (await world.rows('program')).find((one) => one.redemptionId === redemptionId);
    const ended = async () => (await shop.supplies().codes.find(String(row?.code)))?.ended;
    return { known, code: String(row?.code), ended };
  }

  it('has been used, however it is written, and is worth nothing at the till', async () => {
    const { known, code, ended } = await given();
    expect(await ended()).toBeUndefined();
    expect(await take(sale([known], { codes: ['spring-sale', code.toLowerCase()] }))).toEqual([]);
    expect(await ended()).toBe('used');
    const till = await shop.till().endCode(code, { kind: 'used', source: 'till', useId: thing() });
    expect(till?.outcome).toMatchObject({ kind: 'refused', because: 'used-before' });
  });

  it('has been used once, however often the order is told or looked up', async () => {
    const { known, code, ended } = await given();
    const one = sale([known], { codes: [code] });
    expect(await take(one, one, { ...one, found: true })).toEqual([]);
    expect(await ended()).toBe('used');
    expect(world.sent('facts-parked.fifo')).toEqual([]);
  });

  it('has been used by whoever bought, also a guest', async () => {
    const { code, ended } = await given();
    await take(sale([], { codes: [code] }));
    expect(await ended()).toBe('used');
  });

  it('and had ended before keeps no sale from earning', async () => {
    const { known, code } = await given();
    await take(sale([known], { codes: [code] }));
    const before = (await account(known))?.available ?? 0;
    expect(await take(sale([known], { codes: [code] }))).toEqual([]);
    expect(await account(known)).toMatchObject({ available: before + 10 });
  });
});

describe('what another ledger moves, where that one counts', () => {
  const moved = (identities: Fact['identities'], points: number, more: object = {}): Fact => ({
    ...base(identities),
    source: 'square',
    type: 'mirrored',
    movementId: thing(),
    points,
    because: points > 0 ? 'earned' : 'redeemed',
    ...more,
  });

  it('moves ours by as much, once, with its reason in the journal', async () => {
    const known = phone();
    await take(memberFact([known]));
    const one = moved([known], 12);
    expect(await take(one, one, moved([known], -5))).toEqual([]);
    expect(await account(known)).toMatchObject({ available: 7 });
    const entries = await shop.ledger().entries(String(await idOf(known)));
    expect(
      entries.flatMap(({ detail }) => (detail.kind === 'adjusted' ? [[detail.points, detail.reason, detail.by]] : [])),
    ).toEqual([
      [12, 'mirrored-earned', 'square'],
      [-5, 'mirrored-redeemed', 'square'],
    ]);
  });

  it('is not weighed again: it is booked where it takes more than there is', async () => {
    const known = phone();
    await take(memberFact([known]));
    expect(await take(moved([known], -5))).toEqual([]);
    expect(world.sent('facts-parked.fifo')).toEqual([]);
  });

  it('waits for whom nobody knows yet', async () => {
    const known = phone();
    await take(moved([known], 12));
    await take(memberFact([known]));
    expect(await again()).toEqual([]);
    expect(await account(known)).toMatchObject({ available: 12 });
  });

  it('told again with other content is parked', async () => {
    const known = phone();
    await take(memberFact([known]));
    const one = moved([known], 12);
    await take(one, { ...one, points: 13 } as Fact);
    expect(await account(known)).toMatchObject({ available: 12 });
    expect(world.sent('facts-parked.fifo')).toMatchObject([{ reason: expect.stringContaining('other content') }]);
  });
});

describe('what cannot be read', () => {
  it.each([
    ['no JSON', '{'],
    ['no fact', '{"type":"gossip"}'],
    ['half a fact', '{"type":"sale"}'],
    ['null', 'null'],
  ])('%s is parked', async (_, body) => {
    expect(await deliver(accrue, [{ body, group: 'g' }])).toEqual([]);
    expect(world.sent('facts-parked.fifo')).toMatchObject([{ body, group: 'g', reason: 'not a fact that we know' }]);
  });

  it('half a character does not break the chain', async () => {
    const known = phone();
    await take(memberFact([known]));
    const body = JSON.stringify(sale([known], { orderId: 'half-\ud83d' }));
    expect(await deliver(accrue, [{ body, group: 'g' }])).toEqual([]);
    const { checkMember } = await import('../../lib/loyalty/verify.ts');
    const id = String(await idOf(known));
    expect(checkMember(id, await shop.ledger().entries(id), await shop.ledger().account(id))).toBeUndefined();
  });
});

describe('a batch', () => {
  it('stops within a group at what failed, and goes on with the others', async () => {
    const [one, other] = [phone(), phone()];
    await take(memberFact([one]), memberFact([other]));
    // Parking fails: the message stays, and with it those of its group behind it.
    world.fail('SendMessage', 1);
    const failed = await deliver(accrue, [
      { id: 'bad', group: 'a', body: '{' },
      { id: 'behind', group: 'a', body: sale([one]) },
      { id: 'beside', group: 'b', body: sale([other]) },
    ]);
    expect(failed).toEqual(['bad', 'behind']);
    expect(await account(one)).toMatchObject({ available: 0 });
    expect(await account(other)).toMatchObject({ available: 10 });
  });
});
