import type { Manifest } from '../lib/connectors/contract.ts';
import type { BreakerState } from '../lib/runtime/breakers.ts';
import type { Signs } from '../lib/runtime/signs.ts';
import type { Backlog } from './dead-letters.ts';
import type { VendorSays } from './vendor-check.ts';

/** `bad`: somebody has to do something. `odd`: it may be as it should be. */
export interface Finding {
  readonly grade: 'well' | 'odd' | 'bad';
  readonly what: string;
  readonly words: string;
}

/** All that is known of a connector from outside. */
export interface Symptoms {
  readonly manifest: Pick<Manifest, 'title' | 'roles' | 'subscribes'>;
  readonly secret: 'filled' | 'unset' | { readonly faults: string };
  readonly vendor?: VendorSays | undefined;
  readonly signs: Signs;
  readonly breaker: BreakerState | undefined;
  readonly backlogs: readonly Backlog[];
  readonly now: Date;
}

const GRADES: Readonly<Record<VendorSays['kind'], Finding['grade']>> = {
  accepted: 'well',
  refused: 'bad',
  unasked: 'well',
  unclear: 'odd',
};

/** What they mean, in the order in which things are to be mended. */
export function diagnose({ manifest, secret, vendor, signs, breaker, backlogs, now }: Symptoms): readonly Finding[] {
  const isSource = manifest.roles.includes('source');
  return [
    secret === 'filled'
      ? { grade: 'well', what: 'secret', words: 'filled' }
      : secret === 'unset'
        ? { grade: 'bad', what: 'secret', words: 'not filled in: stampbook secret fills it' }
        : { grade: 'bad', what: 'secret', words: secret.faults },
    ...(vendor ? [{ grade: GRADES[vendor.kind], what: 'credentials', words: `${vendor.kind}: ${vendor.words}` }] : []),
    ...(isSource && manifest.subscribes ? [subscription(signs)] : []),
    ...(isSource ? [heard(signs, now)] : []),
    ...(breaker?.openedAt === undefined ? [] : [down(breaker)]),
    ...queues(backlogs),
  ];
}

function subscription({ subscribedAt, differences = [] }: Signs): Finding {
  const what = 'webhooks';
  if (subscribedAt === undefined)
    return { grade: 'odd', what, words: 'not asked for yet: they are every night, once the secret is filled' };
  if (differences.length > 0) return { grade: 'bad', what, words: `${differences.join('; ')} (seen ${subscribedAt})` };
  return { grade: 'well', what, words: `as they should be (seen ${subscribedAt})` };
}

/** Days without a word are nothing for a small shop, and much for a large one: staff can tell. */
function heard({ heardAt }: Signs, now: Date): Finding {
  if (heardAt === undefined) return { grade: 'odd', what: 'last heard', words: 'nothing yet' };
  const days = Math.floor((now.getTime() - Date.parse(heardAt)) / 86_400_000);
  return {
    grade: days >= 7 ? 'odd' : 'well',
    what: 'last heard',
    words: days > 0 ? `${heardAt}, ${days} d ago` : heardAt,
  };
}

const down = ({ openedAt = 0, reason, failures, restsUntil = 0 }: BreakerState): Finding => ({
  grade: 'bad',
  what: 'vendor',
  words: `down since ${new Date(openedAt).toISOString()}, ${failures} failures: ${reason ?? 'for no reason that was noted'}; tried again from ${new Date(restsUntil).toISOString()} on`,
});

/** Of each queue, whether anything is left that nobody does any more. */
export const queues = (backlogs: readonly Backlog[]): readonly Finding[] => backlogs.flatMap(backlog);

function backlog({ work, waiting, parked, missing }: Backlog): readonly Finding[] {
  if (missing) return [{ grade: 'bad', what: work, words: 'not deployed' }];
  const waits = waiting > 0 ? `, ${waiting} wait` : '';
  if (parked > 0)
    return [{ grade: 'bad', what: work, words: `${parked} parked${waits}: stampbook dlq show ${work} says why` }];
  return [{ grade: 'well', what: work, words: `nothing parked${waits}` }];
}
