import type { SQSRecord } from 'aws-lambda';
import { Permanent, Unauthorized } from '../../connectors/kit/errors.ts';
import { optionalSetting } from '../config.ts';
import type { Delivery, openDeliveries } from '../deliveries.ts';
import { count, log, reasonOf } from '../log.ts';
import { Crowded } from '../pace.ts';
import { Down } from './vendor.ts';

export type Attempts = ReturnType<typeof openAttempts>;

export interface AttemptsOptions {
  readonly deliveries: ReturnType<typeof openDeliveries>;
  readonly role: 'sink' | 'alert' | 'ticket';
}

/**
 * One connector's tries in one role, each noted before it and after it. They may repeat: the other side knows a
 * repetition, or can bear it.
 */
export function openAttempts({ deliveries, role }: AttemptsOptions) {
  /** Of those that are being tried, how often each has failed before. */
  const failuresOf = new Map<string, number>();
  return {
    /** Whether there is anything left to do. Throws for what has failed, and is only passing on its way to the dead letters. */
    async claim(eventId: string, record: SQSRecord): Promise<boolean> {
      let claim = await deliveries.claim(eventId, role, record.messageId);
      while (claim.kind === 'standing') {
        const { delivery } = claim;
        if (isOver(delivery, record)) return false;
        claim = await deliveries.claim(eventId, role, record.messageId, delivery);
      }
      if (claim.failures >= triesMax()) {
        const reason = `broke off ${claim.failures} times, without a word`;
        await deliveries.settle(eventId, role, 'failed', { reason });
        throw new Permanent(reason);
      }
      failuresOf.set(eventId, claim.failures);
      return true;
    },

    async done(eventId: string, vendorId: string | undefined): Promise<void> {
      failuresOf.delete(eventId);
      await deliveries.settle(eventId, role, 'sent', { vendorId });
      log.info('delivered', { eventId, role });
    },

    /** Notes it; gives it back, for the queue to bring it again. */
    async failed(eventId: string, error: unknown): Promise<Error> {
      const failed = afterFailure(error, failuresOf.get(eventId));
      failuresOf.delete(eventId);
      const reason = reasonOf(failed.error).message;
      if (failed.error instanceof Permanent || failed.error instanceof Unauthorized) {
        await deliveries.settle(eventId, role, 'failed', { reason });
        count('DeliveryFailed');
      } else {
        await deliveries.settle(eventId, role, 'retry', { reason, failures: failed.failures });
      }
      return failed.error;
    },
  };
}

function isOver({ status, reason, messageId }: Delivery, record: SQSRecord): boolean {
  switch (status) {
    case 'sent':
      return true;
    case 'retry':
    case 'sending':
      return false;
    case 'failed':
      // Unless staff have sent it round again.
      if (messageId === record.messageId && record.attributes.ApproximateReceiveCount !== '1')
        throw new Permanent(reason ?? 'failed before');
      return false;
  }
}

/** A vendor that is down, or busy with the others, costs nobody a try. */
export const isFree = (error: unknown): boolean => error instanceof Down || error instanceof Crowded;

/** After so many tries with a vendor that is well it is this that it cannot take, and not the time. */
export const triesMax = (): number => Number(optionalSetting('ATTEMPTS_MAX') ?? Number.POSITIVE_INFINITY);

/** What failed too often is `Permanent`. */
export function afterFailure(thrown: unknown, before = 0): { readonly error: Error; readonly failures: number } {
  const error = asError(thrown);
  const failures = before + (isFree(error) ? 0 : 1);
  if (failures < triesMax() || error instanceof Permanent || error instanceof Unauthorized) return { error, failures };
  return { error: new Permanent(`tried ${failures} times: ${error.message}`, { cause: error }), failures };
}

/** Its error as a value, for those who do several things at once. */
export async function attempted<Answer>(what: Promise<Answer>): Promise<Answer | Error> {
  try {
    return await what;
  } catch (error) {
    return asError(error);
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(typeof thrown));
