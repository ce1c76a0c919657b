import * as z from 'zod';
import type { Context, Found } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { facts, found } from '../kit/facts.ts';
import { type Call, inTurn } from '../kit/json-api.ts';
import { read, shape } from '../kit/read.ts';
import { openSquare } from './api.ts';
import { type LoyaltyAccount, LoyaltyEvent, listOf, Payment, Refund } from './bodies.ts';
import { havingLookedUp } from './look-up.ts';
import { accountOf } from './loyalty.ts';
import type manifest from './manifest.ts';
import { MOVEMENTS, moved, opened } from './mirror-in.ts';
import { refunded, sold } from './sales.ts';

type Around = Context<typeof manifest>;

/** What has changed since, where we count: payments and refunds; where Square does: the movements of its points. */
export async function reconcile(since: Date, context: Around, after?: string): Promise<Found> {
  const square = inTurn(openSquare(context));
  return context.settings.ledgerMode === 'mirror-in'
    ? movementsSince(since, square, after)
    : salesSince(since, square, context, after);
}

/** Every payment brings its order along, and an order may be long. */
const PAGE = 20;

/** The last of the lists, after those of each location. Square's ids are capitals and digits. */
const REFUNDS = 'refunds';

/**
 * Payments are listed by location, of one where none is named; refunds are those of all. `after` is the list that is
 * being read, and how far: `S8GWD5R9QB376 <cursor>`.
 */
async function salesSince(since: Date, square: Call, { settings }: Around, after = ''): Promise<Found> {
  const lists = [...(settings.locationIds ?? (await locations(square))), REFUNDS];
  const [, name = '', mark = ''] = /^(\S+) (.*)$/.exec(after) ?? [];
  // A location that is there no more: from the first one on, since what is told again does no harm.
  const at = Math.max(0, lists.indexOf(name));
  const list = lists[at] as string;
  const from = list === name ? mark : '';
  const query = new URLSearchParams({
    ...(list !== REFUNDS && { location_id: list }),
    updated_at_begin_time: since.toISOString(),
    sort_field: 'UPDATED_AT',
    sort_order: 'ASC',
    limit: String(PAGE),
    ...(from && { cursor: from }),
  });
  const { items, cursor } =
    list === REFUNDS
      ? read(Refunds, await square('GET', `/v2/refunds?${query}`))
      : read(Payments, await square('GET', `/v2/payments?${query}`));
  assertMoving(from, cursor);
  const lookUp = await havingLookedUp(
    items.flatMap(({ order_id: id }) => id ?? []),
    square,
  );
  const next = cursor === undefined ? lists[at + 1] : list;
  return {
    ...(await found(
      items,
      async (one) =>
        facts(
          list === REFUNDS
            ? await refunded(shape(Refund, one), lookUp)
            : await sold(shape(Payment, one), settings, lookUp),
        ),
      ({ id }) => `${list === REFUNDS ? 'refund' : 'payment'} ${id}`,
    )),
    ...(next !== undefined && { next: `${next} ${cursor ?? ''}` }),
  };
}

/** Only what it takes to name it and to look its order up: each is read on its own. */
const Named = z.looseObject({ id: z.string(), order_id: z.string().nullish().catch(undefined) });
const Payments = listOf('payments', Named);
const Refunds = listOf('refunds', Named);

const Locations = listOf('locations', z.object({ id: z.string().min(1) }));
const locations = async (square: Call): Promise<string[]> =>
  read(Locations, await square('GET', '/v2/locations')).items.map(({ id }) => id);

const Events = listOf('events', z.looseObject({ id: z.string() }));

/** A joining that was lost is found with the first movement that follows it. */
async function movementsSince(since: Date, square: Call, after = ''): Promise<Found> {
  const { items, cursor } = read(
    Events,
    await square('POST', '/v2/loyalty/events/search', {
      query: {
        filter: {
          date_time_filter: { created_at: { start_at: since.toISOString() } },
          type_filter: { types: MOVEMENTS },
        },
      },
      limit: PAGE,
      ...(after && { cursor: after }),
    }),
  );
  assertMoving(after, cursor);
  const accounts = new Map<string, Promise<LoyaltyAccount>>();
  const accountOnce = (id: string): Promise<LoyaltyAccount> => {
    const account = accounts.get(id) ?? accountOf(id, square);
    accounts.set(id, account);
    return account;
  };
  return {
    ...(await found(
      items,
      async (one) => {
        const event = shape(LoyaltyEvent, one);
        const account = await accountOnce(event.loyalty_account_id);
        const isNew = account.created_at && new Date(account.created_at) >= since;
        return facts([...(isNew ? opened(account) : []), ...(await moved(event, accountOnce))]);
      },
      ({ id }) => `loyalty event ${id}`,
    )),
    ...(cursor !== undefined && { next: cursor }),
  };
}

function assertMoving(before: string, cursor: string | undefined): void {
  if (cursor !== undefined && cursor === before) throw new Permanent('Square answered the same page again');
}
