import * as z from 'zod';
import { Unauthorized } from '../kit/errors.ts';
import { read } from '../kit/read.ts';
import { openZendesk, type ZendeskContext } from './api.ts';

/** Looks up the agent whose token it is. */
export async function check(context: ZendeskContext): Promise<string> {
  const { email } = context.secret;
  const query = new URLSearchParams({ query: `email:${email}` });
  const { users } = read(Users, await openZendesk(context)('GET', `/users/search?${query}`));
  const agent = users.find((user) => user.email?.toLowerCase() === email.toLowerCase());
  if (!agent || agent.role === 'end-user') throw new Unauthorized('the e-mail address in the secret is no agent’s');
  return `${context.settings.subdomain}.zendesk.com, as ${agent.role === 'admin' ? 'an administrator' : 'an agent'}`;
}

const Users = z.object({ users: z.array(z.object({ email: z.string().nullish(), role: z.string().nullish() })) });
