import type { Connector, Context, Manifest, Roles } from '../../connectors/contract.ts';
import { merchant, optionalSetting, setting } from '../config.ts';
import { openDeliveries } from '../deliveries.ts';
import { dynamodb } from '../dynamodb.ts';
import { openFactsQueue } from '../facts-queue.ts';
import { openMessageRows } from '../message-rows.ts';
import { openPlanQueue } from '../plan-work.ts';
import { openReceipts } from '../receipts.ts';
import { members, supplies } from '../shop.ts';
import { sqs } from '../sqs.ts';
import { openStandings } from '../standings.ts';
import { openAttempts } from './attempts.ts';
import { openCopying } from './copying.ts';
import { openMemberCopies } from './member-copies.ts';
import { openSending } from './sending.ts';
import { openSharedCodes } from './shared-codes.ts';
import { openAlerting, openTicketing } from './staff.ts';
import { type Ending, isEvent, isMessage, isOfMember, type Told } from './told.ts';
import { openVendor } from './vendor.ts';

/** What a connector does with what it is told; answers the end of each, in their order. */
export type Way = (told: readonly Told[]) => Promise<readonly Ending[]>;

/** One for each role in which the connector is told anything. */
export function waysOf<M extends Manifest>(connector: Connector<M>): readonly Way[] {
  const { manifest } = connector;
  const { channel, sink, alert, ticket } = connector.roles as Partial<Roles<Context<M>>>;
  const { program } = merchant();
  const { timeZone } = program;
  const vendor = openVendor(manifest);
  const deliveries = openDeliveries({
    client: dynamodb,
    table: setting('TABLE_PROGRAM'),
    connector: manifest.id,
    timeZone,
  });
  const noted = (role: 'sink' | 'alert' | 'ticket') => ({
    vendor,
    merchant: merchant(),
    attempts: openAttempts({ deliveries, role }),
  });
  const copies = openMemberCopies({
    manifest,
    members,
    standings: () =>
      openStandings({
        client: dynamodb,
        table: setting('TABLE_ACCOUNTS'),
        timeZone,
        firstTier: program.tiers[0]?.id ?? '',
      }),
  });
  const codes = openSharedCodes({ manifest, codes: () => supplies().codes });
  const ways = [
    channel && only(isMessage, openSending({ ...writing(manifest), channel, vendor })),
    sink && only(isOfMember, openCopying({ ...noted('sink'), sink, limits: manifest.limits, copies, codes })),
    alert && only(isEvent, openAlerting({ ...noted('alert'), alert })),
    ticket && only(isEvent, openTicketing({ ...noted('ticket'), ticket, copies })),
  ].filter((way) => way !== undefined);
  if (ways.length === 0) throw new Error(`${manifest.id} tells nobody anything`);
  return ways;
}

/** What it takes to write to members. */
function writing<M extends Manifest>(manifest: M) {
  const beside = { client: dynamodb, table: setting('TABLE_PROGRAM') };
  const messages = openMessageRows({ ...beside, timeZone: merchant().program.timeZone });
  return {
    manifest,
    messages,
    receipts: openReceipts({ ...beside, messages }),
    members,
    facts: openFactsQueue({ client: sqs, url: setting('QUEUE_FACTS_URL') }),
    plan: openPlanQueue({ client: sqs, url: setting('QUEUE_PLAN_URL') }),
    receiptUrl: optionalSetting('RECEIPT_URL'),
  };
}

/** What is not for it is nothing to it. */
const only =
  <One extends Told>(
    isOurs: (one: Told) => one is One,
    way: (told: readonly One[]) => Promise<readonly Ending[]>,
  ): Way =>
  async (told) => {
    const ours = told.filter(isOurs);
    const ends = ours.length === 0 ? [] : await way(ours);
    return told.map((one) => (isOurs(one) ? ends[ours.indexOf(one)] : undefined));
  };
