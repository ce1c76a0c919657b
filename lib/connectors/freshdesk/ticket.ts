import type { Ticket } from '../../loyalty/events.ts';
import type { RoleOf } from '../contract.ts';
import { nameOf } from '../kit/support-desk.ts';
import { type FreshdeskContext, isOver, openFreshdesk, STATUS } from './api.ts';
import { findCase, openCase } from './cases.ts';
import type manifest from './manifest.ts';
import { html, saysSo } from './notes.ts';

export const ticket: RoleOf<typeof manifest, 'ticket'> = {
  async file(ticket, context) {
    const call = openFreshdesk(context);
    const name = nameOf(ticket.externalId);
    const reference = `Reference: ${context.idempotencyKey}`;
    const words = html(`${ticket.text}\n\n${reference}`);
    const solved = ticket.status === 'solved';

    const there = await findCase(name, call, context);
    if (!there) {
      const id = await openCase(
        {
          name,
          requester: requesterOf(ticket, context.settings),
          subject: ticket.subject,
          description: words,
          status: solved ? STATUS.resolved : STATUS.open,
        },
        call,
        context,
      );
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

function requesterOf(
  { requester, memberId }: Ticket,
  { nameRequesters, requesterEmail }: FreshdeskContext['settings'],
): object {
  if (!nameRequesters || !(requester?.email || requester?.phone)) return { email: requesterEmail };
  const name = requester.name ?? `Member ${memberId}`;
  return requester.email ? { email: requester.email, name } : { phone: requester.phone, name };
}
