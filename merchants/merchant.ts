import * as z from 'zod';
import { type ConnectorId, manifests } from '../lib/connectors/manifests.ts';
import { EventType } from '../lib/loyalty/events.ts';
import { Channel } from '../lib/loyalty/facts.ts';
import { Program } from '../lib/loyalty/program.ts';

const ids = Object.keys(manifests) as [ConnectorId, ...ConnectorId[]];

/** A connector in use: its public settings, and the events it is told. */
const Use = z
  .strictObject({
    id: z.enum(ids, { error: (issue) => `no connector ${JSON.stringify(issue.input)}: there are ${ids.join(', ')}` }),
    settings: z.record(z.string(), z.unknown()),
    on: z.array(EventType),
  })
  .check(({ value, issues }) => {
    const result = manifests[value.id].settings.safeParse(value.settings);
    for (const issue of result.error?.issues ?? []) {
      issues.push({
        code: 'custom',
        path: ['settings', ...(issue.path as (string | number)[])],
        message: issue.message,
        input: issue.input,
      });
    }
  });

/** Everything about one merchant that is not secret. One file each in this folder. */
export const Merchant = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]{2,30}$/, 'lower-case letters, digits and hyphens; it names the stacks'),
    name: z.string().min(1).max(100),
    /** Where alarms go. */
    alarmEmail: z.email(),
    program: Program,
    /** Event → locale → Liquid text, for SMS. The first locale is the fallback. */
    messages: z.partialRecord(EventType, z.record(z.string(), z.string().max(1_000))).default({}),
    /** The locales in which messages exist, best known first. */
    locales: z.array(z.string()).min(1),
  /** ISO 3166-1: where a phone number without its country code belongs. Absent: numbers must begin with +. */
  country: z.string().regex(/^[A-Z]{2}$/, 'two capital letters, such as DE').optional(),
    /** Staff hear of redemptions from so many points on. */
    alerts: z.strictObject({ redemptionFromPoints: z.int().positive() }).optional(),
    /** Which channels a new member has said yes to by enrolling at the till or in the shop; others need a consent fact. */
    consentAtEnrolment: z.array(Channel).default([]),
    connectors: z.array(Use),
  })
  .check(({ value, issues }) => {
    const seen = new Set<string>();
    for (const [index, { id }] of value.connectors.entries()) {
      if (seen.has(id))
        issues.push({
          code: 'custom',
          path: ['connectors', index, 'id'],
          message: `"${id}" stands twice: use it once, with all its events`,
          input: id,
        });
      seen.add(id);
    }
  });
export type Merchant = z.output<typeof Merchant>;
export type MerchantInput = z.input<typeof Merchant>;

/** Types the settings from the connector's own schema. */
export const use = <Id extends ConnectorId>(
  id: Id,
  settings: z.input<(typeof manifests)[Id]['settings']>,
  on: readonly EventType[] = [],
): MerchantInput['connectors'][number] => ({ id, settings, on: [...on] });

/** A merchant's file has a fault: which value, where, and what to do. */
export class MerchantFileError extends Error {
  override readonly name = 'MerchantFileError';
}

/** Checks a merchant's file; throws `MerchantFileError` with every fault: path, value and fix. */
export function checkMerchant(input: unknown, file: string): Merchant {
  const result = Merchant.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const value = issue.path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
      input,
    );
    return `  ${issue.path.join('.') || '(root)'} = ${JSON.stringify(value) ?? 'nothing'}\n    ${issue.message}`;
  });
  throw new MerchantFileError(
    `${file} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.join('\n')}`,
  );
}
