import * as z from 'zod';
import type { Context, Receipt, RoleOf, SharedCode, SinkEvent, Standing } from '../contract.ts';
import { NotEquipped, Permanent, Unauthorized } from '../kit/errors.ts';
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
  const legacyId = member?.identities.find(({ type }) => type === 'shopify')?.value;
  const customer = legacyId === undefined ? undefined : `gid://shopify/Customer/${legacyId}`;
  const discount = code && discountOf(code, event, customer);
  const standing = customer === undefined ? undefined : member?.standing;
  if (!discount && !standing) return NOTHING_THERE;
  const admin = await opened(context);
  const made = discount && (await makeOnce(discount, admin));
  const written = customer !== undefined && standing && (await writeStanding(customer, standing, context, admin));
  return made ?? (written || NOTHING_THERE);
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

function discountOf({ code, value, validThrough }: SharedCode, event: SinkEvent['event'], customer?: string) {
  const off = offOf(value);
  return (
    off && {
      title: `Stampbook ${event.entryId}`,
      code,
      startsAt: event.occurredAt,
      endsAt: endOf(validThrough),
      usageLimit: 1,
      appliesOncePerCustomer: true,
      context: customer === undefined ? { all: 'ALL' } : { customers: { add: [customer] } },
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

/** Noon of the next day in London: by then the day is over everywhere on earth, and nothing ends early. */
const endOf = (day: string): string => new Date(Date.parse(`${day}T12:00:00Z`) + 86_400_000).toISOString();

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

const CustomerTags = z.object({ customer: z.object({ id: z.string(), tags: z.array(z.string()) }).nullable() });
const Changed = z.object({ changed: z.object({ userErrors: Errors }) });

async function writeStanding(
  customer: string,
  { available, tier }: Standing,
  { settings: { namespace, tierTag } }: Around,
  admin: Admin,
): Promise<Receipt | undefined> {
  const there = shape(CustomerTags, await admin(CUSTOMER, { id: customer })).customer;
  // Erased in the shop, or merged there into another.
  if (!there) return undefined;
  const about = { ownerId: customer, namespace };
  const metafields = [
    { ...about, key: 'points', type: 'number_integer', value: String(available) },
    { ...about, key: 'tier', type: 'single_line_text_field', value: tier },
  ];
  const change = async (what: string, mutation: string, variables: Record<string, unknown>) =>
    refuse(what, shape(Changed, await admin(mutation, variables)).changed.userErrors);
  await change('metafields', METAFIELDS, { metafields });
  const wanted = `${tierTag}${tier}`;
  // Shopify takes capitals in tags for small letters.
  const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
  const old = there.tags.filter((tag) => same(tag.slice(0, tierTag.length), tierTag) && !same(tag, wanted));
  if (old.length > 0) await change('to take off a tag', UNTAG, { id: customer, tags: old });
  if (!there.tags.some((tag) => same(tag, wanted))) await change('a tag', TAG, { id: customer, tags: [wanted] });
  return { vendorId: customer };
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
