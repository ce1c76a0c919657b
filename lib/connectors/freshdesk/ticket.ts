import * as z from 'zod';
import type { Ticket } from '../../loyalty/events.ts';
import type { RoleOf } from '../contract.ts';
import type { Call } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { nameOf, OUR_TAG } from '../kit/support-desk.ts';
import { type FreshdeskContext, isOver, openFreshdesk, STATUS } from './api.ts';
import { findCase } from './find.ts';
import type manifest from './manifest.ts';

export const ticket: RoleOf<typeof manifest, 'ticket'> = {
  async file(ticket, context) {
    const call = openFreshdesk(context);
    const name = nameOf(ticket.externalId);
    const reference = `Reference: ${context.idempotencyKey}`;
    const words = html(`${ticket.text}\n\n${reference}`);
    const solved = ticket.status === 'solved';

    const there = await findCase(name, call, context);
    if (!there) {
      const { id } = read(Made, await call('POST', '/tickets', opened(ticket, name, words, context)));
      return { vendorId: String(id) };
    }
    // Told late, of what is over, it is not opened again; and nothing is solved twice.
    if (!(solved && isOver(there.status))) {
      if (!(await saysSo(reference, there.id, call)))
        await call('POST', `/tickets/${there.id}/notes`, { body: words, private: true });
      if (solved) await call('PUT', `/tickets/${there.id}`, { status: STATUS.resolved });
    }
    return { vendorId: String(there.id) };
  },
};

const opened = (ticket: Ticket, name: string, description: string, { settings }: FreshdeskContext): object => ({
  ...requester(ticket, settings),
  subject: ticket.subject,
  description,
  status: ticket.status === 'solved' ? STATUS.resolved : STATUS.open,
  priority: LOW,
  source: PORTAL,
  tags: [OUR_TAG],
  custom_fields: { [settings.caseField]: name },
  ...(settings.groupId && { group_id: settings.groupId }),
});

const LOW = 1;
const PORTAL = 2;

function requester(
  { requester, memberId }: Ticket,
  { nameRequesters, requesterEmail }: FreshdeskContext['settings'],
): object {
  if (!nameRequesters || !(requester?.email || requester?.phone)) return { email: requesterEmail };
  const name = requester.name ?? `Member ${memberId}`;
  return requester.email ? { email: requester.email, name } : { phone: requester.phone, name };
}

/** Whether this event stands there already, though the answer to it was lost. */
async function saysSo(reference: string, id: number, call: Call): Promise<boolean> {
  const { description_text: first, conversations } = read(
    Read,
    await call('GET', `/tickets/${id}?include=conversations`),
  );
  return [first, ...conversations.map(({ body_text: text }) => text)].some((text) => text?.includes(reference));
}

const Text = z.string().nullish();
const Read = z.object({ description_text: Text, conversations: z.array(z.object({ body_text: Text })).default([]) });
const Made = z.object({ id: z.int() });

const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '<br>',
};

const html = (text: string): string => text.replace(/[&<>"\n]/g, (character) => ESCAPED[character] ?? character);
