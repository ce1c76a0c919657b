import { describe, expect, it } from '@jest/globals';
import { Died } from '../ledger/memory-client.ts';
import { type Chance, chanceOf } from '../simulation/random.ts';
import {
  happening,
  type Lying,
  type Mouth,
  mouth,
  NotNow,
  Permanent,
  postOffice,
  Transient,
  Unknown,
} from './post-office.ts';

const MEMBERS = 2_500;
const EACH = 4;
const AT_ONCE = 200;
/** As long as a queue hides a message from others, and longer than anybody works on it. */
const HIDDEN_MS = 5 * 60_000;

/** A vendor that takes most messages, loses answers, refuses, is down for a while; and reports what became of them. */
function moody(one: Mouth, chance: Chance, isDown: () => boolean) {
  const vendor = { lost: 0, bounced: new Set<string>(), ids: new Map<string, string>(), unreported: [] as string[] };
  one.send = async (message) => {
    // Others work meanwhile.
    await Promise.resolve();
    if (isDown()) throw new Transient('503');
    const dice = chance();
    if (dice < 0.05) throw new Transient('429');
    if (dice < 0.08) throw new NotNow('no window is open');
    if (dice < 0.1) throw new Permanent('400');
    const vendorId = `${one.way.connector}-${one.took.length}`;
    one.took.push(message);
    vendor.ids.set(vendorId, message.id);
    vendor.unreported.push(vendorId, ...(chance() < 0.1 ? [vendorId] : []));
    if (chance() < 0.03) vendor.bounced.add(vendorId);
    if (dice < 0.15) {
      vendor.lost += 1;
      throw dice < 0.13 ? new Unknown('no answer') : new TypeError('we stumbled');
    }
    return { vendorId };
  };
  return vendor;
}

describe('however much goes wrong', () => {
  it(`no member gets a message twice, of ${MEMBERS * EACH}`, async () => {
    const chance = chanceOf(5);
    const [texts, letters] = [mouth('texts', 'sms'), mouth('letters', 'email')];
    const office = postOffice({ mouths: [texts, letters], mergeSeconds: 10 });
    const begun = office.clock.at.getTime();
    const isDown = () =>
      office.clock.at.getTime() - begun > 20 * 60_000 && office.clock.at.getTime() - begun < 50 * 60_000;
    const vendors = [moody(texts, chance, isDown), moody(letters, chance, () => false)];
    const [, postal] = vendors;
    // This one can be asked, and the other cannot.
    letters.find = async ({ id }) => {
      const [vendorId] = [...(postal?.ids ?? [])].find(([, messageId]) => messageId === id) ?? [];
      return vendorId === undefined ? undefined : { vendorId };
    };

    const events = Array.from({ length: MEMBERS }, (_, at) => office.enrol(`m_${at}`)).flatMap((memberId) =>
      Array.from({ length: EACH }, () => happening(memberId, office.clock.at)),
    );
    // Over an hour, one in twenty told twice.
    for (const event of events) {
      office.put('plan', { detail: event }, chance.below(3_600));
      if (chance() < 0.05) office.put('plan', { detail: event }, chance.below(3_600));
    }

    const mishap = () => {
      const dice = chance();
      return dice < 0.005 ? 'die' : dice < 0.01 ? 'lost' : dice < 0.015 ? 'fail' : undefined;
    };
    async function receive(queue: string, one: Lying): Promise<void> {
      one.receives += 1;
      const client = office.memory.restarted();
      client.mishap = mishap;
      try {
        await office.work(office.opened(client), queue, one);
        // The queue may forget to forget it.
        if (chance() > 0.02) office.queues.get(queue)?.delete(one);
      } catch (error) {
        if (!(error instanceof Error || error instanceof Died)) throw error;
        // Parked: staff look after it.
        if (error instanceof Permanent) office.queues.get(queue)?.delete(one);
      }
    }

    /** Some at once, some later, some twice. */
    async function report(vendor: (typeof vendors)[number] | undefined, connector: string): Promise<void> {
      for (const vendorId of vendor?.unreported.splice(0, chance.below(AT_ONCE)) ?? []) {
        const status = vendor?.bounced.has(vendorId) ? 'failed' : 'delivered';
        const undone = await office.receipts.reported(connector, { vendorId, status });
        if (undone) office.put('plan', { kind: 'undone', messageId: undone.messageId, connector });
      }
    }

    for (;;) {
      const clock = office.clock.at.getTime();
      const batch = office.visible(AT_ONCE);
      if (batch.length === 0) {
        const next = office.next();
        if (next === Number.POSITIVE_INFINITY) break;
        // Whole minutes: what comes within one is worked on together.
        office.clock.at = new Date(Math.ceil(next / 60_000) * 60_000);
        continue;
      }
      // What two workers get of the same at once, they get at once.
      const twice = batch.filter(() => chance() < 0.03);
      for (const { one } of batch) one.visibleAt = clock + HIDDEN_MS;
      await Promise.all([...batch, ...twice].map(({ queue, one }) => receive(queue, one)));
      for (const [at, one] of [texts, letters].entries()) await report(vendors[at], one.way.connector);
    }

    // What came back was got by nobody.
    const got = [texts, letters].flatMap(({ took, way }, at) =>
      took.filter((_, index) => !vendors[at]?.bounced.has(`${way.connector}-${index}`)),
    );
    const told = got.flatMap(({ text }) => text.split(' '));
    expect(told.length - new Set(told).size).toBe(0);

    const courses = (await Promise.all(events.map(({ id }) => office.messages.get(id)))).map(
      (course) => course?.state ?? 'lost',
    );
    const states = Object.fromEntries(
      [...Map.groupBy(courses, (state) => state)].map(([state, all]) => [state, all.length]),
    );
    const { unknown = 0, merged = 0, ...rest } = states;
    process.stderr.write(
      `messages: ${JSON.stringify(states)}; answers lost by vendors: ${vendors.map(({ lost }) => lost).join(' and ')}\n`,
    );
    // Nothing is left on the way, and of nothing it is said that it was sent when it was not.
    expect(Object.keys(rest).filter((state) => !['dropped', 'failed', 'sent'].includes(state))).toEqual([]);
    const isGot = new Set(told);
    const isSent = new Set(events.filter((_, at) => courses[at] === 'sent').map(({ id }) => id));
    const bounced = vendors.flatMap(({ bounced: some, ids }) => [...some].map((vendorId) => ids.get(vendorId)));
    expect([...isSent].filter((id) => !isGot.has(id) && !bounced.includes(id))).toEqual([]);
    expect(unknown).toBeGreaterThan(0);
    expect(unknown).toBeLessThan(courses.length * 0.2);
    expect(merged).toBeLessThan(courses.length);
    // Twenty seconds of work, which a busy machine may take minutes over.
  }, 300_000);
});
