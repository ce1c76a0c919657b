import { type Account, type Buckets, type Day, type Lots, NEVER } from './account.ts';
import { addDays } from './calendar.ts';
import { points } from './points.ts';
import type { Pending } from './program/earning.ts';

/**
 * Where points stand, as one text: a bucket's date or `never`; or a lot, which says what it waits for and where it goes
 * then: `2026-04-01/2027-03-31`, `@till#1001/never`, `@review:till#1001/2026-04-01/2027-03-31`.
 */
export const isLot = (place: string): boolean => place.includes('/');

/** The bucket in which points end that stand there. */
export const bucketOf = (place: string): string => place.slice(place.lastIndexOf('/') + 1);

/** What a lot waits for: a day, or `@` and the name under which somebody says yes or no. */
export const waitsFor = (lot: string): string => lot.split('/', 1)[0] ?? lot;

/** Where a lot goes when it has waited long enough. */
export const afterwards = (lot: string): string => lot.slice(lot.indexOf('/') + 1);

/** Each place in which points may stand on their way from there, in order: the lots, and the bucket in which they end. */
export function stagesOf(place: string): readonly string[] {
  return isLot(place) ? [place, ...stagesOf(afterwards(place))] : [place];
}

/**
 * Where points go that are earned on that day: into the bucket, or a lot before it. `name` is what a confirmation will
 * say. What is told so late that its wait is over does not wait.
 */
export function placeOf(
  bucket: Day | typeof NEVER,
  pending: Pending | undefined,
  { day, today, name }: { readonly day: Day; readonly today: Day; readonly name: string },
): string {
  if (!pending) return bucket;
  if (pending.kind === 'confirmation') return lotFor(name, bucket);
  const from = addDays(day, pending.days);
  if (from <= today) return bucket;
  // Points that would lapse before they can be spent live as long as they wait.
  return `${from}/${bucket !== NEVER && bucket < from ? from : bucket}`;
}

export const lotFor = (name: string, place: string): string => `${waitingFor(name)}/${place}`;

/** A slash would part a place. */
export const waitingFor = (name: string): string => `@${name.replaceAll('%', '%25').replaceAll('/', '%2F')}`;

/** Parts what is added by place into what can be spent and what waits. */
export function placed(amounts: Readonly<Record<string, number>>): { readonly buckets: Buckets; readonly lots: Lots } {
  const split = (lots: boolean) =>
    Object.fromEntries(
      Object.entries(amounts)
        .filter(([place, amount]) => amount !== 0 && isLot(place) === lots)
        .map(([place, amount]) => [place, points(amount)]),
    );
  return { buckets: split(false), lots: split(true) };
}

/** The lots whose day has come by then. */
export const ripe = ({ lots }: Pick<Account, 'lots'>, day: Day): readonly string[] =>
  Object.keys(lots)
    .filter((lot) => !lot.startsWith('@') && waitsFor(lot) <= day)
    .sort();

/** The lots that a confirmation of that name is about. */
export const named = ({ lots }: Pick<Account, 'lots'>, name: string): readonly string[] =>
  Object.keys(lots).filter((lot) => waitsFor(lot) === waitingFor(name));

/** Also those that will be about it once something else is settled. */
export const namedLater = ({ lots }: Pick<Account, 'lots'>, name: string): readonly string[] =>
  Object.keys(lots).filter((lot) =>
    stagesOf(lot).some((stage) => isLot(stage) && waitsFor(stage) === waitingFor(name)),
  );
