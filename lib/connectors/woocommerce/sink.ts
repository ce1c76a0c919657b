import * as z from 'zod';
import type { Context, Receipt, RoleOf, SharedCode, SinkEvent } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { type Call, orNothing } from '../kit/json-api.ts';
import { endOf } from '../kit/last-day.ts';
import { read } from '../kit/read.ts';
import { CodeTaken, openWooCommerce } from './api.ts';
import type manifest from './manifest.ts';

/** A code that came with a reward becomes a coupon; how a customer stands is written into the customer’s record. */
export const sink: RoleOf<typeof manifest, 'sink'> = {
  async apply(told, context) {
    const receipts: Receipt[] = [];
    for (const one of told) receipts.push(await keep(one, context));
    return receipts;
  },
};

/** It is about nothing that the shop knows. */
const NOTHING_THERE: Receipt = { vendorId: 'none' };

async function keep({ event, member, code }: SinkEvent, context: Context<typeof manifest>): Promise<Receipt> {
  const woo = openWooCommerce(context);
  const coupon = code && couponOf(code, event.entryId);
  const made = coupon && (await makeOnce(coupon, woo));
  if (!member?.standing) return made ?? NOTHING_THERE;
  // Several where two members became one.
  const written: Receipt[] = [];
  for (const { type, value } of member.identities)
    if (type === 'woocommerce') written.push(...(await writeStanding(value, member.standing, woo)));
  return made ?? written[0] ?? NOTHING_THERE;
}

const Known = z.object({ id: z.int() });

/** Nobody else can have made one of our code: that it is taken means that we did, before an answer was lost. */
async function makeOnce(coupon: { readonly code: string }, woo: Call): Promise<Receipt> {
  try {
    return { vendorId: `coupon:${read(Known, await woo('POST', '/coupons', coupon)).id}` };
  } catch (error) {
    if (!(error instanceof CodeTaken)) throw error;
    const query = new URLSearchParams({ code: coupon.code });
    const [there] = read(z.array(Known), await woo('GET', `/coupons?${query}`));
    // In the waste-paper basket, whence it cannot be used.
    if (!there) throw error;
    return { vendorId: `coupon:${there.id}` };
  }
}

function couponOf({ code, value, validThrough }: SharedCode, entryId: string) {
  const discount = discountOf(value);
  return (
    discount && {
      code,
      ...discount,
      description: `Stampbook ${entryId}`,
      date_expires_gmt: endOf(validThrough).toISOString().slice(0, 19),
      usage_limit: 1,
      usage_limit_per_user: 1,
    }
  );
}

/** `undefined`: something to hand over, which no coupon is needed for. */
function discountOf(value: SharedCode['value']) {
  switch (value.kind) {
    case 'amount-off':
      return { discount_type: 'fixed_cart', amount: value.amount };
    case 'percent-off':
      if (value.maximum !== undefined)
        throw new Permanent(
          'a coupon of WooCommerce knows no most that a percentage may take off: leave out `maximum`',
        );
      return { discount_type: 'percent', amount: String(value.percentBp / 100) };
    case 'shipping':
      return { discount_type: 'fixed_cart', amount: '0', free_shipping: true };
    case 'item':
    case 'experience':
      return undefined;
  }
}

async function writeStanding(
  id: string,
  { available, tier }: NonNullable<NonNullable<SinkEvent['member']>['standing']>,
  woo: Call,
): Promise<readonly Receipt[]> {
  const meta = { loyalty_points: String(available), loyalty_tier: tier };
  const answer = await orNothing(
    woo('PUT', `/customers/${encodeURIComponent(id)}`, {
      meta_data: Object.entries(meta).map(([key, value]) => ({ key, value })),
    }),
  );
  // The customer’s account was deleted there.
  return answer === undefined ? [] : [{ vendorId: `customer:${read(Known, answer).id}` }];
}
