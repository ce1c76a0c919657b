import type { DisputeFact } from '../../loyalty/facts.ts';
import { Permanent } from './errors.ts';

/** What cases of ours look like at a support desk: the same at each of them. */

/** On every ticket that we open: nobody earns for one, and staff can leave it out of their automations. */
export const OUR_TAG = 'stampbook';

/** With one of these, whoever solves the ticket decides the dispute. */
const OUTCOMES: ReadonlyMap<string, DisputeFact['outcome']> = new Map([
  ['stampbook_upheld', 'upheld'],
  ['stampbook_rejected', 'rejected'],
  ['stampbook_withdrawn', 'withdrawn'],
]);

const PREFIX = 'stampbook:';
const DISPUTE = /^stampbook:dispute:(.+)$/;

/** Under which name a case is known there: letters, digits and what breaks no desk's search. */
export const nameOf = (externalId: string): string =>
  PREFIX +
  externalId.replace(/[^\w.:-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
  );

export interface Filed {
  /** What its field for foreign ids holds. */
  readonly name: string | null | undefined;
  readonly tags: readonly string[];
}

/** Whether we opened it. A tag may be lost, and a name be written by a form. */
export const isOurs = ({ name, tags }: Filed): boolean => tags.includes(OUR_TAG) || (name?.startsWith(PREFIX) ?? false);

/** What a solved ticket says of a dispute; `undefined`: it is about none, or leaves it to us. */
export function decisionIn({ name, tags }: Filed): Pick<DisputeFact, 'disputeId' | 'outcome'> | undefined {
  const [, encoded] = DISPUTE.exec(name ?? '') ?? [];
  const [outcome, another] = new Set(tags.flatMap((tag) => OUTCOMES.get(tag) ?? []));
  if (encoded === undefined || outcome === undefined) return undefined;
  if (another) throw new Permanent(`the ticket has two outcomes: take off one of ${[...OUTCOMES.keys()].join(', ')}`);
  try {
    return { disputeId: decodeURIComponent(encoded), outcome };
  } catch (cause) {
    throw new Permanent('the ticket’s foreign id is none of ours', { cause });
  }
}
