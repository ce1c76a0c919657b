import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, jest } from '@jest/globals';
import type { Identity, ReplyFact } from '../../lib/loyalty/facts.ts';
import type { Messages } from '../../lib/loyalty/message-words.ts';
import type { ProgramInput } from '../../lib/loyalty/program.ts';
import { checkMember } from '../../lib/loyalty/verify.ts';
import { openAllowance } from '../../lib/runtime/allowance.ts';
import { openAskedRedemptions } from '../../lib/runtime/asked-redemptions.ts';
import { openCodes } from '../../lib/runtime/codes.ts';
import { openEnrolment } from '../../lib/runtime/enrolment.ts';
import { openHeard } from '../../lib/runtime/heard.ts';
import { openLedger } from '../../lib/runtime/ledger.ts';
import { openLinkCodes } from '../../lib/runtime/link-codes.ts';
import { openMembers } from '../../lib/runtime/members.ts';
import { openOrders } from '../../lib/runtime/orders.ts';
import { openReplying } from '../../lib/runtime/replying.ts';
import { openStock } from '../../lib/runtime/stock.ts';
import { openWaitingRoom } from '../../lib/runtime/waiting-room.ts';
import { MemoryClient } from '../ledger/memory-client.ts';
import { program, sale, TestClock } from '../ledger/world.ts';

/** What a reply comes to when the work on it breaks off anywhere, and it is told again. */

const tables = { accounts: 'accounts', entries: 'entries', members: 'members', program: 'program', reports: 'reports' };
const catalogue = {
  tiers: [{ id: 'base', name: 'Base', from: 0 }],
  caps: [],
  rewards: [
    { id: 'coffee', name: 'A coffee', cost: 30 },
    { id: 'film', name: 'A film', cost: 40, code: { from: 'generated', validDays: 30 } },
    { id: 'opera', name: 'A seat', cost: 40, stock: 3, code: { from: 'list', validDays: 30 } },
  ],
} satisfies Partial<ProgramInput>;

class Death extends Error {}
type Dies = { readonly at: number; readonly when: 'before' | 'after' };

interface Shop {
  readonly memory: MemoryClient;
  readonly clock: TestClock;
  /** Each answer by its name, with every text that was told under it. */
  readonly told: Map<string, Set<string>>;
  /** What staff have written. */
  readonly overrides?: Messages;
}

/** The shop as one process has it, which may die at one of its calls: before it, or after, so that nobody hears of it. */
function open({ memory, clock, told, overrides = {} }: Shop, dies?: Dies) {
  let calls = 0;
  async function live<Result>(call: () => Promise<Result>): Promise<Result> {
    calls += 1;
    const isLast = calls === dies?.at;
    if (isLast && dies?.when === 'before') throw new Death();
    const result = await call();
    if (isLast) throw new Death();
    return result;
  }
  const client = { send: (command: never) => live(() => memory.send(command)) } as unknown as DynamoDBClient;
  const { now } = clock;
  const rules = program(catalogue);
  const beside = { client, table: tables.program, now };
  const supplies = { stock: openStock(beside), codes: openCodes(beside) };
  const ledger = openLedger({
    client,
    tables,
    program: rules,
    version: 'test',
    now,
    random: () => 0,
    supplies: () => supplies,
  });
  const members = openMembers({ client, table: tables.members, timeZone: rules.timeZone });
  const linkCodes = openLinkCodes(beside);
  const nothing = { tell: async () => undefined, release: async () => undefined };
  const enrolment = openEnrolment({
    members,
    ledger,
    waitingRoom: openWaitingRoom(beside),
    facts: nothing,
    consentAtEnrolment: ['sms'],
  });
  const reply = openReplying({
    merchant: { name: 'Shop', locales: ['en'], messages: {}, program: rules },
    members,
    ledger,
    enrolment,
    offeredTo: async () => rules,
    supplies,
    orders: openOrders(beside),
    asked: openAskedRedemptions(beside),
    linkCodes,
    allowance: openAllowance(beside),
    heard: openHeard(beside),
    plan: {
      tell: (work) =>
        live(async () => {
          for (const one of work)
            if (one.kind === 'answer') told.set(one.id, (told.get(one.id) ?? new Set()).add(one.text));
        }),
    },
    overrides: async () => overrides,
    now,
  });
  return { reply, ledger, members, enrolment, linkCodes, ...supplies, calls: () => calls };
}

const PHONE: Identity = { type: 'phone', value: '+4915112345678' };
const CHAT: Identity = { type: 'telegram', value: '7' };

const written = (text: string, factId = 'SM1', identity = PHONE): ReplyFact => ({
  type: 'reply',
  factId,
  source: identity === PHONE ? 'twilio-sms' : 'telegram',
  occurredAt: '2026-03-10T12:00:00Z',
  identities: [identity],
  channel: identity === PHONE ? 'sms' : 'chat',
  text,
});

async function newShop() {
  const shop: Shop = { memory: new MemoryClient(), clock: new TestClock(), told: new Map() };
  const { enrolment, ledger, codes } = open(shop);
  const told = { source: 'till', at: '2026-03-01T12:00:00Z' };
  const made = await enrolment.enrol([PHONE], { profile: {}, consents: {}, proof: '' }, told);
  if (made.kind !== 'enrolled') throw new Error('nobody was enrolled');
  const { memberId } = made.member;
  await ledger.sale(memberId, sale('rich', 10_000));
  await codes.load('opera', ['SEAT-1', 'SEAT-2']);
  return { shop, memberId };
}

/** What a member was told last. */
const last = ({ told }: Shop) => [...([...told.values()].at(-1) ?? [])].join();

/** Asks, and writes the number that confirms it. */
async function asking(shop: Shop, what: string): Promise<ReplyFact> {
  await open(shop).reply(written(`redeem ${what}`, 'SM0'));
  return written(String(/Reply (\d{4})/.exec(last(shop))?.[1]), 'SM1');
}

describe('whatever breaks at whichever call, a reply that is told again comes to one thing', () => {
  const cases: [name: string, prepare: (shop: Shop, memberId: string) => Promise<ReplyFact>][] = [
    ['the balance', async () => written('points')],
    ['help', async () => written('what?')],
    ['a question whether to redeem', async () => written('redeem film')],
    ['a yes that puts something aside', (shop) => asking(shop, 'coffee')],
    ['a yes that gives a code', (shop) => asking(shop, 'film')],
    ['a yes that gives a code of a list, and takes a piece', (shop) => asking(shop, 'opera')],
    [
      'a chat that is linked',
      async (shop, memberId) => written(String((await open(shop).linkCodes.give(memberId))?.code), 'T1', CHAT),
    ],
  ];

  it.each(cases)('%s', async (_, prepare) => {
    const attempt = async (dies?: Dies) => {
      const { shop, memberId } = await newShop();
      const fact = await prepare(shop, memberId);
      const first = open(shop, dies);
      try {
        await first.reply(fact);
      } catch (error) {
        if (!(error instanceof Death)) throw error;
      }
      await open(shop).reply(fact);
      const { ledger, members, stock } = open(shop);
      const entries = await ledger.entries(memberId);
      const account = await ledger.account(memberId);
      expect(checkMember(memberId, entries, account)).toBeUndefined();
      // Whatever was told more than once had one name, and one text.
      for (const texts of shop.told.values()) expect(texts.size).toBe(1);
      return {
        calls: first.calls(),
        told: [...shop.told.keys()],
        booked: entries.map(({ detail }) => detail.kind),
        points: [account?.available, account?.held],
        left: await stock.left(),
        identities: (await members.get(memberId))?.identities,
      };
    };
    const { calls, ...clean } = await attempt();
    expect(calls).toBeGreaterThan(2);
    for (let at = 1; at <= calls; at += 1)
      for (const when of ['before', 'after'] as const) {
        const { calls: _calls, ...end } = await attempt({ at, when });
        expect({ at, when, ...end }).toEqual({ at, when, ...clean });
      }
  });
});

describe('a question whether to redeem', () => {
  it('is asked again when the price has changed meanwhile, and what was done before is answered as it was', async () => {
    const { shop, memberId } = await newShop();
    const yes = await asking(shop, 'film');
    const dearer = async () => program({ ...catalogue, rewards: [{ ...catalogue.rewards[1], cost: 41 }] } as never);
    const { ledger, members, enrolment, linkCodes, ...supplies } = open(shop);
    const beside = { client: shop.memory.asClient(), table: tables.program, now: shop.clock.now };
    const changed = openReplying({
      merchant: { name: 'Shop', locales: ['en'], messages: {}, program: program(catalogue) },
      members,
      ledger,
      enrolment,
      offeredTo: dearer,
      supplies,
      orders: openOrders(beside),
      asked: openAskedRedemptions(beside),
      linkCodes,
      allowance: openAllowance(beside),
      heard: openHeard(beside),
      plan: {
        tell: async ([work]) => {
          if (work?.kind === 'answer') shop.told.set(work.id, new Set([work.text]));
        },
      },
      overrides: async () => ({}),
      now: shop.clock.now,
    });
    await changed(yes);
    expect(last(shop)).toMatch(/another price/);
    expect(await ledger.account(memberId)).toMatchObject({ available: 700 });
    shop.told.clear();
    await open(shop).reply(yes);
    const given = last(shop);
    expect(given).toMatch(/A film is yours/);
    shop.told.clear();
    await changed(yes);
    expect(last(shop)).toBe(given);
  });

  it('is answered in our words where those of the merchant cannot be made, so that no code is lost', async () => {
    const { shop } = await newShop();
    const overrides = { 'reply.given': { en: '{{ code }} {{ of_before }}' } };
    const said = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    await open({ ...shop, overrides }).reply(await asking(shop, 'film'));
    said.mockRestore();
    expect(last(shop)).toMatch(/A film is yours: \S+/);
  });

  it('has a number that no other of the same member has', async () => {
    const { shop, memberId } = await newShop();
    const numbers = ['0001', '0001', '0001', '0002'].values();
    const asked = openAskedRedemptions({
      client: shop.memory.asClient(),
      table: tables.program,
      random: () => String(numbers.next().value),
    });
    const wanted = { rewardId: 'coffee', cost: 30, capture: false };
    expect(await asked.ask(memberId, { ...wanted, redemptionId: 'R-1' })).toMatchObject({ number: '0001' });
    expect(await asked.ask(memberId, { ...wanted, redemptionId: 'R-2' })).toMatchObject({ number: '0002' });
    expect(await asked.ask(memberId, { ...wanted, redemptionId: 'R-1' })).toMatchObject({ number: '0001' });
  });
});
