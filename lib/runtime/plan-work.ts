import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { Identity } from '../loyalty/facts.ts';

/** What is put before the planner, beside the events that the bus brings it. */
export const PlanWork = z.discriminatedUnion('kind', [
  /** What a member asked for, on the channel on which it was asked; made once for each `id`. */
  z.object({
    kind: z.literal('answer'),
    id: z.string().min(1).max(200),
    memberId: z.string(),
    connector: z.string(),
    /** Who it was that asked: of several addresses of the member, it goes back to this one. */
    identities: z.array(Identity).optional(),
    locale: z.string(),
    text: z.string(),
    /** What more there is of it, where it is a message that staff try out. */
    subject: z.string().optional(),
    html: z.string().optional(),
    template: z.object({ name: z.string(), values: z.array(z.string()).readonly() }).optional(),
    purpose: z.literal('transactional'),
  }),
  /** Nothing of it has reached the member on that channel: another may carry it. Its row says why. */
  z.object({ kind: z.literal('undone'), messageId: z.string(), connector: z.string() }),
  /** The time has come for what has waited. */
  z.object({ kind: z.literal('due'), memberId: z.string(), messageId: z.string() }),
]);
export type PlanWork = z.output<typeof PlanWork>;

/** SQS takes so many messages a call. */
const BATCH = 10;
/** SQS holds a message back for so long at most. */
export const DELAY_SECONDS_MAX = 900;

/** The way into the planner's queue. */
export function openPlanQueue({ client, url }: { client: SQSClient; url: string }) {
  return {
    /** All of it, or it throws. Told twice, it is done once. */
    async tell(work: readonly PlanWork[], delaySeconds = 0): Promise<void> {
      for (let from = 0; from < work.length; from += BATCH) {
        const Entries = work.slice(from, from + BATCH).map((one, at) => ({
          Id: String(at),
          MessageBody: JSON.stringify(one),
          ...(delaySeconds > 0 && { DelaySeconds: delaySeconds }),
        }));
        const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
        if (Failed.length > 0)
          throw new Error(`the plan queue refused ${Failed.length} of ${Entries.length} messages: ${Failed[0]?.Code}`);
      }
    },
  };
}

export type PlanQueue = ReturnType<typeof openPlanQueue>;
