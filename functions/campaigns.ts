import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { channelsFor } from '../lib/connectors/channels.ts';
import { type Campaign, campaignFaults, type Fault } from '../lib/loyalty/campaign.ts';
import { partOfCampaign } from '../lib/loyalty/campaigning.ts';
import { rehearse } from '../lib/loyalty/dry-run.ts';
import { campaignAnswer, type DryRunAnswer } from '../lib/runtime/answers/campaigns.ts';
import {
  cancelCampaign,
  dryRunCampaign,
  endCampaign,
  getCampaign,
  listCampaigns,
  postCampaign,
  scheduleCampaign,
} from '../lib/runtime/api/campaigns.ts';
import { openBudgets } from '../lib/runtime/budgets.ts';
import type { CampaignRow } from '../lib/runtime/campaign-rows.ts';
import { type CampaignOutcome, openLaunching } from '../lib/runtime/campaigns.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { openOneTime } from '../lib/runtime/one-time.ts';
import { type Answer, problem } from '../lib/runtime/problem.ts';
import { currentCampaigns, ledger, personOf } from '../lib/runtime/shop.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { readStory } from '../lib/runtime/stories.ts';

const scheduler = new SchedulerClient({ maxAttempts: 3 });

const campaigns = () =>
  openLaunching({
    client: dynamodb,
    table: setting('TABLE_PROGRAM'),
    program: merchant().program,
    schedules: openOneTime({
      client: scheduler,
      group: setting('SCHEDULE_GROUP'),
      roleArn: setting('SCHEDULER_ROLE_ARN'),
      queueArn: setting('SCHEDULED_QUEUE_ARN'),
      deadLettersArn: setting('SCHEDULED_PARKED_ARN'),
    }),
    send: async (message) => {
      await sqs.send(
        new SendMessageCommand({ QueueUrl: setting('QUEUE_SWEEPS_URL'), MessageBody: JSON.stringify(message) }),
      );
    },
  });

const unknownCampaign = problem(404, 'unknown-campaign', { detail: 'GET /v1/campaigns lists them' });

/** Words that cannot be made into a message, or that nobody would send. */
async function messageFaults({ effect }: Campaign): Promise<readonly Fault[]> {
  if (effect.kind !== 'message') return [];
  // As heavy as it is for those who write to members.
  const { wordFaults } = await import('../lib/runtime/messages/faults.ts');
  const [first = ''] = merchant().locales;
  const faults = Object.entries(effect.texts).flatMap(([locale, text]) =>
    wordFaults('campaign.message', locale, { text }, merchant()).map(({ message }) => ({ path: locale, message })),
  );
  if (!Object.hasOwn(effect.texts, first))
    faults.push({
      path: first,
      message: `is missing: who speaks none of the others is written to in ${first}`,
    });
  const nobody = channelsFor(merchant().connectors, 'campaign.message').length === 0;
  return [
    ...faults.map(({ path, message }) => ({ path: `effect.texts.${path}`, message })),
    ...(nobody
      ? [{ path: 'effect.kind', message: 'no channel is told campaign.message: add it to one in the merchant’s file' }]
      : []),
  ];
}

async function answer(row: CampaignRow): Promise<object> {
  const { id, budgetPoints } = row.campaign;
  if (budgetPoints === undefined) return campaignAnswer(row);
  const budgets = openBudgets({ client: dynamodb, table: setting('TABLE_PROGRAM') });
  return campaignAnswer(row, await budgets.used(partOfCampaign(id)));
}

async function changed(outcome: Promise<CampaignOutcome>): Promise<Answer> {
  const now = await outcome;
  switch (now.kind) {
    case 'unknown':
      return unknownCampaign;
    case 'refused':
      return problem(409, 'refused', { because: now.because });
    case 'done':
    case 'again':
      return { status: 200, body: await answer(now.row) };
  }
}

/** What a merchant offers for a while: written, rehearsed, put on the calendar, stopped. */
export const handler = api(
  endpoint(postCampaign, async (campaign) => {
    const errors = [...campaignFaults(campaign, merchant().program), ...(await messageFaults(campaign))];
    if (errors.length > 0) return problem(400, 'invalid-request', { errors });
    const { kind, row } = await campaigns().create(campaign);
    if (kind === 'conflict') return problem(409, 'conflict', { detail: 'another campaign has this id' });
    return { status: kind === 'done' ? 201 : 200, body: await answer(row) };
  }),

  endpoint(listCampaigns, async () => ({
    status: 200,
    body: { campaigns: (await campaigns().list()).map((row) => campaignAnswer(row)) },
  })),

  endpoint(getCampaign, async ({ id }) => {
    const row = await campaigns().get(id);
    return row ? { status: 200, body: await answer(row) } : unknownCampaign;
  }),

  endpoint(scheduleCampaign, ({ id }) => changed(campaigns().schedule(id))),
  endpoint(endCampaign, ({ id }) => changed(campaigns().end(id))),
  endpoint(cancelCampaign, ({ id }) => changed(campaigns().cancel(id))),

  endpoint(dryRunCampaign, async ({ id, days, after }) => {
    const row = await campaigns().get(id);
    if (!row) return unknownCampaign;
    const until = new Date();
    const since = new Date(until.getTime() - days * 86_400_000);
    const { ids, next } = await someMembers(after);
    const question = {
      program: merchant().program,
      since: since.toISOString(),
      until: until.toISOString(),
      others: await currentCampaigns()(),
    };
    const rehearsed = await Promise.all(
      ids.map(async (memberId) => {
        const [story, person] = await Promise.all([readStory(ledger(), memberId), personOf(memberId)]);
        if (!story) return [];
        const one = rehearse(row.campaign, { ...story, memberTags: person?.tags }, { ...question, person });
        const { meant, ...would } = one;
        return meant ? [would] : [];
      }),
    );
    const who = rehearsed.flat().sort((a, b) => b.points - a.points);
    const sum = (held: boolean) => {
      const those = who.filter((one) => one.held === held);
      return { members: those.length, points: those.reduce((total, { points }) => total + points, 0) };
    };
    const body: DryRunAnswer = {
      from: question.since,
      to: question.until,
      members: ids.length,
      given: sum(false),
      held: sum(true),
      who,
      next,
    };
    return { status: 200, body };
  }),
);

/** Whole journals are read and told again: as many as fit into the time of a call. */
const PAGE = 25;

async function someMembers(after: string | undefined): Promise<{ ids: readonly string[]; next: string | undefined }> {
  const { Items = [], LastEvaluatedKey } = await dynamodb.send(
    new ScanCommand({
      TableName: setting('TABLE_ACCOUNTS'),
      ProjectionExpression: 'memberId',
      Limit: PAGE,
      ...(after !== undefined && { ExclusiveStartKey: { memberId: { S: after } } }),
    }),
  );
  return { ids: Items.flatMap(({ memberId }) => memberId?.S ?? []), next: LastEvaluatedKey?.memberId?.S };
}
