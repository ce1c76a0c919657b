import * as z from 'zod';
import { Fact } from '../../loyalty/facts.ts';
import { parseAmount } from '../../loyalty/money.ts';
import { Permanent } from './errors.ts';
import { shape } from './read.ts';

const Facts = z.array(Fact);

/** The last step of every `translate`: what a vendor sent may fit its own shape and still not be a fact (an id too long, no such currency). */
export const facts = (drafts: readonly z.input<typeof Fact>[]): readonly Fact[] => shape(Facts, drafts);

/** Some of what was told at once cannot be read. The rest of it can: it is taken, and the delivery is parked all the same. */
export class PartlyRead extends Permanent {
  override readonly name = 'PartlyRead';
  readonly facts: readonly Fact[];
  constructor(message: string, facts: readonly Fact[], options?: ErrorOptions) {
    super(message, options);
    this.facts = facts;
  }
}

/** For a `translate` that is told several things at once. */
export function factsOfEach<Thing>(
  things: readonly Thing[],
  factsOf: (thing: Thing) => readonly Fact[],
): readonly Fact[] {
  const read: Fact[] = [];
  const unread: Permanent[] = [];
  for (const thing of things) {
    try {
      read.push(...factsOf(thing));
    } catch (error) {
      if (!(error instanceof Permanent)) throw error;
      unread.push(error);
    }
  }
  const [first] = unread;
  if (!first) return read;
  if (things.length === 1) throw first;
  throw new PartlyRead(`${unread.length} of ${things.length}: ${first.message}`, read, { cause: first });
}

/** For every `reconcile`: all at the same time, and one that cannot be read keeps nobody from the others. */
export async function found<Thing>(
  things: readonly Thing[],
  factsOf: (thing: Thing) => readonly Fact[] | Promise<readonly Fact[]>,
  nameOf: (thing: Thing) => string = String,
) {
  const all = await Promise.all(
    things.map(async (thing) => {
      try {
        return { facts: await factsOf(thing) };
      } catch (error) {
        if (!(error instanceof Permanent)) throw error;
        return { facts: [], unreadable: { what: nameOf(thing), because: error.message } };
      }
    }),
  );
  return { facts: all.flatMap(({ facts }) => facts), unreadable: all.flatMap(({ unreadable }) => unreadable ?? []) };
}

/** What was typed at the checkout, for a sale: anybody's codes, of which ours are the fewest. */
export function codesTyped(typed: readonly { readonly code: string }[] | null | undefined) {
  const codes = (typed ?? []).flatMap(({ code }) => (code.length > 0 && code.length <= 100 ? code : [])).slice(0, 20);
  return codes.length > 0 ? { codes } : {};
}

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
