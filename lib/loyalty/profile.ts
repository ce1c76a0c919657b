import * as z from 'zod';

/** What a member has told about themselves. */
export const Profile = z.object({
  name: z.string().max(200).optional(),
  /** BCP 47: "de", "en-GB". */
  locale: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
    .optional(),
  birthday: z.iso.date().optional(),
});
export type Profile = z.output<typeof Profile>;
