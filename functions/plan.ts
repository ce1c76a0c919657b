import { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { SQSRecord } from 'aws-lambda';
import { waysThrough } from '../lib/connectors/channels.ts';
import { Permanent } from '../lib/connectors/kit/errors.ts';
import type { LoyaltyEvent } from '../lib/loyalty/events.ts';
import { purposeOf, type Way } from '../lib/loyalty/planning.ts';
import { messageOf, readCampaign } from '../lib/runtime/campaign-rows.ts';
import { openChannelQueues } from '../lib/runtime/channel-queues.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { eventOf, isOfAll } from '../lib/runtime/delivering/told.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { openFactsQueue } from '../lib/runtime/facts-queue.ts';
import { openHeard } from '../lib/runtime/heard.ts';
import { openMarketingWeeks } from '../lib/runtime/marketing-weeks.ts';
import type { Member } from '../lib/runtime/members.ts';
import { openMessageRows } from '../lib/runtime/message-rows.ts';
import { openMessageTexts } from '../lib/runtime/message-texts.ts';
import { compose } from '../lib/runtime/messages.ts';
import { openOneTime } from '../lib/runtime/one-time.ts';
import { openPlanQueue, PlanWork } from '../lib/runtime/plan-work.ts';
import { openPlanner, type Worded } from '../lib/runtime/planner.ts';
import { members } from '../lib/runtime/shop.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { unsubscribeUrl } from '../lib/runtime/unsubscribe.ts';
import { openWakeUps } from '../lib/runtime/wake-ups.ts';
import { worker } from '../lib/runtime/worker.ts';

const beside = { client: dynamodb, table: setting('TABLE_PROGRAM') };
const texts = openMessageTexts(beside);
const heard = openHeard(beside);

const schedules = () =>
  openOneTime({
    client: new SchedulerClient({ maxAttempts: 3 }),
    group: setting('SCHEDULE_GROUP'),
    roleArn: setting('SCHEDULER_ROLE_ARN'),
    queueArn: setting('SCHEDULED_QUEUE_ARN'),
    deadLettersArn: setting('SCHEDULED_PARKED_ARN'),
  });

/** These take free words only for a while after a member has written there. */
const WINDOWED: ReadonlySet<Way['channel']> = new Set(['whatsapp', 'messenger', 'chat']);

function open() {
  const { connectors, program, messaging } = merchant();
  const { timeZone } = program;
  return openPlanner({
    ways: waysThrough(connectors),
    timeZone,
    mergeSeconds: messaging.mergeSeconds,
    quietHours: messaging.quietHours,
    messages: openMessageRows({ ...beside, timeZone }),
    members: members(),
    weeks: openMarketingWeeks({ ...beside, perWeek: messaging.marketingPerWeek }),
    compose: worded,
    wake: openWakeUps({ plan: openPlanQueue({ client: sqs, url: setting('QUEUE_PLAN_URL') }), schedules }),
    hand: openChannelQueues({ client: sqs, nameOf: (id) => `${setting('QUEUE_PREFIX')}${id}-outbound` }).hand,
    heardAt: async (memberId, { channel, connector }) =>
      WINDOWED.has(channel) ? heard.at(memberId, connector) : undefined,
    facts: openFactsQueue({ client: sqs, url: setting('QUEUE_FACTS_URL') }),
  });
}

/** What is said on a channel: the words of the file and of staff, or those of a campaign that is still on. */
async function worded(events: readonly LoyaltyEvent[], member: Member, { channel }: Way): Promise<Worded | undefined> {
  const overrides = { ...(await texts.current()) };
  for (const event of events) {
    if (event.type !== 'campaign.message') continue;
    // Looked up when it is planned, so that a campaign that was stopped says no more.
    const said = messageOf(await readCampaign(beside, event.data.campaignId), new Date())?.texts;
    if (!said) return undefined;
    overrides['campaign.message'] = said;
  }
  const [first] = events;
  const url =
    channel === 'email' && first ? await unsubscribeUrl(member.memberId, channel, purposeOf(first)) : undefined;
  const made = compose(events, member, merchant(), { channel, overrides, unsubscribeUrl: url });
  return made && { ...made, ...(url !== undefined && { unsubscribeUrl: url }) };
}

const planner = open();

/** Plans messages to members: what the bus tells, and what was put before it since. */
export const handler = worker(async (record) => {
  const work = workIn(record);
  if ('kind' in work) await planner.goOn(work);
  else await planner.heard(work);
});

function workIn({ body }: SQSRecord): PlanWork | LoyaltyEvent {
  const json = JSON.parse(body) as { readonly detail?: unknown };
  const { data: work } = PlanWork.safeParse(json);
  if (work) return work;
  const event = eventOf(json.detail);
  if (isOfAll(event)) throw new Permanent('what happens to all is nothing for one member');
  return event;
}
