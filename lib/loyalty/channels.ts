import * as z from 'zod';

/** The ways in which a member can be reached. */
export const Channel = z.enum(['sms', 'email', 'whatsapp', 'messenger', 'chat', 'push']);
export type Channel = z.output<typeof Channel>;

/** `transactional`: what happened to the member's own points. `marketing`: everything else. */
export const Purpose = z.enum(['transactional', 'marketing']);
export type Purpose = z.output<typeof Purpose>;
