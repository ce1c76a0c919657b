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

/** How our own functions work. The first three are chosen in the code, the others measured or, where said, supposed. */
export const OURS = {
  /** Messages that a function is handed. */
  batch: 10,
  /** Members that one query of the coordinator names. */
  page: 1_000,
  /** Functions at the same time where a merchant says nothing. */
  functions: 5,
  /** Of a whole processor, for a call and what is decided with its answer: measured, 1.5 to 2.4 ms by what is due. */
  processorSecondsPerCall: 0.002,
  /** Supposed: DynamoDB and SQS answer within single-digit milliseconds; a transaction takes longer than a read. */
  callSeconds: 0.007,
  /** Supposed: from the end of one batch to the beginning of the next. */
  invocationSeconds: 0.015,
  /** Read units to find a member: measured over everybody, which is dearer than from an index. */
  findingReadUnits: 0.06,
  /** Write units of the reports for an entry: the member's row, and a share of the sums of its batch. */
  countingWriteUnits: 2.2,
} as const;
