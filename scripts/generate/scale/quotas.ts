/** What AWS allows and asks for, as published; nobody has measured it here. Sources are in docs/scale.md. */

/** A partition of a table or an index, which is also the most that one key of it bears. */
export const PARTITION = { readUnits: 3_000, writeUnits: 1_000 };
/** On demand: what a new table bears at once; it follows a load that doubles within half an hour. */
export const TABLE_AT_FIRST = 4_000;
export const TABLE_DOUBLES_SECONDS = 30 * 60;
/** Of one table, and of each of its indexes, unless AWS was asked for more. */
export const TABLE_WRITE_UNITS = 40_000;

/** An event source mapping of SQS: how many functions it begins with, and adds in a second (300 a minute). */
export const MAPPING = { first: 5, moreEachSecond: 5, most: 1_000 };
/** Messages of a standard queue that are being worked on. */
export const IN_FLIGHT_MAX = 120_000;
/** A function of 512 MB has this much of a processor: 1,769 MB have a whole one. */
export const PROCESSOR = 512 / 1_769;

/** Dollars, list prices of us-east-1 for a million, and for a second of one gigabyte. */
export const PRICES = {
  readUnits: 0.125,
  writeUnits: 0.625,
  queueRequests: 0.4,
  invocations: 0.2,
  events: 1,
  gigabyteSecond: 0.0000133334,
};
