import type { Context, Manifest, Roles } from '../../connectors/contract.ts';
import type { Alert, LoyaltyEvent, ProgramEvent, Ticket } from '../../loyalty/events.ts';
import { alertFor, briefingFor } from '../alerts.ts';
import type { DeployedMerchant } from '../config.ts';
import { ticketFor } from '../tickets.ts';
import { type Attempts, attempted } from './attempts.ts';
import type { MemberCopies } from './member-copies.ts';
import { type Ending, isOfAll, type ToldEvent } from './told.ts';
import type { Vendor } from './vendor.ts';

interface TellingOptions<M extends Manifest> {
  readonly vendor: Vendor<M>;
  readonly attempts: Attempts;
  readonly merchant: DeployedMerchant;
}

/** Tells staff of what they should know; of most events there is nothing to tell. */
export function openAlerting<M extends Manifest>({
  alert,
  merchant,
  ...options
}: TellingOptions<M> & { readonly alert: Roles<Context<M>>['alert'] }) {
  const about = (event: LoyaltyEvent | ProgramEvent): Alert | undefined =>
    isOfAll(event) ? briefingFor(event, merchant) : alertFor(event, merchant);
  return oneByOne(
    options,
    async (event) => about(event),
    (one, around) => alert.raise(one, around),
  );
}

/** Opens a case for what somebody has to see to. */
export function openTicketing<M extends Manifest>({
  ticket,
  merchant,
  copies,
  ...options
}: TellingOptions<M> & { readonly ticket: Roles<Context<M>>['ticket']; readonly copies: MemberCopies }) {
  async function about(event: LoyaltyEvent | ProgramEvent): Promise<Ticket | undefined> {
    // Whose it is matters only where there is a case.
    if (isOfAll(event) || !ticketFor(event, merchant)) return undefined;
    const { member } = await copies.of(event.memberId);
    return ticketFor(event, merchant, member);
  }
  return oneByOne(options, about, (one, around) => ticket.file(one, around));
}

function oneByOne<M extends Manifest, Thing>(
  { vendor, attempts }: Pick<TellingOptions<M>, 'vendor' | 'attempts'>,
  about: (event: LoyaltyEvent | ProgramEvent) => Promise<Thing | undefined>,
  tell: (thing: Thing, around: Context<M>) => Promise<{ readonly vendorId: string }>,
) {
  async function one({ event, record }: ToldEvent): Promise<Ending> {
    const thing = await about(event);
    if (thing === undefined) return undefined;
    // Ready before the claim: without a secret nothing has been tried.
    return vendor.whenReady(event.id, async (around) => {
      if (!(await attempts.claim(event.id, record))) return undefined;
      const receipt = await attempted(vendor.ask(around, (context) => tell(thing, context)));
      if (receipt instanceof Error) return attempts.failed(event.id, receipt);
      await attempts.done(event.id, receipt.vendorId);
      return undefined;
    });
  }
  return (told: readonly ToldEvent[]): Promise<readonly Ending[]> =>
    Promise.all(told.map((each) => attempted(one(each))));
}
