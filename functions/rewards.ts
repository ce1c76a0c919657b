import { spendable } from '../lib/loyalty/buckets.ts';
import { dayIn } from '../lib/loyalty/calendar.ts';
import { hasTier } from '../lib/loyalty/tiers.ts';
import { unknownMember } from '../lib/runtime/answers.ts';
import { listRewards } from '../lib/runtime/api/rewards.ts';
import { merchant } from '../lib/runtime/config.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { ledger } from '../lib/runtime/shop.ts';

/** What points can be spent on. */
export const handler = api(
  endpoint(listRewards, async ({ member }) => {
    const { program } = merchant();
    if (member === undefined) return { status: 200, body: { rewards: program.rewards } };
    const account = await ledger().account(member);
    if (!account) return unknownMember({ type: 'member' });
    const there = spendable(account.buckets, dayIn(program.timeZone, new Date()));
    const rewards = program.rewards.map((reward) => ({
      ...reward,
      affordable: reward.cost <= there && hasTier(program, account.tier, reward.tier),
    }));
    return { status: 200, body: { rewards } };
  }),
);
