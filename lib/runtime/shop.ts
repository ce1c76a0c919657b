import { dayIn } from '../loyalty/calendar.ts';
import type { Person } from '../loyalty/segmenting.ts';
import { openBudgets } from './budgets.ts';
import { openCodes } from './codes.ts';
import { merchant, setting } from './config.ts';
import { openCurrentCampaigns } from './current-campaigns.ts';
import { dynamodb } from './dynamodb.ts';
import { openKeeper } from './keeper.ts';
import { openLedger } from './ledger.ts';
import { openMembers } from './members.ts';
import { openOrders } from './orders.ts';
import { openReferralCodes } from './referral-codes.ts';
import { openStock } from './stock.ts';
import { openCampaignsAround, openSurroundings } from './surroundings.ts';
import { type LedgerOptions, openTill } from './till.ts';
import { openVelocity, watchesVelocity } from './velocity.ts';
import { openWaitingRoom } from './waiting-room.ts';

/** The stores of the merchant that this function was deployed for, each opened when it is first asked for. */

const once = <Thing>(open: () => Thing): (() => Thing) => {
  let thing: Thing | undefined;
  return () => {
    thing ??= open();
    return thing;
  };
};

const client = dynamodb;
const now = () => new Date();

function ledgerOptions(): LedgerOptions {
  const { program, version } = merchant();
  const tables = { accounts: setting('TABLE_ACCOUNTS'), entries: setting('TABLE_ENTRIES') };
  const velocity = watchesVelocity(program)
    ? openVelocity({ client, table: setting('TABLE_PROGRAM'), program, now })
    : undefined;
  const surroundings = openSurroundings({
    program,
    tagsOf: async (memberId) => (await members().get(memberId))?.tags ?? [],
    campaignsFor: campaignsAround(),
    flagsOf: velocity && ((_, fact) => velocity.flagsOf(fact)),
  });
  const booked = velocity?.count;
  return {
    client,
    tables,
    program,
    version,
    now,
    surroundings,
    booked,
    budgets: budgets(),
    supplies,
    campaigns: campaignsAround(),
  };
}

/** What campaigns are on, are planned, or were on lately. */
export const currentCampaigns = /* @__PURE__ */ once(() =>
  openCurrentCampaigns({ client, table: setting('TABLE_PROGRAM') }),
);
export const campaignsAround = /* @__PURE__ */ once(() => openCampaignsAround(() => currentCampaigns()(), personOf));
/** What a segment may ask about somebody. */
export async function personOf(memberId: string): Promise<Person | undefined> {
  const member = await members().get(memberId);
  if (!member) return undefined;
  const { profile, tags = [], consents, enrolledAt } = member;
  return { ...profile, tags, consents, joinedOn: dayIn(merchant().program.timeZone, enrolledAt) };
}

/** What rules and campaigns may give over all members. */
export const budgets = /* @__PURE__ */ once(() => openBudgets({ client, table: setting('TABLE_PROGRAM'), now }));
/** What tills ask for; the whole of it is left out of the functions that they wait for. */
export const till = /* @__PURE__ */ once(() => openTill(ledgerOptions()));
/** What sweeps ask for. */
export const keeper = /* @__PURE__ */ once(() => openKeeper(ledgerOptions()));
export const ledger = /* @__PURE__ */ once(() => openLedger(ledgerOptions()));
/** What rewards are taken from: pieces and codes. */
export const supplies = /* @__PURE__ */ once(() => ({
  stock: openStock({ client, table: setting('TABLE_PROGRAM') }),
  codes: openCodes({ client, table: setting('TABLE_PROGRAM') }),
}));
export const members = /* @__PURE__ */ once(() =>
  openMembers({ client, table: setting('TABLE_MEMBERS'), timeZone: merchant().program.timeZone }),
);
export const referralCodes = /* @__PURE__ */ once(() => openReferralCodes({ client, table: setting('TABLE_PROGRAM') }));
export const orders = /* @__PURE__ */ once(() => openOrders({ client, table: setting('TABLE_PROGRAM'), now }));
export const waitingRoom = /* @__PURE__ */ once(() =>
  openWaitingRoom({ client, table: setting('TABLE_PROGRAM'), now }),
);
