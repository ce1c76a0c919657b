import type { Message } from '../../loyalty/events.ts';
import type { Context, RoleOf } from '../contract.ts';
import { Unknown } from '../kit/errors.ts';
import { sendgrid } from './api.ts';
import type manifest from './manifest.ts';

type Settings = Context<typeof manifest>['settings'];

const SUBJECT_MAX = 200;

export const channel: RoleOf<typeof manifest, 'channel'> = {
  async send(message, context) {
    // There is no idempotency key: whatever may have been sent is not sent again.
    const { status } = await sendgrid(context, {
      method: 'POST',
      path: '/v3/mail/send',
      body: mail(message, context.settings),
      repeatable: false,
    });
    if (status !== 202) throw new Unknown(`SendGrid answered ${status}, which is not how it takes an e-mail`);
    // By our own name for it: it comes back with all that is told of the message, SendGrid's does not.
    return { vendorId: message.id };
  },
};

/** One reader in each call, so that what happens to one e-mail is nobody else's business. */
function mail(message: Message, { from, replyTo, groups, templates, tracksReading }: Settings) {
  const { id, to, kind, purpose, text, html, unsubscribeUrl, values, locale } = message;
  const subject = subjectOf(message);
  const templateId = message.template?.name.startsWith('d-') ? message.template.name : templates[kind];
  const group = groups[purpose];
  return {
    personalizations: [
      {
        to: [{ email: to }],
        custom_args: { lid: id },
        ...(templateId && { dynamic_template_data: { ...values, text, subject, locale } }),
      },
    ],
    from,
    ...(replyTo && { reply_to: { email: replyTo } }),
    subject,
    ...(templateId
      ? { template_id: templateId }
      : {
          content: [{ type: 'text/plain', value: text }, ...(html ? [{ type: 'text/html', value: html }] : [])],
        }),
    categories: [kind],
    ...(group !== undefined && { asm: { group_id: group } }),
    // RFC 8058: the reader's own programme shows a button for it.
    ...(unsubscribeUrl && {
      headers: { 'List-Unsubscribe': `<${unsubscribeUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' },
    }),
    tracking_settings: {
      click_tracking: { enable: tracksReading, enable_text: false },
      open_tracking: { enable: tracksReading },
    },
  };
}

/** An answer to what a member wrote has no subject of its own. */
function subjectOf({ subject, text }: Message): string {
  const line = (subject ?? text).split('\n').find((each) => each.trim() !== '');
  return (line ?? '').trim().slice(0, SUBJECT_MAX);
}
