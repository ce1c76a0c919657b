import * as z from 'zod';

/** What others can tell us of. */
export const ToldActivity = z.enum([
  'visit',
  'booking',
  'game',
  'event',
  'service',
  'review',
  'feedback',
  'survey',
  'share',
  'ticket-closed',
]);
/** And what we find out ourselves. */
export const Activity = z.enum([
  ...ToldActivity.options,
  'registration',
  'profile-completed',
  'birthday',
  'anniversary',
  'monthly',
  'yearly',
  'inactive',
]);
export type Activity = z.output<typeof Activity>;
