import * as z from 'zod';
import { read } from '../kit/read.ts';
import { type FreshdeskContext, openFreshdesk } from './api.ts';

/** Looks up the agent whose key it is. */
export async function check(context: FreshdeskContext): Promise<string> {
  const { type } = read(Agent, await openFreshdesk(context)('GET', '/agents/me'));
  return `${context.settings.domain}, as an agent${type ? ` (${type})` : ''}`;
}

const Agent = z.object({
  id: z.int(),
  type: z
    .string()
    .regex(/^\w{1,40}$/)
    .nullish()
    .catch(undefined),
});
