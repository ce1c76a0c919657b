import * as z from 'zod';
import type { Context, Receipt, RoleOf, SharedCode, SinkEvent, Standing } from '../contract.ts';
import { NotEquipped, Permanent, Unauthorized } from '../kit/errors.ts';
import { endOf } from '../kit/last-day.ts';
import { shape } from '../kit/read.ts';
import { type Admin, openAdmin } from './admin.ts';
import type manifest from './manifest.ts';

type Around = Context<typeof manifest>;

/**
 * A code that came with a reward becomes a discount code; how a customer stands is written into metafields and a tag,
 * which the merchant’s own Flow workflows can begin with.
 */
export const sink: RoleOf<typeof manifest, 'sink'> = {
  async apply(told, context) {
    const receipts: Receipt[] = [];
    for (const one of told) receipts.push(await keep(one, context));
    return receipts;
  },
};

/** It is about nothing that the shop knows. */
const NOTHING_THERE: Receipt = { vendorId: 'none' };

async function keep({ event, member, code }: SinkEvent, context: Around): Promise<Receipt> {
  if (event.type === 'member.erased') return forget(event.memberId, context);
  // Several where two members became one.
  const customers = (member?.identities ?? []).flatMap(({ type, value }) =>
    type === 'shopify' ? `gid://shopify/Customer/${value}` : [],
  );
  const discount = code && discountOf(code, event, customers);
  const standing = customers.length > 0 ? member?.standing : undefined;
  if (!discount && !standing) return NOTHING_THERE;
  const admin = await opened(context);
  const made = discount && (await makeOnce(discount, admin));
  const written: Receipt[] = [];
  if (standing)
    for (const customer of customers) {
      const told = { ...standing, memberId: member?.mergedInto ?? event.memberId };
      if (await writeStanding(customer, told, context, admin)) written.push({ vendorId: customer });
    }
  return made ?? written[0] ?? NOTHING_THERE;
}

/** Here it cannot be left out: staff have named events for it. */
async function opened(context: Around): Promise<Admin> {
  try {
    return await openAdmin(context);
  } catch (error) {
    if (error instanceof NotEquipped) throw new Unauthorized(error.message, { cause: error });
    throw error;
  }
}

function discountOf(
  { code, value, validThrough }: SharedCode,
  event: SinkEvent['event'],
  customers: readonly string[],
) {
  const off = offOf(value);
  return (
    off && {
      title: `Stampbook ${event.entryId}`,
      code,
      startsAt: event.occurredAt,
      endsAt: endOf(validThrough).toISOString(),
      usageLimit: 1,
      appliesOncePerCustomer: true,
      context: customers.length === 0 ? { all: 'ALL' } : { customers: { add: customers } },
      customerGets: { value: off, items: { all: true } },
    }
  );
}

/** `undefined`: something to hand over, which no discount is needed for. */
function offOf(value: SharedCode['value']) {
  switch (value.kind) {
    case 'amount-off':
      return { discountAmount: { amount: value.amount, appliesOnEachItem: false } };
    case 'percent-off':
      if (value.maximum !== undefined)
        throw new Permanent('a discount of Shopify knows no most that a percentage may take off: leave out `maximum`');
      return { percentage: value.percentBp / 10_000 };
    case 'shipping':
      throw new Permanent('a code for free shipping is not made in Shopify: give an amount or a percentage');
    case 'item':
    case 'experience':
      return undefined;
  }
}

const Errors = z.array(
  z.object({
    code: z.string().nullish(),
    field: z.array(z.string()).nullish(),
  }),
);

/** Their message may repeat what was sent. */
function refuse(what: string, [error]: z.output<typeof Errors>): void {
  if (!error) return;
  const where = error.field ? ` about ${error.field.join('.')}` : '';
  throw new Permanent(`Shopify refused ${what}: ${error.code ?? 'no code'}${where}`);
}

const Made = z.object({
  made: z.object({ codeDiscountNode: z.object({ id: z.string() }).nullish(), userErrors: Errors }),
});
const Known = z.object({ known: z.object({ id: z.string() }).nullable() });

/** Nobody else can have made one of our code: that it is taken means that we did, before an answer was lost. */
async function makeOnce(discount: { readonly code: string }, admin: Admin): Promise<Receipt> {
  const { made } = shape(Made, await admin(DISCOUNT, { discount }));
  // The code of this refusal is unverified.
  if (made.userErrors.some(({ code }) => code === 'TAKEN')) {
    const { known } = shape(Known, await admin(DISCOUNT_OF_CODE, { code: discount.code }));
    if (known) return { vendorId: known.id };
  }
  refuse('a discount code', made.userErrors);
  if (!made.codeDiscountNode) throw new Permanent('Shopify made no discount, and did not say why');
  return { vendorId: made.codeDiscountNode.id };
}

const Tagged = z.object({ id: z.string(), tags: z.array(z.string()) });
const One = z.object({ customer: Tagged.nullable() });
const Several = z.object({ customers: z.object({ nodes: z.array(Tagged) }) });
const Changed = z.object({ changed: z.object({ userErrors: Errors }) });

const change = async (admin: Admin, what: string, mutation: string, variables: Record<string, unknown>) =>
  refuse(what, shape(Changed, await admin(mutation, variables)).changed.userErrors);

/** Shopify takes capitals in tags for small letters. */
const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** `false`: there is no such customer; erased in the shop, or merged there into another. */
async function writeStanding(
  customer: string,
  { available, tier, memberId }: Pick<Standing, 'available' | 'tier'> & { readonly memberId: string },
  { settings: { namespace, tierTag, memberTag } }: Around,
  admin: Admin,
): Promise<boolean> {
  const there = shape(One, await admin(CUSTOMER, { id: customer })).customer;
  if (!there) return false;
  const about = { ownerId: customer, namespace };
  const metafields = [
    { ...about, key: 'points', type: 'number_integer', value: String(available) },
    { ...about, key: 'tier', type: 'single_line_text_field', value: tier },
  ];
  await change(admin, 'metafields', METAFIELDS, { metafields });
  const wanted = [`${tierTag}${tier}`, `${memberTag}${memberId}`];
  const isWanted = (tag: string) => wanted.some((one) => same(one, tag));
  const isOurs = (tag: string) => [tierTag, memberTag].some((begin) => same(tag.slice(0, begin.length), begin));
  const old = there.tags.filter((tag) => isOurs(tag) && !isWanted(tag));
  const missing = wanted.filter((one) => !there.tags.some((tag) => same(tag, one)));
  if (old.length > 0) await change(admin, 'to take off a tag', UNTAG, { id: customer, tags: old });
  if (missing.length > 0) await change(admin, 'a tag', TAG, { id: customer, tags: missing });
  return true;
}

/**
 * Of somebody who was erased here the tag is all that is left to be found by. It is left on: what is written to a customer
 * may come back as news of somebody whom nobody here knows, and enrol the member again.
 */
async function forget(memberId: string, context: Around): Promise<Receipt> {
  const { memberTag, onErasure } = context.settings;
  const admin = await opened(context);
  const tag = `${memberTag}${memberId}`;
  const { nodes } = shape(Several, await admin(CUSTOMERS_OF, { query: `tag:"${tag}"` })).customers;
  const theirs = nodes.filter(({ tags }) => tags.some((one) => same(one, tag)));
  if (onErasure === 'erase') for (const { id } of theirs) await change(admin, 'to erase a customer', ERASE, { id });
  const [first] = theirs;
  return first ? { vendorId: first.id } : NOTHING_THERE;
}

const DISCOUNT = `mutation Discount($discount: DiscountCodeBasicInput!) {
  made: discountCodeBasicCreate(basicCodeDiscount: $discount) { codeDiscountNode { id } userErrors { code field } }
}`;
const DISCOUNT_OF_CODE = `query DiscountOfCode($code: String!) { known: codeDiscountNodeByCode(code: $code) { id } }`;
const CUSTOMER = 'query Customer($id: ID!) { customer(id: $id) { id tags } }';
const METAFIELDS = `mutation Metafields($metafields: [MetafieldsSetInput!]!) {
  changed: metafieldsSet(metafields: $metafields) { userErrors { code field } }
}`;
const TAG = `mutation Tag($id: ID!, $tags: [String!]!) {
  changed: tagsAdd(id: $id, tags: $tags) { userErrors { field } }
}`;
const UNTAG = `mutation Untag($id: ID!, $tags: [String!]!) {
  changed: tagsRemove(id: $id, tags: $tags) { userErrors { field } }
}`;
const CUSTOMERS_OF = `query CustomersOf($query: String!) {
  customers(first: 50, query: $query) { nodes { id tags } }
}`;
const ERASE = `mutation Erase($id: ID!) {
  changed: customerRequestDataErasure(customerId: $id) { userErrors { code field } }
}`;
