import { withRewards } from '../loyalty/campaigning.ts';
import { openAllowance } from './allowance.ts';
import { openAskedRedemptions } from './asked-redemptions.ts';
import { merchant, setting } from './config.ts';
import { dynamodb } from './dynamodb.ts';
import { enrolment } from './enrolling.ts';
import { openHeard } from './heard.ts';
import { openLinkCodes } from './link-codes.ts';
import { openMessageTexts } from './message-texts.ts';
import { openPlanQueue } from './plan-work.ts';
import { openReplying } from './replying.ts';
import { campaignsAround, ledger, members, orders, supplies } from './shop.ts';
import { sqs } from './sqs.ts';

let texts: ReturnType<typeof openMessageTexts> | undefined;

/** How this shop answers its members. */
export function replying() {
  const beside = { client: dynamodb, table: setting('TABLE_PROGRAM') };
  texts ??= openMessageTexts(beside);
  return openReplying({
    merchant: merchant(),
    members: members(),
    ledger: ledger(),
    enrolment: enrolment(),
    offeredTo: async (account) => {
      const { program } = merchant();
      return withRewards(account, { program, now: new Date(), ...(await campaignsAround()(account.memberId)) });
    },
    supplies: supplies(),
    orders: orders(),
    asked: openAskedRedemptions(beside),
    linkCodes: openLinkCodes(beside),
    allowance: openAllowance(beside),
    heard: openHeard(beside),
    plan: openPlanQueue({ client: sqs, url: setting('QUEUE_PLAN_URL') }),
    overrides: texts.current,
  });
}
