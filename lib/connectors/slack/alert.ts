import type { Alert } from '../../loyalty/events.ts';
import type { RoleOf } from '../contract.ts';
import { Gone, Permanent, Transient } from '../kit/errors.ts';
import { ask, classify, discard } from '../kit/http.ts';
import type manifest from './manifest.ts';

const HEADER_MAX = 150;
const TEXT_MAX = 3_000;
const FIELD_MAX = 2_000;
const FIELDS_A_SECTION = 10;
const BLOCKS_MAX = 50;

export const alert: RoleOf<typeof manifest, 'alert'> = {
  async raise(alert, { secret, fetch, now }) {
    // The same alert twice is a nuisance, and none is worse.
    const asked = { vendor: 'Slack', now, repeatable: true };
    const post = (message: object) =>
      ask(
        fetch,
        secret.webhookUrl,
        {
          method: 'POST',
          headers: { 'content-type': 'application/json; charset=utf-8' },
          body: JSON.stringify(message),
        },
        asked,
      );
    const plain = { text: cutTo(`${alert.title}: ${alert.text}`, TEXT_MAX), unfurl_links: false, unfurl_media: false };
    const response = await post({ ...plain, blocks: blocks(alert) });
    if (response.ok) {
      await discard(response);
      // Slack gives posted messages no name.
      return { vendorId: alert.id };
    }
    const because = await reason(response);
    if (response.status === 400) {
      // Our fault: staff get the bare words, and the alert is parked so that we get to see what was wrong with it.
      const fallback = await post(plain);
      await discard(fallback);
      const failure = classify(fallback, asked);
      // Busy or down just then: parked now, they would be heard by nobody.
      if (failure instanceof Transient) throw failure;
      throw new Permanent(
        `Slack refused our blocks${because}; ${fallback.ok ? 'sent as plain text' : 'plain text too'}`,
      );
    }
    if (response.status === 404 || response.status === 410)
      throw new Gone(`Slack answered ${response.status}${because}: the webhook or its channel is gone`);
    throw classify(response, asked);
  },
};

/** Errors are a word in plain text; anything longer is a page of somebody else's. */
async function reason(response: Response): Promise<string> {
  const text = (await response.text().catch(() => '')).trim();
  return /^[a-z_]{1,40}$/.test(text) ? ` (${text})` : '';
}

function blocks(alert: Alert): object[] {
  const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });
  const fields = alert.fields.map(({ name, value }) => {
    const label = `*${cutTo(name, 200)}*\n`;
    return mrkdwn(label + cutTo(value, FIELD_MAX - label.length));
  });
  const sections: object[] = [];
  for (let at = 0; at < fields.length; at += FIELDS_A_SECTION) {
    sections.push({ type: 'section', fields: fields.slice(at, at + FIELDS_A_SECTION) });
  }
  return [
    ...(alert.title ? [{ type: 'header', text: { type: 'plain_text', text: cutTo(alert.title, HEADER_MAX) } }] : []),
    ...(alert.text ? [{ type: 'section', text: mrkdwn(cutTo(alert.text, TEXT_MAX)) }] : []),
    ...sections.slice(0, BLOCKS_MAX - 3),
    // A retry may show it twice: this tells that it is the same.
    { type: 'context', elements: [mrkdwn(cutTo(alert.id, 250))] },
  ];
}

const ESCAPED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Escaped, so that nobody's name is a link or rings a channel; then cut to Slack's limit, never through an escape. */
function cutTo(text: string, limit: number): string {
  let fitted = '';
  let cut = '';
  for (const character of text) {
    const next = fitted + (ESCAPED[character] ?? character);
    if (next.length > limit) return `${cut}…`;
    if (next.length < limit) cut = next;
    fitted = next;
  }
  return fitted;
}
