import * as z from 'zod';
import type { Message } from '../../loyalty/events.ts';
import type { Context, RoleOf } from '../contract.ts';
import { NotNow, Permanent, Unknown } from '../kit/errors.ts';
import { graph } from './graph.ts';
import type manifest from './manifest.ts';

const TEXT_MAX = 4_096;
/** For so long after a person's last word free text is taken: 24 hours, less what it takes to get there. */
const WINDOW_MS = (24 * 60 - 5) * 60_000;

export const channel: RoleOf<typeof manifest, 'channel'> = {
  async send(message, context) {
    const { settings, now } = context;
    const content = contentOf(message, settings, now);
    // There is no idempotency key: whatever may have been sent is not sent again.
    const answer = await graph(context, `${settings.phoneNumberId}/messages`, {
      repeatable: false,
      body: {
        messaging_product: 'whatsapp',
        recipient_type: 'individual',
        ...addressee(message.to),
        ...content,
        // Comes back with what is told of the message, also where this answer never arrives.
        biz_opaque_callback_data: message.id,
      },
    });
    return { vendorId: nameIn(answer) };
  },
};

/** Free text while the person's window is open, which costs less; else a template that Meta has approved. */
function contentOf(
  { text, template, locale, heardAt }: Message,
  { languages }: Context<typeof manifest>['settings'],
  now: Date,
) {
  if (heardAt !== undefined && now.getTime() - Date.parse(heardAt) < WINDOW_MS) {
    if (text.length > TEXT_MAX) throw new Permanent(`the text is longer than ${TEXT_MAX} characters`);
    return { type: 'text', text: { body: text, preview_url: false } };
  }
  if (!template) throw new NotNow('the person has not written for 24 hours, and no template says it');
  return {
    type: 'template',
    template: {
      name: template.name,
      language: { code: languages[locale] ?? locale.replaceAll('-', '_'), policy: 'deterministic' },
      ...(template.values.length > 0 && { components: [{ type: 'body', parameters: template.values.map(parameter) }] }),
    },
  };
}

/** Templates take neither line breaks nor many spaces in what they are filled with, and nothing that is empty. */
const parameter = (value: string) => ({ type: 'text', text: value.replace(/\s+/g, ' ').trim() || '–' });

/** A number; or, of people who go by a name, the id that Meta gives them for this business, in a field of its own. */
const addressee = (to: string) => (/^\+\d+$/.test(to) ? { to: to.slice(1) } : { recipient: to });

const Sent = z.object({ messages: z.tuple([z.object({ id: z.string().min(1).max(150) })], z.unknown()) });

function nameIn(answer: string): string {
  try {
    return Sent.parse(JSON.parse(answer)).messages[0].id;
  } catch {
    // Neither the answer nor what is wrong with it: it repeats the number.
    throw new Unknown('WhatsApp took the message and did not say under which name');
  }
}
