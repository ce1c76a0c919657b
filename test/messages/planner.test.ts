import { type DynamoDBClient, TransactionCanceledException, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from '@jest/globals';
import type { LoyaltyEvent } from '../../lib/loyalty/events.ts';
import { openMessageRows } from '../../lib/runtime/message-rows.ts';
import { PlanWork } from '../../lib/runtime/plan-work.ts';
import { happening, mouth, NotNow, OptedOut, Permanent, postOffice, Transient, Unknown } from './post-office.ts';

const noon = '2026-03-10T11:00:00Z';

function shop(options: Partial<Parameters<typeof postOffice>[0]> = {}) {
  const [texts, letters] = [mouth('texts', 'sms'), mouth('letters', 'email')];
  const office = postOffice({ mouths: [texts, letters], from: noon, ...options });
  const happens = (memberId: string, type?: LoyaltyEvent['type'], data?: object) => {
    const event = happening(memberId, office.clock.at, type, data);
    office.tell(event);
    return event;
  };
  const stateOf = async ({ id }: LoyaltyEvent) => office.messages.get(id);
  return { texts, letters, office, happens, stateOf };
}

describe('a message goes', () => {
  it('through the first channel of the merchant’s file', async () => {
    const { texts, letters, office, happens, stateOf } = shop();
    const one = happens(office.enrol('m_ada'));
    await office.settle();
    expect(texts.took.map(({ id }) => id)).toEqual([one.id]);
    expect(letters.took).toEqual([]);
    expect(await stateOf(one)).toMatchObject({ state: 'sent', connector: 'texts' });
  });

  it('through the channel that the member prefers', async () => {
    const { texts, letters, office, happens } = shop();
    happens(office.enrol('m_ada', { profile: { preferredChannel: 'email' } }));
    await office.settle();
    expect([texts.took.length, letters.took.length]).toEqual([0, 1]);
  });

  it('through the next where the member has not agreed to the first', async () => {
    const { texts, letters, office, happens } = shop();
    happens(office.enrol('m_ada', { no: ['sms'] }));
    await office.settle();
    expect([texts.took.length, letters.took.length]).toEqual([0, 1]);
  });

  it('nowhere where there is none, and why is kept', async () => {
    const { office, happens, stateOf } = shop();
    const one = happens(office.enrol('m_ada', { no: ['sms', 'email'] }));
    const two = happens('m_gone');
    const three = happens(office.enrol('m_bob'), 'points.gifted', { points: 1, direction: 'sent', giftId: 'g' });
    await office.settle();
    expect(await stateOf(one)).toMatchObject({ state: 'dropped', reason: 'no consent to sms; no consent to email' });
    expect(await stateOf(two)).toMatchObject({ state: 'dropped', reason: 'the member is not known any more' });
    expect(await stateOf(three)).toMatchObject({ state: 'dropped', reason: 'nobody is told of it' });
  });

  it('once, however often the bus tells of it', async () => {
    const { texts, office, happens } = shop({ mergeSeconds: 10 });
    const one = happens(office.enrol('m_ada'));
    office.tell(one);
    await office.until('2026-03-10T11:01:00Z');
    office.tell(one);
    await office.until('2026-03-10T11:02:00Z');
    expect(texts.took).toHaveLength(1);
  });
});

describe('a channel that does not carry it', () => {
  it.each<[string, () => Error]>([
    ['cannot now', () => new NotNow('no window is open')],
    ['never will', () => new Permanent('400')],
    ['was told to stop', () => new OptedOut('21610')],
  ])('and %s leaves it to the next', async (_, trouble) => {
    const { texts, letters, office, happens, stateOf } = shop();
    texts.send = async () => {
      throw trouble();
    };
    const one = happens(office.enrol('m_ada'));
    await office.settle();
    expect(letters.took.map(({ id }) => id)).toEqual([one.id]);
    expect(await stateOf(one)).toMatchObject({ state: 'sent', connector: 'letters', tried: [{ connector: 'texts' }] });
  });

  it('but may have sent it keeps it from all others', async () => {
    const { texts, letters, office, happens, stateOf } = shop();
    texts.send = async () => {
      throw new Unknown('no answer');
    };
    const one = happens(office.enrol('m_ada'));
    await office.until('2026-03-11T11:00:00Z');
    expect(letters.took).toEqual([]);
    expect(await stateOf(one)).toMatchObject({ state: 'unknown', connector: 'texts' });
  });

  it.each<[string, (office: ReturnType<typeof shop>['office']) => void]>([
    [
      'could not look up whom',
      ({ people }) => {
        const get = people.get.bind(people);
        let asked = 0;
        people.get = (memberId) => {
          asked += 1;
          // The planner has asked first.
          if (asked === 2) throw new Error('socket hang up');
          return get(memberId);
        };
      },
    ],
    [
      'could not pass on that he was told to stop',
      ({ facts }) => {
        const { push } = facts;
        facts.push = () => {
          facts.push = push;
          throw new Error('socket hang up');
        };
      },
    ],
  ])('but %s keeps it, since it surely was not sent', async (_, stumble) => {
    const { texts, letters, office, happens, stateOf } = shop();
    const { send } = texts;
    texts.send = async () => {
      throw new OptedOut('21610');
    };
    const one = happens(office.enrol('m_ada'));
    stumble(office);
    await office.settle();
    expect(await stateOf(one)).toMatchObject({ state: 'retry', reason: 'socket hang up' });
    expect(letters.took).toEqual([]);
    texts.send = send;
    await office.until('2026-03-10T11:02:00Z');
    expect(texts.took.map(({ id }) => id)).toEqual([one.id]);
  });

  it('but will later keeps it', async () => {
    const { texts, letters, office, happens } = shop();
    const { send } = texts;
    texts.send = async () => {
      throw new Transient('503');
    };
    happens(office.enrol('m_ada'));
    await office.until('2026-03-10T13:00:00Z');
    texts.send = send;
    await office.until('2026-03-10T13:02:00Z');
    expect([texts.took.length, letters.took.length]).toEqual([1, 0]);
  });

  it('as its vendor says afterwards leaves it to the next', async () => {
    const { texts, letters, office, happens } = shop();
    const one = happens(office.enrol('m_ada'));
    await office.settle();
    const vendorId = `texts-${one.id}-1`;
    const undone = await office.receipts.reported('texts', { vendorId, status: 'failed', reason: '30003' });
    expect(undone).toMatchObject({ messageId: one.id });
    office.put('plan', { kind: 'undone', messageId: one.id, connector: 'texts' });
    office.put('plan', { kind: 'undone', messageId: one.id, connector: 'texts' });
    await office.settle();
    expect([texts.took.length, letters.took.length]).toEqual([1, 1]);
  });

  it('has one turn: after the last there is none', async () => {
    const { texts, letters, office, happens, stateOf } = shop();
    for (const one of [texts, letters])
      one.send = async () => {
        throw new NotNow('no window is open');
      };
    const one = happens(office.enrol('m_ada'));
    await office.settle();
    expect(await stateOf(one)).toMatchObject({ state: 'dropped', reason: 'no window is open; no window is open' });
  });
});

describe('what happens within moments', () => {
  it('is one message, in the order in which it happened', async () => {
    const { texts, office, happens, stateOf } = shop({ mergeSeconds: 10 });
    const ada = office.enrol('m_ada');
    const one = happens(ada);
    await office.until('2026-03-10T11:00:04Z');
    const two = happens(ada, 'tier.changed', { from: 'guest', to: 'friend' });
    const other = happens(office.enrol('m_bob'));
    await office.until('2026-03-10T11:01:00Z');
    expect(texts.took.map(({ text }) => text)).toEqual([`${one.id} ${two.id}`, other.id]);
    expect(await stateOf(two)).toMatchObject({ state: 'merged', into: one.id });
  });

  it('is a message for each thing where the merchant wants it so, also when all of it has waited', async () => {
    const quietHours = { from: '21:00', to: '08:00' };
    const { texts, office, happens } = shop({ quietHours, from: '2026-03-10T22:00:00Z' });
    const ada = office.enrol('m_ada');
    happens(ada, 'tier.changed', { from: 'guest', to: 'friend' });
    happens(ada, 'tier.changed', { from: 'friend', to: 'patron' });
    await office.until('2026-03-11T07:00:00Z');
    expect(texts.took).toHaveLength(2);
  });

  it('but is no advertising along with it, and no last warning', async () => {
    const { texts, office, happens } = shop({ mergeSeconds: 10 });
    const ada = office.enrol('m_ada');
    happens(ada);
    happens(ada, 'birthday', { points: 5 });
    happens(ada, 'points.expiring', { points: 5, on: '2026-03-11', through: '2026-03-11', daysBefore: 1, last: true });
    await office.until('2026-03-10T11:01:00Z');
    expect(texts.took).toHaveLength(3);
  });
});

describe('a refund before it was told', () => {
  const refunded = (points: number) => ({ points, returned: 0, orderId: 'A-77', reason: 'refund' });
  const bought = { points: 12, source: 'shopify', object: 'A-77' };

  it.each<[string, number, readonly string[]]>([
    ['of all of it leaves nothing to tell', 12, []],
    ['of a part is told, and what it made untrue is not', 5, ['points.reversed']],
  ])('%s', async (_, points, told) => {
    const [texts] = [mouth('texts', 'sms', ['points.earned', 'points.reversed'])];
    const { office, happens } = shop({ mergeSeconds: 10, mouths: [texts] });
    const ada = office.enrol('m_ada');
    happens(ada, 'points.earned', bought);
    happens(ada, 'points.reversed', refunded(points));
    await office.until('2026-03-10T11:01:00Z');
    expect(texts.took.map(({ kind }) => kind)).toEqual(told);
  });

  it('counts also where nobody is told of refunds', async () => {
    const { texts, office, happens } = shop({ mergeSeconds: 10 });
    const ada = office.enrol('m_ada');
    happens(ada, 'points.earned', bought);
    happens(ada, 'points.reversed', refunded(5));
    await office.until('2026-03-10T11:01:00Z');
    expect(texts.took).toEqual([]);
  });

  it('counts also once a channel was asked and did not carry it; what else it said is left', async () => {
    const { texts, letters, office, happens, stateOf } = shop({ mergeSeconds: 10 });
    const ada = office.enrol('m_ada');
    texts.send = async () => {
      happens(ada, 'points.reversed', refunded(12));
      throw new NotNow('no window is open');
    };
    const one = happens(ada, 'points.earned', bought);
    const raised = happens(ada, 'tier.changed', { from: 'guest', to: 'friend' });
    await office.until('2026-03-10T11:01:00Z');
    expect(letters.took).toMatchObject([{ id: one.id, kind: 'tier.changed', text: raised.id }]);
    const bob = office.enrol('m_bob');
    texts.send = async () => {
      happens(bob, 'points.reversed', refunded(12));
      throw new NotNow('no window is open');
    };
    const two = happens(bob, 'points.earned', bought);
    await office.until('2026-03-10T11:02:00Z');
    expect(letters.took).toHaveLength(1);
    expect(await stateOf(two)).toMatchObject({ state: 'dropped', reason: 'a refund has made it untrue' });
  });

  it('is told when it comes afterwards', async () => {
    const texts = mouth('texts', 'sms', ['points.earned', 'points.reversed']);
    const { office, happens } = shop({ mouths: [texts] });
    const ada = office.enrol('m_ada');
    happens(ada, 'points.earned', bought);
    await office.settle();
    happens(ada, 'points.reversed', refunded(12));
    await office.settle();
    expect(texts.took.map(({ kind }) => kind)).toEqual(['points.earned', 'points.reversed']);
  });
});

describe('in quiet hours', () => {
  const quietHours = { from: '21:00', to: '08:00' };
  const night = '2026-03-10T22:00:00Z'; // 23:00 in Berlin

  it('what nobody has to have at once waits for the morning, by a schedule', async () => {
    const { texts, office, happens, stateOf } = shop({ quietHours, from: night });
    const one = happens(office.enrol('m_ada'), 'tier.changed', { from: 'guest', to: 'friend' });
    await office.until('2026-03-11T06:59:00Z');
    expect(texts.took).toEqual([]);
    expect(office.schedules).toEqual([
      { name: expect.stringMatching(/^message-[0-9a-f]{40}$/), at: '2026-03-11T07:00:00.000Z' },
    ]);
    await office.until('2026-03-11T07:00:00Z');
    expect(texts.took).toHaveLength(1);
    expect(await stateOf(one)).toMatchObject({ state: 'sent' });
  });

  it('it is the member’s own night that counts', async () => {
    const { texts, office, happens } = shop({ quietHours, from: night });
    happens(office.enrol('m_ada', { profile: { timeZone: 'America/New_York' } }), 'tier.changed', {
      from: 'a',
      to: 'b',
    });
    await office.settle();
    expect(texts.took).toHaveLength(1);
  });

  it('what the member is just doing is told', async () => {
    const { texts, office, happens } = shop({ quietHours, from: night });
    happens(office.enrol('m_ada'));
    await office.settle();
    expect(texts.took).toHaveLength(1);
  });

  it('an answer is given', async () => {
    const { texts, office, stateOf } = shop({ quietHours, from: night });
    const memberId = office.enrol('m_ada');
    const answer = {
      kind: 'answer',
      id: 'r1',
      memberId,
      connector: 'texts',
      locale: 'en',
      text: '42',
      purpose: 'transactional',
    };
    office.put('plan', answer);
    office.put('plan', answer);
    await office.settle();
    expect(texts.took).toMatchObject([{ id: 'm_ada.answer.r1', kind: 'reply', text: '42' }]);
    expect(await stateOf({ id: 'm_ada.answer.r1' } as LoyaltyEvent)).toMatchObject({ state: 'sent' });
  });

  it('what staff try out is shown whole: with subject, page and template', async () => {
    const { letters, office } = shop({ quietHours, from: night });
    const words = {
      locale: 'de',
      text: 'Hallo Ada',
      subject: 'Zwölf Punkte',
      html: '<p>Hallo Ada</p>',
      template: { name: 'points', values: ['12'] },
    };
    const work = { kind: 'answer', id: 'test:1', connector: 'letters', purpose: 'transactional', ...words };
    office.put('plan', PlanWork.parse({ ...work, memberId: office.enrol('m_ada', { no: ['email'] }) }));
    await office.settle();
    expect(letters.took).toEqual([
      {
        id: 'm_ada.answer.test:1',
        channel: 'email',
        to: 'ada@example.org',
        kind: 'reply',
        purpose: 'transactional',
        values: {},
        ...words,
      },
    ]);
  });

  it('a birthday that would be over by then is let go', async () => {
    const { texts, office, happens, stateOf } = shop({ quietHours, from: night });
    const one = happens(office.enrol('m_ada'), 'birthday', { points: 5 });
    await office.until('2026-03-11T12:00:00Z');
    expect(texts.took).toEqual([]);
    expect(await stateOf(one)).toMatchObject({ state: 'dropped', reason: 'it is too late for it' });
  });
});

describe('what is over', () => {
  it('is not said along with something else', async () => {
    const texts = mouth('texts', 'sms', ['birthday', 'anniversary']);
    const quietHours = { from: '21:00', to: '08:00' };
    const { office, happens } = shop({ mouths: [texts], mergeSeconds: 10, quietHours, from: '2026-03-10T22:00:00Z' });
    const ada = office.enrol('m_ada');
    happens(ada, 'birthday', { points: 5 });
    await office.until('2026-03-10T23:30:00Z'); // half past midnight in Berlin
    const today = happens(ada, 'anniversary', { years: 1, points: 5 });
    await office.until('2026-03-11T06:59:00Z');
    // Of two that are due at once, any may be first.
    office.clock.at = new Date('2026-03-11T07:00:00Z');
    await office.opened(office.memory).planner.goOn({ kind: 'due', memberId: ada, messageId: today.id });
    await office.settle();
    expect(texts.took.map(({ text }) => text)).toEqual([today.id]);
  });

  it('ends a message of several things with the first of them', async () => {
    const { texts, office, happens } = shop({ mergeSeconds: 10 });
    const ada = office.enrol('m_ada');
    happens(ada, 'tier.changed', { from: 'guest', to: 'friend' });
    happens(ada, 'points.expiring', { points: 5, on: '2026-03-11', through: '2026-03-11', daysBefore: 1, last: false });
    await office.until('2026-03-10T11:01:00Z');
    expect(texts.took).toMatchObject([{ notAfter: '2026-03-11T23:00:00.000Z' }]);
  });
});

describe('of advertising', () => {
  /** One a week, on a channel that carries nothing until it opens. */
  function closed() {
    const texts = mouth('texts', 'sms', ['member.inactive']);
    const { office, happens, stateOf } = shop({ mouths: [texts], perWeek: 1 });
    const ada = office.enrol('m_ada');
    const { send } = texts;
    texts.send = async () => {
      throw new NotNow('no window is open');
    };
    return {
      texts,
      office,
      stateOf,
      invited: () => happens(ada, 'member.inactive', { days: 30, rung: 1 }),
      opens() {
        texts.send = send;
      },
    };
  }

  it('a member gets so much in seven days; the rest waits while it means anything', async () => {
    const texts = mouth('texts', 'sms', ['member.inactive', 'points.earned']);
    const { office, happens, stateOf } = shop({ mouths: [texts], perWeek: 2 });
    const ada = office.enrol('m_ada');
    const invited = () => happens(ada, 'member.inactive', { days: 30, rung: 1 });
    invited();
    await office.until('2026-03-15T11:00:00Z');
    invited();
    const third = invited();
    happens(ada);
    await office.settle();
    expect(texts.took.map(({ kind }) => kind).sort()).toEqual(['member.inactive', 'member.inactive', 'points.earned']);
    expect(await stateOf(third)).toMatchObject({ state: 'waiting', until: '2026-03-17T11:00:00.000Z' });
    await office.until('2026-03-17T11:00:00Z');
    expect(texts.took).toHaveLength(4);
    const fifth = invited();
    await office.settle();
    expect(await stateOf(fifth)).toMatchObject({ state: 'dropped', reason: 'enough for a week' });
  });

  it('what no channel has carried has used up nothing', async () => {
    const { texts, office, stateOf, invited, opens } = closed();
    const first = invited();
    await office.settle();
    expect(await stateOf(first)).toMatchObject({ state: 'dropped', tried: [{ connector: 'texts' }] });
    opens();
    const second = invited();
    await office.settle();
    expect(await stateOf(second)).toMatchObject({ state: 'sent' });
    // Nor has what its vendor could not deliver.
    await office.receipts.reported('texts', { vendorId: `texts-${second.id}-1`, status: 'failed' });
    office.put('plan', { kind: 'undone', messageId: second.id, connector: 'texts' });
    await office.settle();
    expect(await stateOf(second)).toMatchObject({ state: 'dropped' });
    invited();
    invited();
    await office.settle();
    expect(texts.took).toHaveLength(2);
  });

  it('nor has what was dropped by a planner that was cut off right after', async () => {
    const { texts, office, stateOf, invited, opens } = closed();
    let isUndone = false;
    office.memory.mishap = (_, name) => {
      isUndone ||= name === 'TransactWriteItemsCommand';
      if (!isUndone || name !== 'PutItemCommand') return undefined;
      office.memory.mishap = () => undefined;
      return 'lost';
    };
    const first = invited();
    await office.settle();
    expect(await stateOf(first)).toMatchObject({ state: 'dropped' });
    await office.until('2026-03-10T11:02:00Z');
    opens();
    invited();
    await office.settle();
    expect(texts.took).toHaveLength(1);
  });
});

describe('the last warning before points lapse', () => {
  const expiring = { points: 5, on: '2026-03-17', through: '2026-03-17', daysBefore: 7, last: true };

  it('is sent when one channel has sent it', async () => {
    const { texts, office, happens } = shop();
    texts.send = async () => {
      throw new NotNow('no window is open');
    };
    happens(office.enrol('m_ada'), 'points.expiring', expiring);
    await office.settle();
    expect(office.facts).toMatchObject([{ type: 'reminder', source: 'letters', outcome: 'sent' }]);
  });

  it('is impossible once all have said no, each for itself', async () => {
    const { office, happens } = shop();
    happens(office.enrol('m_ada', { no: ['sms', 'email'] }), 'points.expiring', expiring);
    await office.settle();
    expect(office.facts).toMatchObject([
      { type: 'reminder', source: 'texts', outcome: 'impossible', because: 'no consent to sms; no consent to email' },
      { type: 'reminder', source: 'letters', outcome: 'impossible' },
    ]);
  });

  it('is neither while nobody knows whether it was sent', async () => {
    const { texts, office, happens } = shop();
    texts.send = async () => {
      throw new Unknown('no answer');
    };
    happens(office.enrol('m_ada'), 'points.expiring', expiring);
    await office.settle();
    expect(office.facts).toEqual([]);
  });
});

describe('the row of a message', () => {
  it('that cannot be written says why, and not that others were faster', async () => {
    const { office, happens, stateOf } = shop();
    const one = happens(office.enrol('m_ada'));
    await office.settle();
    const refused = new TransactionCanceledException({
      message: 'the item is too large',
      CancellationReasons: [{ Code: 'ValidationError' }, { Code: 'None' }],
      $metadata: {},
    });
    const client = {
      send: async (command: object) => {
        if (command instanceof TransactWriteItemsCommand) throw refused;
        return office.memory.send(command);
      },
    } as unknown as DynamoDBClient;
    const { change } = openMessageRows({ client, table: 'program', timeZone: 'Europe/Berlin' });
    const next = await stateOf(one);
    const counted = [{ connector: 'texts', what: ['delivered'] }] as const;
    await expect(change(one.id, () => next && { next, counted })).rejects.toBe(refused);
  });
});
