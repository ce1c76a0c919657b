import * as z from 'zod';
import type { Ticket } from '../../loyalty/events.ts';
import type { RoleOf } from '../contract.ts';
import type { Call } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { nameOf, OUR_TAG } from '../kit/support-desk.ts';
import { openZendesk, type ZendeskContext } from './api.ts';
import type manifest from './manifest.ts';

export const ticket: RoleOf<typeof manifest, 'ticket'> = {
  async file(ticket, context) {
    const call = openZendesk(context);
    const name = nameOf(ticket.externalId);
    const reference = `Reference: ${context.idempotencyKey}`;
    const solved = ticket.status === 'solved';

    // The list and not the search, whose index is minutes late.
    const { tickets } = read(Tickets, await call('GET', `/tickets?${new URLSearchParams({ external_id: name })}`));
    const cases = tickets.filter(({ external_id: theirs }) => theirs?.toLowerCase() === name.toLowerCase());
    const [newest] = cases.toSorted((a, b) => b.id - a.id);
    const made = cases.find(({ description }) => description?.includes(reference));
    const isDone = made ?? (solved && newest && OVER.has(newest.status) ? newest : undefined);
    if (isDone) return { vendorId: String(isDone.id) };

    const comment = { body: `${ticket.text}\n\n${reference}`, public: false };
    const ending = { status: 'solved', ...(!newest?.assignee_id && { assignee_email: context.secret.email }) };
    if (newest && newest.status !== 'closed') {
      // With it came whatever else there was to change.
      if (await saysSo(reference, newest.id, call)) return { vendorId: String(newest.id) };
      // Told late, of what is over: it is not opened again.
      const update = { ticket: { comment, ...(solved && ending) } };
      return idIn(await call('PUT', `/tickets/${newest.id}`, update));
    }
    const creating = openZendesk(context, { 'idempotency-key': context.idempotencyKey.slice(0, KEY_MAX) });
    return idIn(
      await creating('POST', '/tickets', {
        ticket: {
          subject: ticket.subject,
          comment,
          external_id: name,
          tags: [OUR_TAG],
          ...(context.settings.groupId && { group_id: context.settings.groupId }),
          ...requester(ticket, context),
          // What is closed takes no more words.
          ...(newest && { via_followup_source_id: newest.id }),
          ...(solved && ending),
        },
      }),
    );
  },
};

/** Nothing is solved twice. Closed follows by itself, days after solved. */
const OVER: ReadonlySet<string> = new Set(['solved', 'closed']);
const KEY_MAX = 255;

/** Zendesk knows people by their address; one with a number alone cannot be named here. */
function requester({ requester, memberId }: Ticket, { settings }: Pick<ZendeskContext, 'settings'>) {
  if (!settings.nameRequesters || !requester?.email) return {};
  return { requester: { email: requester.email, name: requester.name ?? `Member ${memberId}` } };
}

/** Whether this event stands there already, though the answer to it was lost: among the last hundred words. */
async function saysSo(reference: string, id: number, call: Call): Promise<boolean> {
  const query = new URLSearchParams({ sort: '-created_at', 'page[size]': '100' });
  const { comments } = read(Comments, await call('GET', `/tickets/${id}/comments?${query}`));
  return comments.some(({ body }) => body?.includes(reference));
}

const Comments = z.object({ comments: z.array(z.object({ body: z.string().nullish() })) });
const Tickets = z.object({
  tickets: z.array(
    z.object({
      id: z.int(),
      status: z.string(),
      external_id: z.string().nullish(),
      description: z.string().nullish(),
      assignee_id: z.int().nullish(),
    }),
  ),
});
const Made = z.object({ ticket: z.object({ id: z.int() }) });
const idIn = (answer: string) => ({ vendorId: String(read(Made, answer).ticket.id) });
