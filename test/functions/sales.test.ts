import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, startWorld, type World } from './world.ts';

let world: World;
let sales: typeof import('../../functions/sales.ts').handler;
let members: typeof import('../../functions/members.ts').handler;

beforeAll(async () => {
  world = await startWorld();
  ({ handler: sales } = await import('../../functions/sales.ts'));
  ({ handler: members } = await import('../../functions/members.ts'));
}, 60_000);
afterAll(() => world.stop());

const enrol = async (phone: string) => {
  const { body } = await call(members, 'POST /v1/members', { key: world.keys.pos, body: { phone } });
  return String(body.memberId);
};
const sell = (body: object, key = world.keys.pos) => call(sales, 'POST /v1/sales', { key, body });

describe('a sale at the till', () => {
  it('earns points, and answers with the new balance', async () => {
    const memberId = await enrol('+4915110000001');
    const said = await sell({ orderId: 'A-1', member: { phone: '+49 151 10000001' }, total: '12.90', currency: 'EUR' });
    expect(said).toMatchObject({
      status: 201,
      body: {
        entryId: `${memberId}.3`,
        earned: 12,
        balance: 12,
        pending: 0,
        held: 0,
        tier: 'guest',
        unlocked: [],
        trace: [{ text: 'spend: 12 points for 12.90 EUR', points: 12, rule: 'spend' }],
      },
    });
  });
});
