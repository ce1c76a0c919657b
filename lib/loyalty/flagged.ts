import { lotName, reviewName } from './accrue.ts';
import { type Entry, entryIdOf } from './entry.ts';
import { lotEndKey } from './lot-ends.ts';
import { waitingFor, waitsFor } from './lots.ts';

/** Points that wait since something looked wrong. */
export interface Flagged {
  readonly source: string;
  /** The order's number, or `<activity>:<its id>`. */
  readonly object: string;
  readonly entryId: string;
  readonly flags: readonly string[];
  readonly points: number;
  /** Who served. */
  readonly staffId?: string | undefined;
}

/** One name for a review. */
export const reviewOf = ({ source, object }: Pick<Flagged, 'source' | 'object'>): string => lotName(source, object);

/** What somebody has to look at, since this entry. Where nothing was earned there is nothing to hold back. */
export function flaggedIn(entry: Entry): Flagged | undefined {
  const { detail, source, change } = entry;
  if ((detail.kind !== 'sale' && detail.kind !== 'activity') || !detail.flags) return undefined;
  const object = detail.kind === 'sale' ? detail.orderId : `${detail.activity}:${detail.activityId}`;
  const lots = Object.entries(change.lots ?? {}).filter(
    ([lot]) => waitsFor(lot) === waitingFor(reviewName(source, object)),
  );
  const points = lots.reduce((sum, [, amount]) => sum + amount, 0);
  if (points <= 0) return undefined;
  const staffId = detail.kind === 'sale' ? detail.staffId : undefined;
  return { source, object, entryId: entryIdOf(entry), flags: detail.flags, points, staffId };
}

/** Which review the entry ended. */
export function reviewEndedBy({ detail, source, key }: Entry): Pick<Flagged, 'source' | 'object'> | undefined {
  if (detail.kind !== 'activated' && detail.kind !== 'declined') return undefined;
  // The key's parts are escaped where they hold what parts it.
  const object = key.split('#')[2]?.replaceAll('%23', '#').replaceAll('%25', '%') ?? '';
  return key === lotEndKey({ source, object, of: 'review' }) ? { source, object } : undefined;
}
