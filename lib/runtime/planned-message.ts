import * as z from 'zod';
import type { Message } from '../loyalty/events.ts';
import { Channel, Purpose } from '../loyalty/facts.ts';

/** A message on its way to a connector's queue: the planner has chosen whom it goes through, and in which words. */
export interface PlannedMessage extends Message {
  readonly memberId: string;
  readonly connector: string;
  /** Somebody else could carry it, if this connector cannot. */
  readonly others: boolean;
}

export const PlannedMessage = z.object({
  id: z.string().min(1),
  memberId: z.string().min(1),
  connector: z.string().min(1),
  others: z.boolean(),
  channel: Channel,
  to: z.string().min(1),
  locale: z.string(),
  kind: z.string(),
  purpose: Purpose,
  text: z.string(),
  subject: z.string().optional(),
  html: z.string().optional(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
  template: z.object({ name: z.string(), values: z.array(z.string()) }).optional(),
  unsubscribeUrl: z.string().optional(),
  heardAt: z.string().optional(),
  notAfter: z.string().optional(),
}) as unknown as z.ZodType<PlannedMessage>;
