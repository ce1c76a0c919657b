import type { Account } from '../lib/loyalty/account.ts';
import { campaignRewards, isOn, withRewards } from '../lib/loyalty/campaigning.ts';
import type { CodeEnd } from '../lib/loyalty/codes.ts';
import { rewardOf } from '../lib/loyalty/offer.ts';
import type { Reward } from '../lib/loyalty/program/rewards.ts';
import type { Program } from '../lib/loyalty/program.ts';
import { refusalOf } from '../lib/loyalty/redeem.ts';
import { today } from '../lib/loyalty/situation.ts';
import { codeAnswer, type LoadedAnswer, type RewardAnswer, type StockAnswer } from '../lib/runtime/answers/rewards.ts';
import { answered, unknownMember } from '../lib/runtime/answers.ts';
import { addStock, getCode, listRewards, loadCodes, revokeCode, useCode } from '../lib/runtime/api/rewards.ts';
import { isGiven } from '../lib/runtime/codes.ts';
import { merchant } from '../lib/runtime/config.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { type Answer, problem } from '../lib/runtime/problem.ts';
import { campaignsAround, currentCampaigns, supplies, till } from '../lib/runtime/shop.ts';

const situation = () => ({ program: merchant().program, now: new Date() });
const refused = (because: string): Answer => problem(409, 'refused', { because });
const unknownReward = problem(404, 'unknown-reward', { detail: 'GET /v1/rewards lists them' });
const unknownCode = problem(404, 'unknown-code', { detail: 'nobody was given this code: type it again' });

/** What points can be spent on: the catalogue, its stock, and the codes that are given out for points. */
export const handler = api(
  endpoint(listRewards, async ({ member }) => {
    const account = member === undefined ? undefined : await till().account(member);
    if (member !== undefined && !account) return unknownMember({ type: 'member' });
    const program = await offeredTo(account);
    const { rewards } = program;
    const left = rewards.some(({ stock }) => stock !== undefined) ? await supplies().stock.left() : new Map();
    return { status: 200, body: { rewards: rewards.map((reward) => listed(reward, left, account, program)) } };
  }),

  endpoint(addStock, async ({ id, stockId, pieces }) => {
    const reward = rewardOf(await catalogue(), id);
    if (!reward) return unknownReward;
    if (reward.stock === undefined) return refused('not-counted');
    const body: StockAnswer = { rewardId: id, stockId, pieces };
    switch (await supplies().stock.add(reward, stockId, pieces)) {
      case 'added':
        return { status: 201, body };
      case 'added-before':
        return { status: 200, body };
      case 'conflict':
        return problem(409, 'conflict', { detail: 'this id stands for something else', differences: ['pieces'] });
      case 'fewer-than-that':
        return refused('fewer-than-that');
    }
  }),

  endpoint(loadCodes, async ({ id, codes }) => {
    const reward = rewardOf(await catalogue(), id);
    if (!reward) return unknownReward;
    if (reward.code?.from !== 'list') return refused('takes-no-list');
    const body: LoadedAnswer = { rewardId: id, ...(await supplies().codes.load(id, codes)) };
    return { status: 200, body };
  }),

  endpoint(getCode, async ({ code }) => {
    const row = await supplies().codes.find(code);
    return isGiven(row) ? { status: 200, body: codeAnswer(row, today(situation())) } : unknownCode;
  }),

  endpoint(useCode, ({ code, useId, orderId }, { source }) => ended(code, { kind: 'used', source, useId, orderId })),

  endpoint(revokeCode, async ({ code, staffId }, { source }) => {
    const end = { kind: 'revoked', source, by: staffId } as const;
    const row = await supplies().codes.find(code);
    if (!row || isGiven(row)) return ended(code, end);
    if (row.ended) return { status: 200, body: withdrawn(row.code, row.rewardId, row.endedAt) };
    const at = new Date().toISOString();
    // Somebody may be given it at this very moment: then it is taken back from them.
    return (await supplies().codes.withdraw(row, at))
      ? { status: 201, body: withdrawn(row.code, row.rewardId, at) }
      : ended(code, end);
  }),
);

/** All that staff may have to prepare: also what a campaign will offer. */
async function catalogue(): Promise<Program> {
  const { program } = merchant();
  return { ...program, rewards: [...program.rewards, ...campaignRewards(await currentCampaigns()())] };
}

/** What this member can have now; without a member, what campaigns offer to anybody. */
async function offeredTo(account: Account | undefined): Promise<Program> {
  const { program, now } = situation();
  if (account) return withRewards(account, { program, now, ...(await campaignsAround()(account.memberId)) });
  const on = (await currentCampaigns()()).filter((campaign) => isOn(campaign, now));
  return { ...program, rewards: [...program.rewards, ...campaignRewards(on)] };
}

function listed(
  reward: Reward,
  taken: ReadonlyMap<string, number>,
  account: Account | undefined,
  program: Program,
): RewardAnswer {
  const left = reward.stock === undefined ? undefined : (taken.get(reward.id) ?? reward.stock);
  if (!account) return { ...reward, left };
  const because = refusalOf(account, { rewardId: reward.id }, { ...situation(), program }, { gone: left === 0 });
  return { ...reward, left, affordable: because === undefined, because };
}

const withdrawn = (code: string, rewardId: string, endedAt: string | undefined) => ({
  code,
  rewardId,
  status: 'revoked',
  endedAt,
});

/** The answer is made from the row as it was given and the entry that ended it: again, it is the same. */
async function ended(code: string, end: CodeEnd): Promise<Answer> {
  const result = await till().endCode(code, end);
  if (!result) return unknownCode;
  const { row, outcome } = result;
  return answered(outcome, ({ detail, occurredAt }) =>
    codeAnswer(row, today(situation()), {
      ended: end.kind,
      endedAt: occurredAt,
      ...(detail.kind === 'code-used' && { useId: detail.useId, orderId: detail.orderId }),
    }),
  );
}
