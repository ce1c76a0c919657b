import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConsentByEnrolling } from '../loyalty/consents.ts';
import type { Told } from '../loyalty/events.ts';
import type { Brand, Messages } from '../loyalty/message-words.ts';
import type { Program } from '../loyalty/program.ts';
import type { QuietHours } from '../loyalty/quiet-hours.ts';

/** How members are written to. */
export interface Messaging {
  /** Messages that nobody has to have at once wait for the end of these hours, in the member's zone; absent: there are none. */
  readonly quietHours?: QuietHours | undefined;
  /** Advertising, in any seven days. */
  readonly marketingPerWeek: number;
  /** What happens to a member within so many seconds is one message; 0: each is one of its own. */
  readonly mergeSeconds: number;
}

/** The merchant as it was checked at synth, with the version of its program. Lies beside the code, so that starting costs no call. */
export interface DeployedMerchant {
  readonly id: string;
  readonly name: string;
  readonly country?: string | undefined;
  readonly locales: readonly string[];
  readonly program: Program;
  readonly messages: Messages;
  /** How e-mail looks. */
  readonly brand?: Brand | undefined;
  readonly messaging: Messaging;
  readonly alerts?:
    | { readonly redemptionFromPoints?: number | undefined; readonly tiers?: readonly string[] | undefined }
    | undefined;
  readonly consentAtEnrolment: readonly ConsentByEnrolling[];
  readonly connectors: readonly {
    readonly id: string;
    readonly settings: Readonly<Record<string, unknown>>;
    /** The events that it is told. */
    readonly on: readonly Told[];
  }[];
  readonly version: string;
}

let deployed: DeployedMerchant | undefined;

/** Read once, and not checked again: synth has refused every file that is not right. */
export function merchant(): DeployedMerchant {
  deployed ??= JSON.parse(readFileSync(join(setting('LAMBDA_TASK_ROOT'), 'merchant.json'), 'utf8')) as DeployedMerchant;
  return deployed;
}

/** What the stacks tell a function. */
export type Setting =
  | 'LAMBDA_TASK_ROOT'
  | 'TABLE_ACCOUNTS'
  | 'TABLE_ENTRIES'
  | 'TABLE_MEMBERS'
  | 'TABLE_PROGRAM'
  | 'TABLE_REPORTS'
  | 'QUEUE_FACTS_URL'
  | 'QUEUE_FACTS_PARKED_URL'
  | 'QUEUE_PLAN_URL'
  | 'QUEUE_PREFIX'
  | 'QUEUE_SWEEPS_URL'
  | 'QUEUE_AUDIT_URL'
  | 'QUEUE_TENDING_URL'
  | 'SCHEDULE_GROUP'
  | 'SCHEDULER_ROLE_ARN'
  | 'SCHEDULED_QUEUE_ARN'
  | 'SCHEDULED_PARKED_ARN'
  | 'QUEUE_INTAKE_PARKED_URL'
  | 'QUEUE_URL'
  | 'QUEUE_PARKED_URL'
  | 'BUS_NAME'
  | 'SECRET_ARN'
  | 'HOOK_URL';

/** Throws at the first use of what a stack forgot, by name. */
export function setting(name: Setting): string {
  const value = process.env[name];
  if (!value) throw new Error(`the environment variable ${name} is not set`);
  return value;
}

/**
 * `RECEIPT_URL`: where a vendor reports on our messages, when the same connector is a source too. `API_URL`: where members
 * unsubscribe by a link. `ATTEMPTS_MAX`: after how many tries with a vendor that is well a thing is parked.
 * `VENDOR_GATEWAY`: the local cloud's stand-in for vendors.
 */
export const optionalSetting = (
  name: 'RECEIPT_URL' | 'API_URL' | 'ATTEMPTS_MAX' | 'VENDOR_GATEWAY',
): string | undefined => process.env[name] || undefined;
