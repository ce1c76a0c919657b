import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Context as LambdaContext, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import type { Connector, Context, Found, Manifest, Roles } from '../lib/connectors/contract.ts';
import { NotEquipped } from '../lib/connectors/kit/errors.ts';
import { read } from '../lib/connectors/kit/read.ts';
import { setting } from '../lib/runtime/config.ts';
import { openVendor } from '../lib/runtime/delivering/vendor.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { openFactsQueue } from '../lib/runtime/facts-queue.ts';
import { count, log } from '../lib/runtime/log.ts';
import { setAside } from '../lib/runtime/postponing.ts';
import { openReconciling } from '../lib/runtime/reconciling.ts';
import { SecretUnset } from '../lib/runtime/secrets.ts';
import { openSigns } from '../lib/runtime/signs.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { worker } from '../lib/runtime/worker.ts';

/** `subscribe`: see to it that the vendor tells us. `reconcile`: go on looking up what it may have told in vain. */
const TendMessage = z.object({ kind: z.enum(['subscribe', 'reconcile']) });
type TendMessage = z.output<typeof TendMessage>;

/** Tends one source. Whatever comes twice, late or half does the same, since the vendor is asked how things stand. */
export function tender<M extends Manifest>(connector: Connector<M>) {
  const { manifest } = connector;
  const { source } = connector.roles as Partial<Roles<Context<M>>>;
  const vendor = openVendor(manifest);
  const signs = openSigns({ client: dynamodb, table: setting('TABLE_PROGRAM'), connector: manifest.id });
  const factsQueue = openFactsQueue({ client: sqs, url: setting('QUEUE_FACTS_URL') });
  const pageMs = manifest.limits.timeoutSeconds * 6_000;

  const asking = <Answer>(kind: TendMessage['kind'], ask: (around: Context<M>) => Promise<Answer>): Promise<Answer> =>
    vendor.whenReady(`${manifest.id}:${kind}`, (around) => vendor.ask(around, ask));

  async function subscribe(): Promise<void> {
    const differences = await asking('subscribe', async (around) => source?.subscribe?.(setting('HOOK_URL'), around));
    for (const difference of differences ?? []) {
      count('SubscriptionDiffers');
      log.warn('what the vendor sends us is not as it should be', { difference });
    }
    await signs.subscribed(differences ?? []);
    log.info('subscribed', { differences: differences?.length ?? 0 });
  }

  async function reconcile(lambda: LambdaContext): Promise<void> {
    const { reconcile: rhythm } = manifest;
    if (!rhythm || !source?.reconcile) return;
    const lookUp = source.reconcile;
    const { kind, ...how } = await openReconciling({
      client: dynamodb,
      table: setting('TABLE_PROGRAM'),
      connector: manifest.id,
      rhythm,
      leaseMs: pageMs * 2,
      now: () => new Date(),
    }).goOn(
      (since, after) => asking('reconcile', (around) => lookUp(since, around, after)),
      take,
      () => lambda.getRemainingTimeInMillis() > pageMs,
    );
    log.info('reconciled', { outcome: kind, ...how });
    if (kind !== 'begun') return;
    const more: TendMessage = { kind: 'reconcile' };
    await sqs.send(
      new SendMessageCommand({ QueueUrl: setting('QUEUE_TENDING_URL'), MessageBody: JSON.stringify(more) }),
    );
  }

  /** Says of each that it was looked up: what was told before stands as it was told. */
  async function take({ facts, unreadable = [] }: Found, floor: Date): Promise<void> {
    for (const { what, because } of unreadable) {
      count('FoundUnreadable');
      log.error('something at the vendor cannot be read', { what, because });
    }
    const ours = facts.filter(({ occurredAt }) => new Date(occurredAt) >= floor);
    if (ours.length > 0) await factsQueue.tell(ours.map((fact) => ({ ...fact, found: true as const })));
  }

  async function tend({ body }: SQSRecord, lambda: LambdaContext): Promise<void> {
    const { kind } = read(TendMessage, body);
    try {
      await (kind === 'subscribe' ? subscribe() : reconcile(lambda));
    } catch (error) {
      if (!(error instanceof NotEquipped || error instanceof SecretUnset)) throw error;
      count('TendingSkipped');
      log.warn('left out', { what: kind, because: error.message });
    }
  }

  return worker(async (record, lambda) => {
    try {
      await tend(record, lambda);
    } catch (error) {
      const queues = { client: sqs, url: setting('QUEUE_URL'), parkedUrl: setting('QUEUE_PARKED_URL') };
      if (!(await setAside(queues, record, error))) throw error;
    }
  });
}
