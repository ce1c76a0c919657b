import * as z from 'zod';
import type { RoleOf } from '../contract.ts';
import { facts } from '../kit/facts.ts';
import { identities } from '../kit/identities.ts';
import { orNothing } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import { decisionIn, isOurs } from '../kit/support-desk.ts';
import { verifySecret } from '../kit/webhook.ts';
import { Filed, type FreshdeskContext, isOver, nameIn, openFreshdesk } from './api.ts';
import manifest from './manifest.ts';

const [RESOLVED] = manifest.hears;

export const source: RoleOf<typeof manifest, 'source'> = {
  verify: (request, { secret }) => verifySecret(request, request.headers['x-stampbook-secret'], secret.webhookSecrets),

  /** Nothing is signed, and the body is what somebody has typed into a rule: only the number counts, all else is looked up. */
  async translate(request, context) {
    const notice = read(Notice, request.body);
    if ('event' in notice && notice.event !== RESOLVED) return [];
    const id = 'event' in notice ? notice.ticket_id : notice.freshdesk_webhook.ticket_id;
    const ticket = await lookUp(id, context);
    if (!ticket || !isOver(ticket.status) || ticket.spam || ticket.deleted) return [];

    const filed = { name: nameIn(ticket, context), tags: ticket.tags };
    const { stats, requester } = ticket;
    const about = {
      source: 'freshdesk',
      occurredAt: stats?.resolved_at ?? stats?.closed_at ?? ticket.updated_at,
    } as const;
    if (isOurs(filed)) {
      const decision = decisionIn(filed);
      if (!decision) return [];
      return facts([
        { ...about, ...decision, type: 'dispute', factId: `freshdesk:ticket:${id}:decided`, identities: [] },
      ]);
    }
    const { earningTypes } = context.settings;
    if (earningTypes && !earningTypes.includes(ticket.type ?? '')) return [];
    return facts([
      {
        ...about,
        type: 'activity',
        activity: 'ticket-closed',
        // For life: tickets are opened again, and resolved again.
        factId: `freshdesk:ticket:${id}:resolved`,
        activityId: `ticket:${id}`,
        identities: identities([
          ['freshdesk', requester ? String(requester.id) : undefined],
          ['member', requester?.unique_external_id],
          ['email', requester?.email],
          ['phone', requester?.mobile],
          ['phone', requester?.phone],
        ]),
      },
    ]);
  },
};

async function lookUp(id: string, context: FreshdeskContext): Promise<z.output<typeof Ticket> | undefined> {
  const answer = await orNothing(openFreshdesk(context)('GET', `/tickets/${id}?include=requester,stats`));
  return answer === undefined ? undefined : read(Ticket, answer);
}

const Id = z.union([z.int().positive(), z.string().regex(/^[1-9]\d{0,17}$/)]).transform(String);
/** As our guide has it, or with the fields that the rule's simple editor puts together. */
const Notice = z.union([
  z.object({ event: z.string(), ticket_id: Id }),
  z.object({ freshdesk_webhook: z.object({ ticket_id: Id }) }),
]);

const Time = z.string().nullish();
const Text = z.string().nullish();
const Ticket = Filed.extend({
  type: Text,
  spam: z.boolean().nullish(),
  deleted: z.boolean().nullish(),
  updated_at: z.string(),
  stats: z.object({ resolved_at: Time, closed_at: Time }).nullish(),
  requester: z
    .object({ id: z.int().positive(), email: Text, phone: Text, mobile: Text, unique_external_id: Text })
    .nullish(),
});
