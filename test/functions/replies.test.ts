import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Fact, ReplyFact } from '../../lib/loyalty/facts.ts';
import { openHeard } from '../../lib/runtime/heard.ts';
import { openMessageTexts } from '../../lib/runtime/message-texts.ts';
import { PlanWork } from '../../lib/runtime/plan-work.ts';
import { LinkCode } from '../../scripts/generate/answers.ts';
import { call, deliver, startWorld, type World } from './world.ts';

/** The answers of the café, whose members write text messages and, here, to a chat called "telegram". */

let world: World;
let accrue: Parameters<typeof deliver>[0];
let api: Parameters<typeof call>[0];
let shop: typeof import('../../lib/runtime/shop.ts');

beforeAll(async () => {
  world = await startWorld((merchant) => ({
    ...merchant,
    program: {
      ...merchant.program,
      rewards: [
        ...merchant.program.rewards,
        { id: 'print', name: 'A print', cost: 40, stock: 1 },
        { id: 'opera', name: 'A seat', cost: 50, code: { from: 'list' } },
      ],
    },
  }));
  ({ handler: accrue } = await import('../../functions/accrue.ts'));
  ({ handler: api } = await import('../../functions/members.ts'));
  shop = await import('../../lib/runtime/shop.ts');
}, 60_000);
afterAll(() => world.stop());
beforeEach(() => world.forget());

let things = 0;
const thing = () => {
  things += 1;
  return `thing-${things}`;
};

const take = (...facts: Fact[]) =>
  deliver(
    accrue,
    facts.map((fact, index) => ({ body: fact, id: `m${index}`, group: fact.identities[0]?.value ?? 'none' })),
  );
const idOf = async (identity: { type: string; value: string }) => String(await shop.members().find(identity));

/** A member with so many points, known by a phone. */
async function member(points: number, profile: object = {}) {
  things += 1;
  const phone = { type: 'phone', value: `+49171${String(50_000_000 + things)}` };
  const base = { source: 'shopify', occurredAt: new Date().toISOString(), identities: [phone] };
  await take({ ...base, type: 'member', factId: thing(), profile });
  if (points > 0)
    await take({
      ...base,
      type: 'sale',
      factId: thing(),
      orderId: thing(),
      currency: 'EUR',
      netMinor: points * 100,
      grossMinor: points * 100,
      lines: [],
    });
  world.forget();
  return { phone, id: await idOf(phone) };
}
type Somebody = Awaited<ReturnType<typeof member>>;

const reply = ({ phone }: Pick<Somebody, 'phone'>, text: string, more: Partial<ReplyFact> = {}): ReplyFact => ({
  type: 'reply',
  factId: thing(),
  source: 'twilio-sms',
  occurredAt: new Date().toISOString(),
  identities: [phone],
  channel: 'sms',
  text,
  ...more,
});
const chat = (value: string, text: string): ReplyFact =>
  reply({ phone: { type: 'telegram', value } }, text, { source: 'telegram', channel: 'chat' });

type Answered = Extract<PlanWork, { kind: 'answer' }>;
const answers = (): Answered[] => world.sent('plan').map(({ body }) => PlanWork.parse(JSON.parse(body)) as Answered);
const texts = () => answers().map(({ text }) => text);
/** What is answered to that. */
async function says(fact: ReplyFact): Promise<string | undefined> {
  world.forget();
  expect(await take(fact)).toEqual([]);
  expect(world.sent('facts-parked.fifo')).toEqual([]);
  return texts()[0];
}
const numberIn = (text: string | undefined) => String(/Reply (\d{4})/.exec(text ?? '')?.[1]);
const later = (minutes: number) => ({ occurredAt: new Date(Date.now() + minutes * 60_000).toISOString() });

describe('a member asks', () => {
  it('for the balance, and is answered on the same channel, under a name that a repetition has too', async () => {
    const ada = await member(120);
    const asked = reply(ada, 'points');
    expect(await says(asked)).toMatch(/^Kunstpause Club: you have 120 points\. Good until /);
    const [first] = answers();
    expect(first).toMatchObject({
      kind: 'answer',
      memberId: ada.id,
      connector: 'twilio-sms',
      locale: 'en',
      purpose: 'transactional',
    });
    await says(asked);
    expect(answers()).toEqual([first]);
    await says(reply(ada, 'points'));
    expect(answers()[0]?.id).not.toBe(first?.id);
  });

  it('in a language of her own: of her profile, else of her word', async () => {
    expect(await says(reply(await member(1, { locale: 'de-AT' }), 'points'))).toMatch(/: du hast 1 Punkt\./);
    expect(await says(reply(await member(0), 'puntos'))).toBe('Kunstpause Club: tienes 0 puntos.');
    expect(await says(reply(await member(0, { locale: 'fr' }), 'puntos'))).toBe('Kunstpause Club: vous avez 0 point.');
  });

  it('in words that staff have written while everything runs, and in ours again', async () => {
    const ada = await member(3, { name: 'Ada' });
    const texts = openMessageTexts({ client: world.client, table: world.tables.program });
    const real = Date.now;
    let ahead = 0;
    // Words are read again some seconds later.
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => real() + ahead);
    const words = { text: '{{ name }}: {{ balance }}' };
    await texts.put({ kind: 'reply.points', locale: 'en', words, at: new Date().toISOString(), keyId: 'k' });
    ahead = 6_000;
    expect(await says(reply(ada, 'points'))).toBe('Ada: 3');
    await texts.put({ kind: 'reply.points', locale: 'en', words: { text: '' }, at: '', keyId: 'k' });
    ahead = 12_000;
    expect(await says(reply(ada, 'points'))).toBeUndefined();
    await texts.remove('reply.points', 'en');
    ahead = 18_000;
    expect(await says(reply(ada, 'points'))).toMatch(/^Kunstpause Club: you have 3 points\./);
    clock.mockRestore();
  });

  it('what there is: what is in reach, and what comes next', async () => {
    expect(await says(reply(await member(45), 'REWARDS'))).toBe(
      'Kunstpause Club: yours for points:\n1 An espresso (30)\n6 A print (40)\nWrite REDEEM and the number. Next: A seat, 5 points to go.',
    );
    expect(await says(reply(await member(0), 'rewards'))).toBe(
      'Kunstpause Club: nothing is in reach yet. Next: An espresso, 30 points to go.',
    );
  });

  it('something that we do not know: how it is done, once a day', async () => {
    const ada = await member(0);
    const first = reply(ada, 'nice pictures today!');
    expect(await says(first)).toMatch(/write POINTS for your balance/);
    expect(await says(reply(ada, 'hello? anybody?'))).toBeUndefined();
    // The first once more, since the work on it may have broken off.
    expect(await says(first)).toMatch(/write POINTS/);
    // Who asks how it is done is always told.
    expect(await says(chat('nobody', 'menu'))).toBeUndefined();
    expect(await says(reply(ada, 'menu'))).toMatch(/write POINTS/);
  });

  it('and a machine that always asks costs no more than a day’s worth', async () => {
    const ada = await member(0);
    await take(...Array.from({ length: 35 }, (_, at) => reply(ada, at % 2 === 0 ? 'points' : 'start')));
    expect(answers()).toHaveLength(30);
  }, 30_000);

  it('and nobody whom we do not know is answered, or remembered', async () => {
    expect(await says(reply({ phone: { type: 'phone', value: '+491719999999' } }, 'points'))).toBeUndefined();
    expect((await world.rows('program')).filter(({ pk }) => String(pk).startsWith('W#'))).toEqual([]);
  });

  it('is noted as heard there, and a word that comes late does not make it earlier', async () => {
    const ada = await member(0);
    const heard = openHeard({ client: world.client, table: world.tables.program });
    expect(await heard.at(ada.id, 'twilio-sms')).toBeUndefined();
    await says(reply(ada, 'points', { occurredAt: '2026-05-02T12:00:00+02:00' }));
    await says(reply(ada, 'points', { occurredAt: '2026-05-01T10:00:00Z' }));
    expect(await heard.at(ada.id, 'twilio-sms')).toBe('2026-05-02T10:00:00.000Z');
    expect(await heard.at(ada.id, 'telegram')).toBeUndefined();
  });
});

describe('a member redeems by a reply', () => {
  const points = async ({ id }: Somebody) => {
    const { available = 0, held = 0 } = (await shop.ledger().account(id)) ?? {};
    return { available, held };
  };

  it('once it is confirmed, and has the code', async () => {
    const ada = await member(200);
    const asked = await says(reply(ada, 'redeem 3'));
    expect(asked).toMatch(/: A voucher for the web shop \(€5\.00\) for 150 points\? Reply \d{4} within 30 minutes\.$/);
    expect(await points(ada)).toEqual({ available: 200, held: 0 });
    const given = await says(reply(ada, numberIn(asked)));
    expect(given).toMatch(
      /: A voucher for the web shop is yours: (\w{6}-){2}\w{6}, good until .* You have 50 points left\.$/,
    );
    expect(await points(ada)).toEqual({ available: 50, held: 0 });
    const [, code = ''] = /yours: ([\w-]+)/.exec(given ?? '') ?? [];
    expect(await shop.supplies().codes.find(code)).toMatchObject({ memberId: ada.id, rewardId: 'voucher' });
  });

  it('once, whichever of the replies comes twice, and the code has one name', async () => {
    const ada = await member(400);
    const wanted = reply(ada, 'redeem voucher');
    const asked = await says(wanted);
    expect(await says(wanted)).toBe(asked);
    const yes = reply(ada, numberIn(asked));
    const given = await says(yes);
    const [first] = answers();
    expect(first?.id).toMatch(/^redeemed:R-/);
    // Told again, written again, and long after the time for it.
    for (const again of [yes, reply(ada, numberIn(asked)), reply(ada, numberIn(asked), later(300))]) {
      expect(await says(again)).toBe(given);
      expect(answers()).toEqual([first]);
    }
    // And what asked for it, once more.
    expect(await says(wanted)).toBe(asked);
    expect(await points(ada)).toEqual({ available: 250, held: 0 });
  });

  it('and is told again when the work on it broke off after the booking', async () => {
    const ada = await member(200);
    const yes = reply(ada, numberIn(await says(reply(ada, 'redeem 3'))));
    world.forget();
    world.fail('SendMessageBatch', 1);
    expect(await take(yes)).toHaveLength(1);
    expect(await says(yes)).toMatch(/is yours: /);
    expect(await points(ada)).toEqual({ available: 50, held: 0 });
  });

  it('and has it put aside for the counter, where it has no code', async () => {
    const ada = await member(50);
    const aside = await says(reply(ada, numberIn(await says(reply(ada, 'redeem espresso')))));
    expect(aside).toMatch(/: An espresso is put aside for you until .* Say this at the counter: R-\w{5}-\w{5}$/);
    expect(await points(ada)).toEqual({ available: 20, held: 30 });
    const redemptionId = String(/R-\w{5}-\w{5}/.exec(aside ?? ''));
    // By which the counter finds it.
    expect(await shop.orders().memberOfRedemption(redemptionId)).toBe(ada.id);
    await shop.till().capture(ada.id, { redemptionId });
    expect(await points(ada)).toEqual({ available: 20, held: 0 });
  });

  it('two things at a time, each by its own number', async () => {
    const ada = await member(200);
    const [espresso, cake] = [await says(reply(ada, 'redeem 1')), await says(reply(ada, 'redeem 2'))];
    expect(await says(reply(ada, numberIn(cake)))).toMatch(/Cake of the day is put aside/);
    expect(await says(reply(ada, numberIn(espresso)))).toMatch(/An espresso is put aside/);
    expect(await points(ada)).toEqual({ available: 110, held: 90 });
  });

  it('but not with points that were spent since the question', async () => {
    const ada = await member(70);
    const [espresso, cake] = [await says(reply(ada, 'redeem 1')), await says(reply(ada, 'redeem 2'))];
    expect(await says(reply(ada, numberIn(cake)))).toMatch(/put aside/);
    expect(await says(reply(ada, numberIn(espresso)))).toBe('Kunstpause Club: you do not have enough points for that.');
  });

  it('but not by another number, nor when the time for it is over', async () => {
    const ada = await member(200);
    const number = numberIn(await says(reply(ada, 'redeem 1')));
    const another = number === '0000' ? '0001' : '0000';
    expect(await says(reply(ada, another))).toMatch(/not the number/);
    expect(await says(reply(ada, number, later(31)))).toMatch(/not good any more\. Write REDEEM again/);
    expect(await points(ada)).toEqual({ available: 200, held: 0 });
    // Written in time, and heard of late.
    expect(await says(reply(ada, number, later(29)))).toMatch(/put aside/);
  });

  it('and numbers cannot be tried one after the other', async () => {
    const ada = await member(200);
    const number = numberIn(await says(reply(ada, 'redeem 1')));
    const wrong = Array.from({ length: 11 }, (_, index) => String(index).padStart(4, '0')).filter(
      (one) => one !== number,
    );
    for (const one of wrong.slice(0, 10)) expect(await says(reply(ada, one))).toMatch(/not the number/);
    expect(await says(reply(ada, number))).toBeUndefined();
    expect(await points(ada)).toEqual({ available: 200, held: 0 });
  });

  it('and four digits that nobody has asked for are no yes', async () => {
    expect(await says(reply(await member(200), '2026'))).toMatch(/write POINTS/);
  });

  it('and is told why not', async () => {
    const ada = await member(20);
    expect(await says(reply(ada, 'redeem 1'))).toBe('Kunstpause Club: for that you need 10 points more.');
    expect(await says(reply(ada, 'redeem tea'))).toMatch(/no such reward\. Write REWARDS/);
    expect(await says(reply(ada, 'redeem 99'))).toMatch(/no such reward/);
    expect(await says(reply(ada, 'redeem vernissage'))).toMatch(/members of a higher tier/);
  });

  it('and loses nothing when somebody else has the last one, or the list is empty', async () => {
    const [ada, ben] = [await member(100), await member(100)];
    const [hers, his] = [await says(reply(ada, 'redeem print')), await says(reply(ben, 'redeem print'))];
    expect(await says(reply(ben, numberIn(his)))).toMatch(/A print is put aside/);
    const yes = reply(ada, numberIn(hers));
    expect(await says(yes)).toBe('Kunstpause Club: that one is gone.');
    expect(await says(yes)).toBe('Kunstpause Club: that one is gone.');
    expect(await says(reply(ada, 'redeem print'))).toBe('Kunstpause Club: that one is gone.');
    expect(await says(reply(ada, numberIn(await says(reply(ada, 'redeem opera')))))).toMatch(/that one is gone/);
    expect(await points(ada)).toEqual({ available: 100, held: 0 });
  });

  it('and lists what there is when nothing is named', async () => {
    expect(await says(reply(await member(30), 'redeem'))).toMatch(/yours for points:\n1 An espresso/);
  });
});

describe('a yes or a no that a vendor left to us', () => {
  it('is the member’s word on the channel, and a no is the last word', async () => {
    const ada = await member(0);
    const consent = async () => (await shop.members().get(ada.id))?.consents.sms;
    expect(await says(reply(ada, 'Stopp', later(1)))).toBeUndefined();
    expect(await consent()).toMatchObject({
      transactional: { granted: false, source: 'twilio-sms', proof: expect.stringMatching(/^STOP in thing-/) },
      marketing: { granted: false },
    });
    expect(await says(reply(ada, 'START', later(2)))).toMatch(/good to have you back/);
    expect(await consent()).toMatchObject({ transactional: { granted: true } });
  });
});

describe('a chat is linked', () => {
  const given = (id: string, key = world.keys.staff) =>
    call(api, 'POST /v1/members/{id}/link-codes', { key, path: { id } });
  const codeFor = async ({ id }: Somebody) => String((await given(id)).body.code);

  it('by a code that staff give to a member, and to nobody whom we do not know', async () => {
    const ada = await member(0);
    const said = await given(ada.id);
    expect(said.status).toBe(201);
    expect(LinkCode.parse(said.body)).toMatchObject({ memberId: ada.id, code: expect.stringMatching(/^\w{4}-\w{4}$/) });
    expect(Date.parse(String(said.body.expiresAt)) - Date.now()).toBeLessThanOrEqual(15 * 60_000);
    expect((await given('m_nobody')).status).toBe(404);
    expect((await given(ada.id, world.keys.pos)).status).toBe(403);
  });

  it('and a member is given ten of them within an hour', async () => {
    const ada = await member(0);
    for (let index = 0; index < 10; index += 1) expect((await given(ada.id)).status).toBe(201);
    expect(await given(ada.id)).toMatchObject({ status: 429, headers: { 'retry-after': '3600' } });
  });

  it('by a code that the member writes there, once', async () => {
    const ada = await member(70);
    const code = await codeFor(ada);
    const linking = chat('ada', `link ${code.toLowerCase()}`);
    expect(await says(linking)).toMatch(/this chat belongs to your membership now/);
    expect(answers()[0]).toMatchObject({ memberId: ada.id, connector: 'telegram' });
    expect(await idOf({ type: 'telegram', value: 'ada' })).toBe(ada.id);
    expect(await says(chat('ada', 'points'))).toMatch(/you have 70 points/);
    expect((await shop.members().get(ada.id))?.consents.chat).toEqual({
      transactional: expect.objectContaining({ granted: true, proof: expect.stringMatching(/^linked in /) }),
    });
    // The same, told again, and the code in somebody else’s hands.
    expect(await says(linking)).toMatch(/belongs to your membership/);
    expect(await says(chat('eve', code))).toBeUndefined();
    expect(await idOf({ type: 'telegram', value: 'eve' })).toBe('undefined');
  });

  it('and a no to that channel, said before, stands', async () => {
    const ada = await member(0);
    const told = { source: 'shopify', at: new Date(Date.now() - 1_000).toISOString() };
    const { enrolment } = await import('../../lib/runtime/enrolling.ts');
    await enrolment().change(ada.id, { consents: { chat: false }, proof: 'form' }, told);
    await says(chat('shy', await codeFor(ada)));
    expect((await shop.members().get(ada.id))?.consents.chat?.transactional?.granted).toBe(false);
  });

  it('but not by a code that is over, or none', async () => {
    const ada = await member(0);
    const late = { ...chat('late', await codeFor(ada)), ...later(16) };
    expect(await says(late)).toBeUndefined();
    expect(await idOf({ type: 'telegram', value: 'late' })).toBe('undefined');
    // Whom we know is told.
    expect(await says(reply(ada, 'link BCDF-GHJK'))).toMatch(/that code is not good/);
  });

  it('and belongs to one member only', async () => {
    const [ada, ben] = [await member(0), await member(0)];
    await says(chat('shared', await codeFor(ada)));
    expect(await says(chat('shared', await codeFor(ben)))).toMatch(/belongs to another membership/);
    expect(answers()[0]).toMatchObject({ memberId: ada.id });
    expect(await idOf({ type: 'telegram', value: 'shared' })).toBe(ada.id);
  });

  it('and codes cannot be tried one after the other', async () => {
    const ada = await member(0);
    for (let index = 0; index < 5; index += 1) await says(chat('thief', `BCDFGH2${index + 2}`));
    expect(await says(chat('thief', await codeFor(ada)))).toBeUndefined();
    expect(await idOf({ type: 'telegram', value: 'thief' })).toBe('undefined');
  });

  it('and what lies in the table links nobody', async () => {
    const code = await codeFor(await member(0));
    expect(JSON.stringify(await world.rows('program'))).not.toContain(code.replace('-', ''));
  });
});
