/**
 * What the work for one member who is due costs, as `npm run bench -- sweeps` counts it; the bench and a test fail when it
 * is more. Units by the documented sizes: a transaction counts twice, an index entry that moves is one out and one in.
 */
export interface Work {
  readonly readUnits: number;
  /** Calls to tables, one after the other. */
  readonly requests: number;
  readonly writeUnits: number;
  /** Of those, in indexes: added to `writeUnits`, and the ones that meet in one partition. */
  readonly indexUnits: number;
}

export const MEASURED = {
  reminder: { readUnits: 3, requests: 4, writeUnits: 4, indexUnits: 2 },
  expiry: { readUnits: 5, requests: 6, writeUnits: 4, indexUnits: 2 },
  absence: { readUnits: 3, requests: 5, writeUnits: 5, indexUnits: 2 },
  activation: { readUnits: 6, requests: 7, writeUnits: 4, indexUnits: 2 },
  birthday: { readUnits: 3, requests: 4, writeUnits: 4, indexUnits: 0 },
  anniversary: { readUnits: 3, requests: 4, writeUnits: 4, indexUnits: 0 },
  monthly: { readUnits: 3, requests: 4, writeUnits: 4, indexUnits: 0 },
  /** With a journal of two dozen entries, which is read whole. */
  statement: { readUnits: 7, requests: 5, writeUnits: 4, indexUnits: 0 },
} as const satisfies Readonly<Record<string, Work>>;
