import type { SQSRecord } from 'aws-lambda';
import { Permanent, Unauthorized } from '../../connectors/kit/errors.ts';
import { optionalSetting } from '../config.ts';
import type { Delivery, openDeliveries } from '../deliveries.ts';
import { count, log, reasonOf } from '../log.ts';

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
  return {
    /** Whether there is anything left to do. Throws for what has failed, and is only passing on its way to the dead letters. */
    async claim(eventId: string, record: SQSRecord): Promise<boolean> {
      let claim = await deliveries.claim(eventId, role, record.messageId);
      while (claim.kind === 'standing') {
        const { delivery } = claim;
        if (isOver(delivery, record)) return false;
        claim = await deliveries.claim(eventId, role, record.messageId, delivery);
      }
      return true;
    },

    async done(eventId: string, vendorId: string | undefined): Promise<void> {
      await deliveries.settle(eventId, role, 'sent', { vendorId });
      log.info('delivered', { eventId, role });
    },

    /** Notes it; gives it back, for the queue to bring it again. */
    async failed(eventId: string, error: unknown, record: SQSRecord): Promise<Error> {
      const reason = reasonOf(error).message;
      if (error instanceof Permanent || error instanceof Unauthorized) {
        await deliveries.settle(eventId, role, 'failed', { reason });
        count('DeliveryFailed');
        return error;
      }
      await deliveries.settle(eventId, role, 'retry', { reason }, isLastTry(record));
      return asError(error);
    },
  };
}

function isOver({ status, reason, messageId }: Delivery, record: SQSRecord): boolean {
  switch (status) {
    case 'sent':
    case 'skipped':
    case 'unknown':
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

/** After so many times the queue puts a message among the dead letters by itself, and tells nobody. */
export const isLastTry = ({ attributes }: SQSRecord): boolean =>
  attributes.ApproximateReceiveCount === optionalSetting('ATTEMPTS_MAX');

/** Its error as a value, for those who do several things at once. */
export async function attempted<Answer>(what: Promise<Answer>): Promise<Answer | Error> {
  try {
    return await what;
  } catch (error) {
    return asError(error);
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(typeof thrown));
