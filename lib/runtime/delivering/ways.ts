import type { Connector, Context, Manifest, Roles } from '../../connectors/contract.ts';
import type { LoyaltyEvent } from '../../loyalty/events.ts';
import { merchant, setting } from '../config.ts';
import { openDeliveries } from '../deliveries.ts';
import { dynamodb } from '../dynamodb.ts';
import { members, supplies } from '../shop.ts';
import { openStandings } from '../standings.ts';
import { openAttempts } from './attempts.ts';
import { openCopying } from './copying.ts';
import { openMemberCopies } from './member-copies.ts';
import { openSending } from './sending.ts';
import { openSharedCodes } from './shared-codes.ts';
import { openAlerting, openTicketing } from './staff.ts';
import { type Ending, isOfAll, type Told } from './told.ts';
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
    channel && ofMembers(openSending({ manifest, channel, vendor, deliveries })),
    sink && ofMembers(openCopying({ ...noted('sink'), sink, limits: manifest.limits, copies, codes })),
    alert && openAlerting({ ...noted('alert'), alert }),
    ticket && openTicketing({ ...noted('ticket'), ticket, copies }),
  ].filter((way) => way !== undefined);
  if (ways.length === 0) throw new Error(`${manifest.id} tells nobody anything`);
  return ways;
}

/** What happens to all at once is nothing for those who deal with one member. */
const ofMembers =
  (way: (told: readonly Told<LoyaltyEvent>[]) => Promise<readonly Ending[]>): Way =>
  async (told) => {
    const ours = told.filter((one): one is Told<LoyaltyEvent> => !isOfAll(one.event));
    const ends = await way(ours);
    return told.map((one) => ends[ours.indexOf(one as Told<LoyaltyEvent>)]);
  };
