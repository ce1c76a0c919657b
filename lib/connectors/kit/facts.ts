import * as z from 'zod';
import { Fact } from '../../loyalty/facts.ts';
import { parseAmount } from '../../loyalty/money.ts';
import { Permanent } from './errors.ts';
import { shape } from './read.ts';

const Facts = z.array(Fact);

/** The last step of every `translate`: what a vendor sent may fit its own shape and still not be a fact (an id too long, no such currency). */
export const facts = (drafts: readonly z.input<typeof Fact>[]): readonly Fact[] => shape(Facts, drafts);

/** A decimal string in major units → minor units; `Permanent` when it is not an amount of that currency. */
export function minor(text: string, currency: string): number {
  let amount: number | undefined;
  try {
    amount = parseAmount(text, currency);
  } catch (cause) {
    // Intl knows no such currency.
    throw new Permanent('not an ISO 4217 currency', { cause });
  }
  if (amount === undefined) throw new Permanent(`not an amount of ${currency}`);
  return amount;
}

export const total = (amounts: Iterable<number>): number => {
  let sum = 0;
  for (const amount of amounts) sum += amount;
  return sum;
};
