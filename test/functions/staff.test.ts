import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, startWorld, type World } from './world.ts';

let world: World;
let publish: typeof import('../../functions/publish.ts').handler;
let handlers: Record<'members' | 'sales' | 'activities' | 'redemptions' | 'staff', Parameters<typeof call>[0]>;

beforeAll(async () => {
  world = await startWorld((merchant) => ({
    ...merchant,
    program: {
      ...merchant.program,
      fraud: { largestSale: '1000.00', salesPerStaff: { max: 2, per: 'hour' } },
    },
  }));
  ({ handler: publish } = await import('../../functions/publish.ts'));
  const handler = async (name: string) => (await import(`../../functions/${name}.ts`)).handler;
  handlers = {
    members: await handler('members'),
    sales: await handler('sales'),
    activities: await handler('activities'),
    redemptions: await handler('redemptions'),
    staff: await handler('staff'),
  };
}, 60_000);
afterAll(() => world.stop());

let people = 0;
async function somebody(points = 0): Promise<{ id: string; phone: string }> {
  people += 1;
  const phone = `+49170${String(40_000_000 + people)}`;
  const { body } = await call(handlers.members, 'POST /v1/members', { key: world.keys.pos, body: { phone } });
  const member = { id: String(body.memberId), phone };
  if (points > 0) await adjust(member, points, { adjustmentId: `start-${people}` });
  return member;
}

type Person = { readonly id: string };
const post = (route: string, body: object, path: Record<string, string> = {}, key = world.keys.staff) =>
  call(handlers.staff, `POST /v1/${route}`, { key, path, body });
const list = (what: string, query: Record<string, string> = {}) =>
  call(handlers.staff, `GET /v1/${what}`, { key: world.keys.staff, query });
const adjust = ({ id }: Person, points: number, more: object = {}) =>
  post('adjustments', {
    adjustmentId: `a-${id}`,
    member: { id },
    points,
    reason: 'goodwill',
    staffId: 'mia',
    ...more,
  });
const secondPerson = (id: string, end: 'approve' | 'decline', staffId = 'noor', key = world.keys.admin) =>
  post(`approvals/{id}/${end}`, { staffId }, { id }, key);
const undo = (entryId: unknown, more: object = {}) =>
  post('entries/{entryId}/undo', { reason: 'correction', staffId: 'mia', ...more }, { entryId: String(entryId) });
const balanceOf = async ({ id }: Person): Promise<unknown> =>
  (await call(handlers.members, 'GET /v1/members/{id}', { key: world.keys.pos, path: { id } })).body.balance;
const waitingFor = async ({ id }: Person, what: 'approvals' | 'disputes' | 'reviews') =>
  ((await list(what, { limit: '100' })).body[what] as Record<string, unknown>[]).filter(
    ({ memberId }) => memberId === id,
  );

describe('points by hand', () => {
  it('are given, once', async () => {
    const ada = await somebody();
    const first = await adjust(ada, 50);
    expect(first).toMatchObject({
      status: 201,
      body: {
        status: 'booked',
        adjustmentId: `a-${ada.id}`,
        points: 50,
        reason: 'goodwill',
        by: 'mia',
        balance: 50,
        trace: [{ text: '50 points given by hand: goodwill', points: 50, rule: 'goodwill' }],
      },
    });
    expect(await adjust(ada, 50)).toEqual({ ...first, status: 200 });
    expect(await adjust(ada, 60)).toMatchObject({ status: 409, body: { type: 'urn:stampbook:conflict' } });
    expect(await balanceOf(ada)).toBe(50);
  });

  it('are taken, and not what is not there: that stays refused, whatever is earned since', async () => {
    const ada = await somebody(50);
    const asked = { adjustmentId: `more-${ada.id}` };
    const refused = await adjust(ada, -60, asked);
    expect(refused).toMatchObject({ status: 409, body: { because: 'not-enough-points' } });
    await adjust(ada, 100);
    expect(await adjust(ada, -60, asked)).toEqual(refused);
    expect(await adjust(ada, -60, { adjustmentId: `less-${ada.id}` })).toMatchObject({
      status: 201,
      body: { balance: 90 },
    });
  });

  it('go below zero only where that is said', async () => {
    const ada = await somebody(50);
    expect(await adjust(ada, -60, { belowZero: true })).toMatchObject({ status: 201, body: { balance: -10 } });
  });

  it('need a reason of the program', async () => {
    const ada = await somebody();
    expect(await adjust(ada, 5, { reason: 'because' })).toMatchObject({
      status: 400,
      body: {
        errors: [
          {
            path: 'reason',
            message: 'is none of the program’s: use one of goodwill, correction, complaint, promotion',
          },
        ],
      },
    });
  });

  it.each<[string, object, string[]]>([
    ['of nothing', { points: 0 }, ['points']],
    ['of half a point', { points: 0.5 }, ['points']],
    ['by nobody', { staffId: '' }, ['staffId']],
    ['of a till', { source: 'till' }, ['source']],
  ])('%s is named', async (_, more, paths) => {
    const said = await adjust({ id: 'm_any' }, 5, more);
    expect(said.status).toBe(400);
    expect((said.body.errors as { path: string }[]).map(({ path }) => path)).toEqual(paths);
  });

  it('for nobody: 404; with a till’s key: 403', async () => {
    expect(await adjust({ id: 'm_nobody' }, 5)).toMatchObject({ status: 404 });
    const asPos = await call(handlers.staff, 'POST /v1/adjustments', { key: world.keys.pos, body: {} });
    expect(asPos.status).toBe(403);
  });

  it('keep the note with the person, and not in the journal', async () => {
    const ada = await somebody();
    await adjust(ada, 5, { note: 'Ada was very angry' });
    const [entries, members] = [await world.rows('entries'), await world.rows('members')];
    expect(JSON.stringify(entries)).not.toContain('angry');
    expect(members.filter(({ text }) => text === 'Ada was very angry')).toHaveLength(1);
    await call(handlers.members, 'DELETE /v1/members/{id}', { key: world.keys.admin, path: { id: ada.id } });
    expect(JSON.stringify(await world.rows('members'))).not.toContain('angry');
  });
});

describe('a large adjustment', () => {
  it('waits for another person with another key, and is booked once', async () => {
    const ada = await somebody();
    const asked = await adjust(ada, 1_000, { note: 'the espresso machine' });
    const approvalId = `adjustment:a-${ada.id}`;
    const waiting = {
      status: 'waiting',
      approvalId,
      memberId: ada.id,
      adjustmentId: `a-${ada.id}`,
      points: 1_000,
      reason: 'goodwill',
      by: 'mia',
      askedAt: expect.any(String),
    };
    expect(asked).toMatchObject({ status: 202, body: waiting });
    expect(await adjust(ada, 1_000, { note: 'other words' })).toEqual(asked);
    expect(await adjust(ada, 2_000)).toMatchObject({ status: 409, body: { because: 'id-is-taken' } });
    expect(await waitingFor(ada, 'approvals')).toEqual([{ ...waiting, note: 'the espresso machine' }]);
    expect(await balanceOf(ada)).toBe(0);

    expect(await secondPerson(approvalId, 'approve', 'mia')).toMatchObject({
      status: 409,
      body: { because: 'same-person' },
    });
    expect(await secondPerson(approvalId, 'approve', 'noor', world.keys.staff)).toMatchObject({
      status: 409,
      body: { because: 'same-key' },
    });

    const first = await secondPerson(approvalId, 'approve');
    expect(first).toMatchObject({
      status: 201,
      body: { status: 'booked', points: 1_000, by: 'mia', approvedBy: 'noor', balance: 1_000 },
    });
    expect(await secondPerson(approvalId, 'approve')).toEqual({ ...first, status: 200 });
    expect(await adjust(ada, 1_000)).toEqual({ ...first, status: 200 });
    expect(await secondPerson(approvalId, 'decline')).toMatchObject({
      status: 409,
      body: { because: 'approved-before' },
    });
    expect(await waitingFor(ada, 'approvals')).toEqual([]);
    expect(await balanceOf(ada)).toBe(1_000);
  });

  it('is declined for good', async () => {
    const ada = await somebody();
    await adjust(ada, 5_000);
    const approvalId = `adjustment:a-${ada.id}`;
    const first = await secondPerson(approvalId, 'decline');
    expect(first).toMatchObject({ status: 200, body: { status: 'declined', points: 5_000, by: 'noor', balance: 0 } });
    expect(await secondPerson(approvalId, 'decline')).toEqual(first);
    for (const again of [await secondPerson(approvalId, 'approve'), await adjust(ada, 5_000)])
      expect(again).toMatchObject({ status: 409, body: { because: 'declined' } });
    expect(await balanceOf(ada)).toBe(0);
    expect(await waitingFor(ada, 'approvals')).toEqual([]);
  });

  it('is decided on the balance of the second yes', async () => {
    const ada = await somebody(900);
    await adjust(ada, 200, { adjustmentId: `up-${ada.id}` });
    expect((await adjust(ada, -1_050)).status).toBe(202);
    await adjust(ada, -100, { adjustmentId: `down-${ada.id}` });
    expect(await secondPerson(`adjustment:a-${ada.id}`, 'approve')).toMatchObject({
      status: 409,
      body: { because: 'not-enough-points' },
    });
    expect(await waitingFor(ada, 'approvals')).toEqual([]);
  });

  it('that nobody asked for: 404', async () => {
    expect(await secondPerson('adjustment:never', 'approve')).toMatchObject({
      status: 404,
      body: { type: 'urn:stampbook:unknown-matter' },
    });
  });

  it('is booked once however many say yes at once', async () => {
    const ada = await somebody();
    await adjust(ada, 1_000);
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, index) => secondPerson(`adjustment:a-${ada.id}`, 'approve', `person-${index}`)),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    expect(await balanceOf(ada)).toBe(1_000);
  });

  it('is told page by page, the oldest first', async () => {
    const three = [await somebody(), await somebody(), await somebody()];
    for (const one of three) await adjust(one, 1_000);
    const seen: unknown[] = [];
    let after: string | undefined;
    do {
      const { body } = await list('approvals', { limit: '1', ...(after !== undefined && { after }) });
      seen.push(...(body.approvals as { memberId: string }[]).map(({ memberId }) => memberId));
      after = body.next as string | undefined;
    } while (after !== undefined);
    expect(seen.filter((id) => three.some((one) => one.id === id))).toEqual(three.map(({ id }) => id));
  });
});

describe('an entry is undone by another one', () => {
  it('an adjustment, once, by whoever asks', async () => {
    const ada = await somebody();
    const { entryId } = (await adjust(ada, 50)).body;
    const first = await undo(entryId);
    expect(first).toMatchObject({
      status: 201,
      body: { status: 'booked', undoes: entryId, points: -50, reason: 'correction', by: 'mia', balance: 0 },
    });
    expect(await undo(entryId, { staffId: 'noor', reason: 'complaint' })).toEqual({ ...first, status: 200 });
    expect(await balanceOf(ada)).toBe(0);
  });

  it('an activity', async () => {
    const ada = await somebody();
    const visited = await call(handlers.activities, 'POST /v1/activities', {
      key: world.keys.pos,
      body: { activityId: `v-${ada.id}`, activity: 'visit', member: { id: ada.id } },
    });
    expect(visited.body).toMatchObject({ earned: 5, balance: 5 });
    expect(await undo(visited.body.entryId)).toMatchObject({ status: 201, body: { points: -5, balance: 0 } });
  });

  it('a large one needs two, and what was declined may be asked for again', async () => {
    const ada = await somebody();
    await adjust(ada, 1_000);
    const { entryId } = (await secondPerson(`adjustment:a-${ada.id}`, 'approve')).body;
    expect(await undo(entryId)).toMatchObject({
      status: 202,
      body: { status: 'waiting', approvalId: `undo:${entryId}`, undoes: entryId, points: -1_000 },
    });
    const declined = await secondPerson(`undo:${entryId}`, 'decline');
    expect(declined).toMatchObject({ status: 200, body: { status: 'declined' } });
    expect(await secondPerson(`undo:${entryId}`, 'decline')).toEqual(declined);
    expect((await undo(entryId)).status).toBe(202);
    expect(await secondPerson(`undo:${entryId}`, 'approve')).toMatchObject({
      status: 201,
      body: { points: -1_000, by: 'mia', approvedBy: 'noor', balance: 0 },
    });
    expect(await undo(entryId)).toMatchObject({ status: 200 });
  });

  it('but not what has an end of its own', async () => {
    const ada = await somebody();
    const sold = await call(handlers.sales, 'POST /v1/sales', {
      key: world.keys.pos,
      body: { orderId: `o-${ada.id}`, member: { id: ada.id }, total: '10.00', currency: 'EUR' },
    });
    expect(await undo(sold.body.entryId)).toMatchObject({ status: 409, body: { because: 'has-an-end-of-its-own' } });
  });

  it.each(['m_nobody.1', 'nonsense', 'm_nobody.0'])('%s: 404', async (entryId) => {
    expect(await undo(entryId)).toMatchObject({ status: 404, body: { type: 'urn:stampbook:unknown-entry' } });
  });
});

describe('a tier by hand', () => {
  it('is given and taken back', async () => {
    const ada = await somebody();
    const grant = {
      grantId: `g-${ada.id}`,
      member: { id: ada.id },
      tier: 'friend',
      through: '2099-12-31',
      staffId: 'mia',
    };
    const first = await post('tier-grants', grant);
    expect(first).toMatchObject({
      status: 201,
      body: { grantId: grant.grantId, status: 'granted', granted: 'friend', through: '2099-12-31', tier: 'friend' },
    });
    expect(await post('tier-grants', grant)).toEqual({ ...first, status: 200 });
    const end = () =>
      post('tier-grants/{grantId}/end', { member: { id: ada.id }, staffId: 'mia' }, { grantId: grant.grantId });
    const ended = await end();
    expect(ended).toMatchObject({ status: 201, body: { status: 'ended', tier: 'guest' } });
    expect(await end()).toEqual({ ...ended, status: 200 });
  });

  it('is undone while it is the one that counts', async () => {
    const ada = await somebody();
    const grant = {
      grantId: `g-${ada.id}`,
      member: { id: ada.id },
      tier: 'friend',
      through: '2099-12-31',
      staffId: 'mia',
    };
    const { entryId } = (await post('tier-grants', grant)).body;
    await post('tier-grants', { ...grant, grantId: `h-${ada.id}`, through: '2099-01-31' });
    expect(await undo(entryId)).toMatchObject({ status: 409, body: { because: 'superseded' } });
  });
});

describe('a dispute', () => {
  const dispute = ({ id }: Person, more: object = {}) =>
    post('disputes', { disputeId: `d-${id}`, member: { id }, text: 'I was there!', ...more }, {}, world.keys.pos);
  const close = ({ id }: Person, more: object = {}) =>
    post('disputes/{id}/close', { outcome: 'rejected', staffId: 'mia', ...more }, { id: `d-${id}` });

  it('is opened from the member’s app, told to staff with the words, and closed', async () => {
    const ada = await somebody(50);
    const first = await dispute(ada, { entryId: `${ada.id}.2` });
    expect(first).toMatchObject({ status: 201, body: { disputeId: `d-${ada.id}`, status: 'open', balance: 50 } });
    expect(await dispute(ada, { entryId: `${ada.id}.2`, text: 'or was I?' })).toEqual({ ...first, status: 200 });
    expect(await waitingFor(ada, 'disputes')).toEqual([
      {
        disputeId: `d-${ada.id}`,
        memberId: ada.id,
        entryId: `${ada.id}.2`,
        by: 'member',
        openedAt: expect.any(String),
        text: 'I was there!',
      },
    ]);
    expect(JSON.stringify(await world.rows('entries'))).not.toContain('I was there');

    const closed = await close(ada);
    expect(closed).toMatchObject({ status: 201, body: { status: 'closed', outcome: 'rejected' } });
    expect(await close(ada)).toEqual({ ...closed, status: 200 });
    expect(await close(ada, { outcome: 'upheld' })).toMatchObject({ status: 409 });
    expect(await waitingFor(ada, 'disputes')).toEqual([]);
    expect(await dispute(ada, { entryId: `${ada.id}.2` })).toEqual({ ...first, status: 200 });
    expect(await waitingFor(ada, 'disputes')).toEqual([]);
  });

  it('is made good by an adjustment, once', async () => {
    const ada = await somebody();
    await dispute(ada);
    const upheld = { outcome: 'upheld', adjustment: { points: 40, reason: 'complaint' } };
    const closed = await close(ada, upheld);
    expect(closed).toMatchObject({
      status: 201,
      body: { status: 'closed', outcome: 'upheld', adjustmentId: `dispute:d-${ada.id}`, balance: 40 },
    });
    expect(await close(ada, upheld)).toEqual({ ...closed, status: 200 });
    expect(await balanceOf(ada)).toBe(40);
  });

  it('stays open while its adjustment waits for a second person', async () => {
    const ada = await somebody();
    await dispute(ada);
    const upheld = { outcome: 'upheld', adjustment: { points: 4_000, reason: 'complaint' } };
    expect(await close(ada, upheld)).toMatchObject({ status: 202, body: { status: 'waiting' } });
    expect(await waitingFor(ada, 'disputes')).toHaveLength(1);
    await secondPerson(`adjustment:dispute:d-${ada.id}`, 'approve');
    expect(await close(ada, upheld)).toMatchObject({ status: 201, body: { status: 'closed', balance: 4_000 } });
    expect(await waitingFor(ada, 'disputes')).toEqual([]);
  });

  it('has an id of its own, and is about an entry of the member', async () => {
    const [ada, ben] = [await somebody(), await somebody()];
    await dispute(ada);
    expect(await dispute(ben, { disputeId: `d-${ada.id}` })).toMatchObject({
      status: 409,
      body: { because: 'id-is-taken' },
    });
    for (const entryId of [`${ada.id}.1`, `${ben.id}.99`, `${ben.id}.0`])
      expect(await dispute(ben, { entryId })).toMatchObject({ status: 409, body: { because: 'unknown-entry' } });
  });

  it('that nobody opened: 404; an adjustment for what was rejected: 400', async () => {
    const ada = await somebody();
    expect(await close(ada)).toMatchObject({ status: 404 });
    expect(await close(ada, { adjustment: { points: 1, reason: 'complaint' } })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'adjustment' }] },
    });
  });
});

describe('points that look wrong', () => {
  const buy = ({ id }: Person, total: string, more: object = {}) =>
    call(handlers.sales, 'POST /v1/sales', {
      key: world.keys.pos,
      body: { orderId: `o-${id}`, member: { id }, total, currency: 'EUR', ...more },
    });
  /** What the journal's stream brings, told twice as it may be. */
  async function relay({ id }: Person): Promise<void> {
    const images = (await world.images('entries')).filter(({ memberId }) => memberId?.S === id);
    const Records = images
      .sort((a, b) => Number(a.seq?.N) - Number(b.seq?.N))
      .map((image) => ({ eventName: 'INSERT' as const, dynamodb: { NewImage: image as never, SequenceNumber: '1' } }));
    for (let times = 0; times < 2; times += 1) expect(await publish({ Records })).toEqual({ batchItemFailures: [] });
  }
  const looked = ({ id }: Person, end: 'approve' | 'decline', staffId = 'noor') =>
    post(`reviews/{source}/{object}/${end}`, { staffId }, { source: 'api', object: `o-${id}` });

  it('wait on the staff’s desk, and can be spent once somebody has looked', async () => {
    const ada = await somebody();
    const sold = await buy(ada, '2000.00', { staffId: 'mia' });
    expect(sold).toMatchObject({
      status: 201,
      body: { earned: 2_000, balance: 0, pending: 2_000 },
    });
    expect(await looked(ada, 'approve')).toMatchObject({ status: 404 });
    await relay(ada);
    expect(await waitingFor(ada, 'reviews')).toEqual([
      {
        source: 'api',
        object: `o-${ada.id}`,
        memberId: ada.id,
        entryId: sold.body.entryId,
        because: ['impossible-amount'],
        points: 2_000,
        flaggedAt: expect.any(String),
      },
    ]);
    expect(world.published().filter(({ type }) => type === 'fraud.flagged')).not.toEqual([]);
    expect(await looked(ada, 'approve', 'mia')).toMatchObject({ status: 409, body: { because: 'same-person' } });
    const first = await looked(ada, 'approve');
    expect(first).toMatchObject({
      status: 201,
      body: { status: 'approved', points: 2_000, balance: 2_000, pending: 0 },
    });
    expect(await looked(ada, 'approve')).toEqual({ ...first, status: 200 });
    expect(await looked(ada, 'decline')).toMatchObject({ status: 409, body: { type: 'urn:stampbook:conflict' } });
    expect(await waitingFor(ada, 'reviews')).toEqual([]);
    await relay(ada);
    expect(await waitingFor(ada, 'reviews')).toEqual([]);
  });

  it('are gone when staff say no; the sale stays, and its refund takes nothing twice', async () => {
    const ada = await somebody();
    await buy(ada, '2000.00');
    await relay(ada);
    expect(await looked(ada, 'decline')).toMatchObject({
      status: 201,
      body: { status: 'declined', points: 2_000, balance: 0, pending: 0 },
    });
    const back = await call(handlers.sales, 'POST /v1/sales/{orderId}/refunds', {
      key: world.keys.pos,
      path: { orderId: `o-${ada.id}` },
      body: { refundId: 'r', member: { id: ada.id }, everything: true, currency: 'EUR' },
    });
    expect(back).toMatchObject({ status: 201, body: { reversed: 0, balance: 0 } });
  });

  it('leave the desk also where the end was told by the journal alone', async () => {
    const ada = await somebody();
    await buy(ada, '2000.00');
    await relay(ada);
    const { ledger } = await import('../../lib/runtime/shop.ts');
    const said = { source: 'api', object: `o-${ada.id}`, of: 'review', by: 'noor' } as const;
    await ledger().confirmLot(ada.id, said);
    expect(await waitingFor(ada, 'reviews')).toHaveLength(1);
    await relay(ada);
    expect(await waitingFor(ada, 'reviews')).toEqual([]);
  });

  it('are those of the third sale that one of the staff rings up in an hour; telling it again counts nothing', async () => {
    const [ada, ben, cleo] = [await somebody(), await somebody(), await somebody()];
    const quick = { staffId: 'quick' };
    expect((await buy(ada, '10.00', quick)).body).toMatchObject({ pending: 0 });
    // A till that lost the answers.
    for (let again = 0; again < 3; again += 1) expect((await buy(ada, '10.00', quick)).status).toBe(200);
    expect((await buy(ben, '10.00', quick)).body).toMatchObject({ pending: 0 });
    expect((await buy(cleo, '10.00', quick)).body).toMatchObject({ pending: 10 });
  });
});
