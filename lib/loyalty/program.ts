import * as z from 'zod';
import { isZone } from './calendar.ts';
import { Currency } from './money.ts';
import { checkProgram } from './program/check.ts';
import { Cap, Group, Multiplier, Pending, Rule, Stacking } from './program/earning.ts';
import { Expiry } from './program/expiry.ts';
import { BasisPoints } from './program/fields.ts';
import { Milestone } from './program/milestones.ts';
import { Fraud, Gifts, Referrals, Staff } from './program/people.ts';
import { Redemption, Reward } from './program/rewards.ts';
import { Qualify, Tier } from './program/tiers.ts';

/**
 * What a merchant promises its members: data, checked before anything is built from it. A rule is conditions and an
 * action; each of them is a word with typed arguments. Version and sentences are made from the same data.
 */

const Zone = z.string().refine((zone) => isZone(zone) && (zone.includes('/') || zone === 'UTC'), {
  error: (issue) => `unknown time zone ${JSON.stringify(issue.input)}: use an IANA name such as Europe/Berlin`,
});

export const Program = z
  .strictObject({
    name: z.string().min(1).max(60),
    currency: Currency,
    timeZone: Zone,
    startsOn: z.iso.date(),
    rules: z.array(Rule).min(1).max(200),
    groups: z.array(Group).max(50).default([]),
    multipliers: z.array(Multiplier).max(50).default([]),
    stacking: Stacking.prefault({}),
    caps: z.array(Cap).max(20).default([]),
    /** Absent: points can be spent at once. */
    pending: Pending.optional(),
    tiers: z.array(Tier).min(1).max(20),
    qualify: Qualify.prefault({}),
    expiry: Expiry,
    /** Members who stay away are noticed after so many days without an activity. Absent: they are not. */
    inactivity: z.strictObject({ daysAfter: z.array(z.int().min(1).max(1_000)).min(1).max(10) }).optional(),
    /** So many days before they expire, members are reminded; without the last reminder no points expire. Empty: no reminders. */
    expiryReminders: z.array(z.int().min(1).max(365)).max(10).default([30, 7, 1]),
    rewards: z.array(Reward).max(500),
    redemption: Redemption.prefault({}),
    refunds: z
      .strictObject({
        /**
         * When the points to take back are spent already. `allow`: the balance goes below zero, and later earnings bring
         * it back. `owe`: the same, but only `offsetBp` of each later earning pays the debt, and the rest can be spent.
         * `stop-at-zero`: the rest is let go, and staff hear of it.
         */
        whenSpent: z.enum(['allow', 'owe', 'stop-at-zero']).default('allow'),
        offsetBp: BasisPoints.min(1).max(10_000).default(10_000),
        /** Points given back whose date has passed live this long. */
        graceDays: z.int().min(0).max(365).default(30),
      })
      .prefault({}),
    /** Unknown buyers: keep the sale until they enrol, for so many days. */
    guests: z.strictObject({ keepDays: z.int().min(0).max(365).default(30) }).prefault({}),
    referrals: Referrals.optional(),
    gifts: Gifts.optional(),
    staff: Staff.prefault({}),
    fraud: Fraud.prefault({}),
    milestones: z.array(Milestone).max(50).default([]),
    /** When those born, or who joined, on 29 February are greeted in a year that has none. */
    leapDay: z.enum(['feb-28', 'mar-1']).default('feb-28'),
    /** At the beginning of a month, what the last one brought is told to all those to whom it brought something. */
    statements: z.boolean().default(false),
  })
  .check((payload) => checkProgram(payload as z.core.ParsePayload<Program>));
export type Program = z.output<typeof Program>;
export type ProgramInput = z.input<typeof Program>;
