import * as z from 'zod';
import { dayIn } from '../../loyalty/calendar.ts';
import { merchant } from '../config.ts';
import { Text } from './fields.ts';
import { route } from './route.ts';

/** In a query a plus may have become a space. */
const Instant = z
  .string()
  .transform((text) => text.replace(/ (?=\d\d:\d\d$)/, '+'))
  .pipe(z.iso.datetime({ offset: true }));

export const getBalance = route('GET /v1/members/{id}/balance', 'pos', () =>
  z.strictObject({
    id: Text(100),
    /** A day in the merchant's zone, which means its end; or an instant. Absent: now. */
    asOf: z
      .union([z.iso.date(), Instant], 'is neither a day nor a time: write "2026-03-31" or "2026-03-31T18:00:00Z"')
      .refine(isOver, 'is in the future, of which there are no books yet: send a time that is over, or today')
      .optional(),
  }),
);

function isOver(moment: string): boolean {
  if (moment.length > 10) return Date.parse(moment) <= Date.now();
  return moment <= dayIn(merchant().program.timeZone, new Date());
}
