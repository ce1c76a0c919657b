import * as z from 'zod';

/** The first second of the year 10,000, which our own times have no digits for. */
const TOO_LATE = 253_402_300_800;

/** Seconds since 1970, as a number or in words, → our own form of a time. */
export const UnixTime = z
  .union([z.int(), z.string().regex(/^\d{1,12}$/)])
  .transform(Number)
  .refine((seconds) => seconds >= 0 && seconds < TOO_LATE, 'seconds since 1970')
  .transform((seconds) => new Date(seconds * 1000).toISOString());
