import * as z from 'zod';
import { type Fact, ToldActivity } from '../../loyalty/facts.ts';
import { Currency } from '../../loyalty/money.ts';
import type { RoleOf } from '../contract.ts';
import { Permanent, WebhookRejected } from '../kit/errors.ts';
import { facts, minor } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { read } from '../kit/read.ts';
import { verifyStandard } from '../kit/standard-webhooks.ts';
import manifest from './manifest.ts';

const [ROW_ADDED] = manifest.hears;
type Settings = z.output<typeof manifest.settings>;

/** What the script in the spreadsheet sends: see `apps-script.gs`. */
export const source: RoleOf<typeof manifest, 'source'> = {
  verify(request, { secret, settings, now }) {
    const verified = verifyStandard(request, secret.inboundKeys, now);
    if (spreadsheetOf(request.body) !== settings.spreadsheetId)
      throw new WebhookRejected('the row is of another spreadsheet');
    return verified;
  },

  translate(request, { settings }) {
    if (read(Notice, request.body).type !== ROW_ADDED) return [];
    return facts([told(read(RowAdded, request.body).data.row, settings)]);
  },
};

const Text = z
  .string()
  .trim()
  .max(200)
  .nullish()
  .transform((text) => text || undefined);
const Notice = z.object({ type: z.string() });
const Entry = z.object({
  id: z.uuid(),
  type: z.enum(['sale', 'refund', ...ToldActivity.options]),
  occurred_at: z.iso.datetime({ offset: true }),
  member_id: Text,
  card: Text,
  email: Text,
  phone: Text,
  amount: z.number().nonnegative().nullish(),
  currency: Currency.nullish(),
  order_id: Text,
});
const RowAdded = z.object({ data: z.object({ row: Entry }) });
type Entry = z.output<typeof Entry>;

function told(row: Entry, settings: Settings): z.input<typeof Fact> {
  const base = {
    source: 'google-sheets',
    factId: `google-sheets:row:${row.id}`,
    occurredAt: row.occurred_at,
    identities: identities(
      [
        ['member', row.member_id],
        ['card', row.card],
        ['email', row.email],
        ['phone', row.phone],
      ],
      // As it was typed: where a number without its country belongs, whoever books it knows.
      (text) => text.trim(),
    ),
  };
  const { type, id, order_id: orderId } = row;
  switch (type) {
    case 'sale': {
      const money = amountOf(row, settings);
      if (!money) throw new Permanent('the row is a sale and has no amount');
      const { currency, paidMinor: netMinor } = money;
      return { ...base, type, orderId: orderId ?? id, currency, netMinor, grossMinor: netMinor, lines: [] };
    }
    case 'refund': {
      if (orderId === undefined) throw new Permanent('the row is a refund and has no order_id');
      const money = amountOf(row, settings);
      return {
        ...base,
        type,
        refundId: id,
        orderId,
        currency: currencyOf(row, settings),
        extent: money ? { kind: 'amount', grossMinor: money.paidMinor } : { kind: 'everything' },
      };
    }
    default:
      return { ...base, type: 'activity', activity: type, activityId: id };
  }
}

function currencyOf(row: Entry, settings: Settings): string {
  const currency = row.currency ?? settings.currency;
  if (currency === undefined) throw new Permanent('the row has no currency, and the settings name none');
  return currency;
}

function amountOf(row: Entry, settings: Settings) {
  if (row.amount === null || row.amount === undefined) return undefined;
  const currency = currencyOf(row, settings);
  // A cell shows 12.1 and holds 12.100000000000001; what is meant is never finer than a thousandth.
  return { currency, paidMinor: minor(String(Math.round(row.amount * 1_000) / 1_000), currency) };
}

const Origin = z.object({ data: z.object({ spreadsheet_id: z.string() }) });

/** Read before the shape is known, hence with care: what is no JSON object is of no spreadsheet. */
function spreadsheetOf(body: Buffer): string | undefined {
  try {
    return read(Origin, body).data.spreadsheet_id;
  } catch (error) {
    if (error instanceof Permanent) return undefined;
    throw error;
  }
}
