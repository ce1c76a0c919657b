import * as z from 'zod';
import type { Context, Found } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { facts, found } from '../kit/facts.ts';
import { inTurn } from '../kit/json-api.ts';
import { read, shape } from '../kit/read.ts';
import { openWooCommerce } from './api.ts';
import { Order } from './bodies.ts';
import type manifest from './manifest.ts';
import { refundsOf } from './refunds.ts';
import { ordered, utc } from './words.ts';

const PAGE = 20;
/** Only what it takes to name it and to go on: each is read on its own. */
const Page = z.array(z.looseObject({ id: z.int(), date_modified_gmt: z.string() }));

/**
 * The orders that were changed since, oldest change first. The next page begins a second before the last order of this
 * one: by number, pages would move along while orders are changed, and one on their edge would be missed.
 */
export async function reconcile(since: Date, context: Context<typeof manifest>, after?: string): Promise<Found> {
  const mark = markOf(after) ?? { from: since.toISOString().slice(0, 19), page: 1 };
  const query = new URLSearchParams({
    modified_after: mark.from,
    dates_are_gmt: 'true',
    orderby: 'modified',
    order: 'asc',
    per_page: String(PAGE),
    // Plugins write into orders what they like: a page of whole ones might be more than is taken for an answer.
    _fields: Object.keys(Order.shape).join(','),
    page: String(mark.page),
  });
  const woo = inTurn(openWooCommerce(context));
  const orders = read(Page, await woo('GET', `/orders?${query}`));
  const last = orders.at(-1)?.date_modified_gmt;
  return {
    ...(await found(
      orders,
      async (order) => facts(await ordered(shape(Order, order), context.settings, (id) => refundsOf(id, woo))),
      ({ id }) => `order ${id}`,
    )),
    ...(last !== undefined && orders.length === PAGE && { next: nextAfter(mark, last) }),
  };
}

interface Mark {
  readonly from: string;
  readonly page: number;
}

/** `2026-11-20T15:10:00 1` */
function markOf(text: string | undefined): Mark | undefined {
  const [, from, page] = /^(\S+) (\d+)$/.exec(text ?? '') ?? [];
  return from === undefined ? undefined : { from, page: Number(page) };
}

function nextAfter({ from, page }: Mark, last: string): string {
  const at = new Date(utc(last));
  if (Number.isNaN(at.getTime())) throw new Permanent('an order’s date_modified_gmt is no time');
  const next = new Date(at.getTime() - 1_000).toISOString().slice(0, 19);
  // So many were changed within that second: then their page number it is.
  return next > from ? `${next} 1` : `${from} ${page + 1}`;
}
