import * as z from 'zod';
import type { Identity, RefundFact, SaleFact } from '../../loyalty/facts.ts';
import { Currency, DecimalAmount } from '../../loyalty/money.ts';
import { Id } from '../../loyalty/program/fields.ts';
import { always, amountFits, ForeignId, MemberRef, minorOf, OccurredAt, SourceName } from './fields.ts';
import { route } from './route.ts';

/** Amounts are decimal strings in major units. `total` is goods with tax, without tip and shipping; `net` is the same without tax. */
const amounts = () => ({ total: DecimalAmount, net: DecimalAmount.optional() });

const Quantity = z.number().positive().max(1_000_000);

const sale = <OrderId extends z.ZodType<string | undefined>>(orderId: OrderId) =>
  z
    .strictObject({
      orderId,
      member: MemberRef,
      occurredAt: OccurredAt.optional(),
      ...amounts(),
      currency: Currency,
      lines: z
        .array(
          z.strictObject({
            /** Absent: its place in the list. A refund names lines by it. */
            id: ForeignId.optional(),
            sku: ForeignId.optional(),
            category: ForeignId.optional(),
            /** Words that rules may ask for, beside the category. */
            tags: z.array(ForeignId).max(20).optional(),
            /** May be a weight, to a thousandth. */
            quantity: Quantity.optional(),
            ...amounts(),
            /** Both before discounts; absent where there were none. */
            listTotal: DecimalAmount.optional(),
            listNet: DecimalAmount.optional(),
          }),
        )
        .max(200)
        .optional(),
      locationId: ForeignId.optional(),
      staffId: ForeignId.optional(),
      redemptionId: ForeignId.optional(),
    })
    .superRefine(amountsAgree, always);

export const postSale = route('POST /v1/sales', 'pos', () => sale(ForeignId));
/** The order may have no number yet. */
export const quoteSale = route('POST /v1/sales/quote', 'pos', () => sale(ForeignId.optional()));

export const postRefund = route('POST /v1/sales/{orderId}/refunds', 'pos', () =>
  z
    .strictObject({
      orderId: ForeignId,
      refundId: ForeignId,
      occurredAt: OccurredAt.optional(),
      currency: Currency,
      /** What comes back: the whole order, some of its lines, or an amount. */
      everything: z.literal(true).optional(),
      lines: z
        .array(
          z.strictObject({
            id: ForeignId,
            ...amounts(),
            /** How many pieces came back; absent: in proportion to the money. */
            quantity: Quantity.optional(),
          }),
        )
        .min(1)
        .max(200)
        .optional(),
      total: DecimalAmount.optional(),
      net: DecimalAmount.optional(),
      reason: z.enum(['return', 'cancelled', 'chargeback', 'correction']).optional(),
      /** Absent: whoever the order was booked for. */
      member: MemberRef.optional(),
      /** Who told of the sale, when it was not the holder of this key. */
      source: SourceName.optional(),
      staffId: ForeignId.optional(),
    })
    .superRefine((given, context) => {
      const refund = (given ?? {}) as Record<string, unknown>;
      const ways = ['everything', 'lines', 'total'].filter((way) => refund[way] !== undefined);
      const complain = (path: string, message: string) =>
        context.addIssue({ code: 'custom', path: [path], message, input: undefined });
      if (ways.length === 0) complain('total', 'is missing: send total, or lines, or "everything": true');
      if (ways.includes('everything') && ways.length > 1)
        complain('everything', 'leaves nothing for lines or total: send only one of them');
      if (refund.net !== undefined && refund.total === undefined) complain('net', 'needs a total beside it: send both');
      amountsAgree(given, context);
    }, always),
);

/** What is said about points that wait for it: the goods were handed over, or never will be. */
const waiting = () =>
  z.strictObject({
    orderId: ForeignId,
    /** Absent: whoever the order was booked for. */
    member: MemberRef.optional(),
    /** Who told of the sale, when it was not the holder of this key. */
    source: SourceName.optional(),
    /** One word of yours, such as "not-collected". */
    reason: Id.optional(),
  });
export const confirmSale = route('POST /v1/sales/{orderId}/confirm', 'pos', waiting);
export const declineSale = route('POST /v1/sales/{orderId}/decline', 'pos', waiting);

/** `given` may hold anything yet: what is of the wrong shape has been named already. */
function amountsAgree(given: unknown, context: z.core.$RefinementCtx): void {
  const { currency, lines, ...whole } = (given ?? {}) as {
    currency?: unknown;
    lines?: unknown;
    total?: unknown;
    net?: unknown;
  };
  const sums = { total: 0, net: 0 };
  let complete = Array.isArray(lines) && lines.length > 0;
  const ids = new Set<string>();
  for (const [index, line] of (Array.isArray(lines) ? lines : []).entries()) {
    const at = ['lines', index];
    const { total, net } = amountPair(at, line, currency, context);
    listFits(at, line, { total, net }, currency, context);
    if (total === undefined || net === undefined) complete = false;
    else {
      sums.total += total;
      sums.net += net;
    }
    const id = lineId(line, index);
    if (ids.has(id))
      context.addIssue({
        code: 'custom',
        path: [...at, 'id'],
        message: 'stands twice: give each line an id of its own',
        input: undefined,
      });
    ids.add(id);
  }
  const { total, net } = amountPair([], whole, currency, context);
  if (complete && total !== undefined && sums.total !== total) {
    context.addIssue({
      code: 'custom',
      path: ['total'],
      message: 'is not the sum of its lines: send every line of goods, and their sum',
      input: undefined,
    });
  }
  if (complete && net !== undefined && whole.net !== undefined && sums.net !== net) {
    context.addIssue({
      code: 'custom',
      path: ['net'],
      message: 'is not the sum of its lines: send net for every line, and their sum',
      input: undefined,
    });
  }
}

function amountPair(
  at: (string | number)[],
  given: unknown,
  currency: unknown,
  context: z.core.$RefinementCtx,
): { total?: number | undefined; net?: number | undefined } {
  const { total: totalText, net: netText } = (given ?? {}) as { total?: unknown; net?: unknown };
  const total = amountFits([...at, 'total'], totalText, currency, context);
  const net = netText === undefined ? total : amountFits([...at, 'net'], netText, currency, context);
  if (total !== undefined && net !== undefined && net > total) {
    context.addIssue({
      code: 'custom',
      path: [...at, 'net'],
      message: 'is more than total: net is without tax',
      input: undefined,
    });
  }
  return { total, net };
}

/** Before discounts it is no less than after them, and told with tax and without wherever the line is. */
function listFits(
  at: (string | number)[],
  line: unknown,
  paid: { total?: number | undefined; net?: number | undefined },
  currency: unknown,
  context: z.core.$RefinementCtx,
): void {
  const { net, listTotal, listNet } = (line ?? {}) as { net?: unknown; listTotal?: unknown; listNet?: unknown };
  const complain = (field: 'listTotal' | 'listNet', message: string) =>
    context.addIssue({ code: 'custom', path: [...at, field], message, input: undefined });
  const list = {
    total: amountFits([...at, 'listTotal'], listTotal, currency, context),
    net: amountFits([...at, 'listNet'], listNet, currency, context),
  };
  if (listTotal === undefined && listNet !== undefined) complain('listTotal', 'is missing: send it beside listNet');
  if (listTotal !== undefined && listNet === undefined && net !== undefined)
    complain('listNet', 'is missing: send it beside listTotal, as net is beside total');
  if (list.total !== undefined && paid.total !== undefined && list.total < paid.total)
    complain('listTotal', 'is less than total: send what it would be without discounts');
  if (list.net !== undefined && paid.net !== undefined && list.net < paid.net)
    complain('listNet', 'is less than net: send what it would be without discounts');
  if (list.net !== undefined && list.total !== undefined && list.net > list.total)
    complain('listNet', 'is more than listTotal: send it without tax');
}

const lineId = (line: unknown, index: number): string => {
  const id = (line as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? id : String(index + 1);
};

/** What the till said, as a fact. The sums of lines win over a `net` that was not sent, so that both agree. */
export function saleFact(
  input: z.output<typeof postSale.input>,
  told: { readonly source: string; readonly at: string },
): SaleFact {
  const { currency } = input;
  const lines = (input.lines ?? []).map(({ total, net, listTotal, listNet, quantity = 1, ...line }, index) => ({
    ...line,
    id: lineId(line, index),
    quantity,
    netMinor: minorOf(net ?? total, currency),
    grossMinor: minorOf(total, currency),
    ...(listTotal !== undefined && {
      listNetMinor: minorOf(listNet ?? listTotal, currency),
      listGrossMinor: minorOf(listTotal, currency),
    }),
  }));
  const linesNet = lines.length > 0 ? lines.reduce((sum, line) => sum + line.netMinor, 0) : undefined;
  return {
    type: 'sale',
    factId: `${told.source}:sale:${input.orderId}`,
    source: told.source,
    occurredAt: input.occurredAt ?? told.at,
    identities: [input.member],
    orderId: input.orderId,
    currency,
    netMinor: input.net === undefined ? (linesNet ?? minorOf(input.total, currency)) : minorOf(input.net, currency),
    grossMinor: minorOf(input.total, currency),
    lines,
    locationId: input.locationId,
    staffId: input.staffId,
    redemptionId: input.redemptionId,
  };
}

export function refundFact(
  input: z.output<typeof postRefund.input>,
  told: { readonly source: string; readonly at: string },
  identities: readonly Identity[],
): RefundFact {
  const { currency, lines, total } = input;
  const money = (pair: { total: string; net?: string | undefined }) => ({
    netMinor: minorOf(pair.net ?? pair.total, currency),
    grossMinor: minorOf(pair.total, currency),
  });
  const extent: RefundFact['extent'] = lines
    ? {
        kind: 'lines',
        lines: lines.map(({ quantity, ...line }) => ({
          id: line.id,
          ...money(line),
          ...(quantity !== undefined && { quantity }),
        })),
      }
    : total !== undefined
      ? // Without net, only what was paid back is known: its net share is the sale's.
        {
          kind: 'amount',
          grossMinor: minorOf(total, currency),
          ...(input.net !== undefined && { netMinor: minorOf(input.net, currency) }),
        }
      : { kind: 'everything' };
  const source = input.source ?? told.source;
  return {
    type: 'refund',
    factId: `${source}:refund:${input.orderId}:${input.refundId}`,
    source,
    occurredAt: input.occurredAt ?? told.at,
    identities: [...identities],
    refundId: input.refundId,
    orderId: input.orderId,
    currency,
    extent,
    reason: input.reason ?? 'return',
    staffId: input.staffId,
  };
}
