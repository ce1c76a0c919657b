import * as z from 'zod';
import { type Call, orNothing } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { Refund } from './bodies.ts';

const Refunds = z.array(Refund);
const FIELDS = Object.keys(Refund.shape).join(',');

/** With their lines, which the order itself does not name. None: the order is gone meanwhile. */
export async function refundsOf(orderId: number, woo: Call): Promise<readonly Refund[]> {
  const answer = await orNothing(woo('GET', `/orders/${orderId}/refunds?per_page=100&_fields=${FIELDS}`));
  return answer === undefined ? [] : read(Refunds, answer);
}
