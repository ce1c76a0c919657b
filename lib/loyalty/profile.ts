import * as z from 'zod';
import { isZone } from './calendar.ts';
import { Channel } from './channels.ts';

/** What a member has told about themselves. */
export const Profile = z.object({
  name: z.string().max(200).optional(),
  /** BCP 47: "de", "en-GB". */
  locale: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
    .optional(),
  birthday: z.iso.date().optional(),
  /** Whose night it is when messages wait until morning, `Europe/Berlin`; absent: the merchant's. */
  timeZone: z.string().max(60).refine(isZone, 'is not a time zone: write it like "Europe/Berlin"').optional(),
  /** Where the member would rather be written to, if it can be. */
  preferredChannel: Channel.optional(),
});
export type Profile = z.output<typeof Profile>;
