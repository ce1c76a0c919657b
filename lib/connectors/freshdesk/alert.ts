import type { RoleOf } from '../contract.ts';
import { NOBODY } from '../kit/people.ts';
import { nameOf } from '../kit/support-desk.ts';
import { openFreshdesk, STATUS } from './api.ts';
import { findCase, openCase } from './cases.ts';
import type manifest from './manifest.ts';
import { html, saysSo } from './notes.ts';

/**
 * A private note, which Freshdesk mails to those who are named. A reply would be mailed to the requester. All notes of a
 * day are on one ticket: nobody is to work on it, so that it is resolved from the first.
 */
export const alert: RoleOf<typeof manifest, 'alert'> = {
  async raise({ title, text, fields }, context) {
    const { notifyEmails, requesterEmail } = context.settings;
    if (!notifyEmails) return NOBODY;
    const call = openFreshdesk(context);
    const day = context.now.toISOString().slice(0, 10);
    const name = nameOf(`alerts:${day}`);
    const board = await findCase(name, call, context);
    const id =
      board?.id ??
      (await openCase(
        {
          name,
          requester: { email: requesterEmail },
          subject: `Stampbook, ${day}`,
          description: 'What staff were told on this day.',
          status: STATUS.resolved,
        },
        call,
        context,
      ));
    const reference = `Reference: ${context.idempotencyKey}`;
    const words = [title, '', text, '', ...fields.map(({ name, value }) => `${name}: ${value}`), '', reference];
    if (!board || !(await saysSo(reference, id, call)))
      await call('POST', `/tickets/${id}/notes`, {
        body: html(words.join('\n')),
        private: true,
        notify_emails: notifyEmails,
      });
    return { vendorId: String(id) };
  },
};
