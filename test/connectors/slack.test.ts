import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Gone, Permanent, Transient, Unauthorized } from '../../lib/connectors/kit/errors.ts';
import connector from '../../lib/connectors/slack/index.ts';
import type { Alert } from '../../lib/loyalty/events.ts';
import { contextOf } from './fixture.ts';
import { fixture } from './fixtures/slack.ts';

interface Text {
  readonly type: string;
  readonly text: string;
}
interface Block {
  readonly type: string;
  readonly text?: Text;
  readonly fields?: readonly Text[];
  readonly elements?: readonly Text[];
}
interface Posted {
  readonly text: string;
  readonly blocks?: readonly Block[];
  readonly unfurl_links: boolean;
}

/** An incoming webhook, with the limits that Slack writes about. */
function slack(
  first: { status: number; text?: string; headers?: Record<string, string> } = { status: 200, text: 'ok' },
  then = { status: 200, text: 'ok' },
) {
  const posted: Posted[] = [];
  const fetch: typeof globalThis.fetch = async (url, init) => {
    expect([String(url), new Headers(init?.headers).get('content-type')]).toEqual([
      fixture.secret.webhookUrl,
      'application/json; charset=utf-8',
    ]);
    const message = JSON.parse(String(init?.body)) as Posted;
    posted.push(message);
    const because = faults(message);
    if (because.length > 0)
      return new Response(`invalid_blocks ${because.join()}`, {
        status: 400,
        headers: { 'content-type': 'text/plain' },
      });
    const { status, text = '', headers } = { headers: {}, ...(posted.length === 1 ? first : then) };
    return new Response(text, { status, headers: { 'content-type': 'text/plain', ...headers } });
  };
  return { posted, fetch };
}

function faults({ text, blocks = [] }: Posted): string[] {
  const found: string[] = [];
  const within = (what: string, each: Text | undefined, limit: number) => {
    if (each && (each.text.length < 1 || each.text.length > limit)) found.push(`${what}: ${each.text.length}`);
    if (each && /[<>]|&(?!(amp|lt|gt);)/.test(each.text))
      found.push(`${what} is not escaped: ${each.text.slice(0, 80)}`);
  };
  if (!text) found.push('no_text');
  if (blocks.length > 50) found.push(`${blocks.length} blocks`);
  for (const block of blocks) {
    if (block.type === 'header') within('header', block.text, 150);
    else if (block.type === 'section') {
      if (!block.text && !block.fields?.length) found.push('an empty section');
      within('section', block.text, 3_000);
      if ((block.fields?.length ?? 0) > 10) found.push('fields');
      for (const field of block.fields ?? []) within('field', field, 2_000);
    } else if (block.type === 'context') for (const element of block.elements ?? []) within('context', element, 3_000);
    else found.push(block.type);
  }
  return found;
}

const raise = (fetch: typeof globalThis.fetch, change: Partial<Alert> = {}) =>
  connector.roles.alert.raise({ ...fixture.alert.alert, ...change }, contextOf(connector, fixture, { fetch }));
const failure = (fetch: typeof globalThis.fetch, change?: Partial<Alert>) =>
  raise(fetch, change).then(
    () => 'it worked',
    (error: unknown) => error,
  );

describe('an alert in Slack', () => {
  it('has a headline, a text, a table, its id, and words for the notification', async () => {
    const { posted, fetch } = slack();
    await raise(fetch);
    expect(posted).toEqual([
      {
        text: 'A large redemption: Somebody redeemed 500 points.',
        unfurl_links: false,
        unfurl_media: false,
        blocks: [
          { type: 'header', text: { type: 'plain_text', text: 'A large redemption' } },
          { type: 'section', text: { type: 'mrkdwn', text: 'Somebody redeemed 500 points.', verbatim: true } },
          {
            type: 'section',
            fields: [
              { type: 'mrkdwn', text: '*Member*\nm1', verbatim: true },
              { type: 'mrkdwn', text: '*Points*\n500', verbatim: true },
            ],
          },
          { type: 'context', elements: [{ type: 'mrkdwn', text: 'm1.9.points.redeemed', verbatim: true }] },
        ],
      },
    ]);
  });

  it('rings no channel and makes no link out of anybody’s name', async () => {
    const { posted, fetch } = slack();
    const name = '<!channel> & Co <https://evil.example|click>';
    await raise(fetch, { title: name, text: name, fields: [{ name, value: name }] });
    expect(JSON.stringify(posted)).not.toContain('<');
    expect(JSON.stringify(posted)).toContain('&lt;!channel&gt; &amp; Co');
  });

  it.each<[string, Partial<Alert>]>([
    [
      'long',
      {
        title: 'x'.repeat(500),
        text: 'y'.repeat(9_000),
        fields: [{ name: 'n'.repeat(900), value: 'v'.repeat(9_000) }],
      },
    ],
    [
      'long and full of escapes',
      {
        title: '<&>'.repeat(200),
        text: '&'.repeat(3_000),
        fields: [{ name: '<'.repeat(300), value: '>'.repeat(3_000) }],
      },
    ],
    [
      'long and full of pairs',
      { title: '💥'.repeat(149), text: '💥'.repeat(2_999), fields: [{ name: '💥', value: '💥'.repeat(1_999) }] },
    ],
    ['exactly at the limits', { title: 'x'.repeat(150), text: 'y'.repeat(3_000) }],
    [
      'a table of six hundred rows',
      { fields: Array.from({ length: 600 }, (_, index) => ({ name: `${index}`, value: 'x' })) },
    ],
    ['nothing but a title', { text: '', fields: [] }],
    ['nothing but a text', { title: '', fields: [] }],
  ])('fits, be it %s', async (_, change) => {
    const { posted, fetch } = slack();
    expect(await raise(fetch, change)).toEqual({ vendorId: 'm1.9.points.redeemed' });
    expect(posted.flatMap(faults)).toEqual([]);
    expect(JSON.stringify(posted).isWellFormed()).toBe(true);
  });

  it('is not cut where it just fits', async () => {
    const { posted, fetch } = slack();
    await raise(fetch, { title: 'x'.repeat(150) });
    expect(posted[0]?.blocks?.[0]?.text?.text).toBe('x'.repeat(150));
    await raise(fetch, { title: 'x'.repeat(151) });
    expect(posted[1]?.blocks?.[0]?.text?.text).toBe(`${'x'.repeat(149)}…`);
  });
});

describe('Slack answers', () => {
  it.each([
    [403, 'invalid_token', Unauthorized],
    [403, 'action_prohibited', Unauthorized],
    [404, 'no_service', Gone],
    [404, 'channel_not_found', Gone],
    [410, 'channel_is_archived', Gone],
    [500, 'rollup_error', Transient],
  ])('%d %s', async (status, text, kind) => {
    const { posted, fetch } = slack({ status, text });
    const error = await failure(fetch);
    expect(error).toBeInstanceOf(kind);
    expect(posted.length).toBe(1);
    if (kind === Gone) expect((error as Error).message).toContain(`(${text})`);
  });

  it('429: not before it says so', async () => {
    expect(await failure(slack({ status: 429, headers: { 'retry-after': '3' } }).fetch)).toMatchObject({
      name: 'Transient',
      retryAfterSeconds: 3,
    });
  });

  it('400: staff get the bare words once, and the alert is parked', async () => {
    const { posted, fetch } = slack({ status: 400, text: 'invalid_blocks' });
    const error = await failure(fetch);
    expect(error).toBeInstanceOf(Permanent);
    expect((error as Error).message).toBe('Slack refused our blocks (invalid_blocks); sent as plain text');
    expect(posted.map((message) => 'blocks' in message)).toEqual([true, false]);
    expect(
      (await failure(slack({ status: 400, text: 'no_text' }, { status: 400, text: 'no_text' }).fetch)) as Error,
    ).toMatchObject({
      message: 'Slack refused our blocks (no_text); plain text too',
    });
  });

  it('400, and is too busy for the bare words: both are tried again, lest nobody hears of it', async () => {
    const { posted, fetch } = slack({ status: 400, text: 'invalid_blocks' }, { status: 503, text: 'busy' });
    expect(await failure(fetch)).toBeInstanceOf(Transient);
    expect(posted).toHaveLength(2);
  });

  it('a page of somebody else’s: none of it is repeated', async () => {
    const error = await failure(slack({ status: 404, text: '<html>proxy for hooks.slack.com</html>' }).fetch);
    expect((error as Error).message).toBe('Slack answered 404: the webhook or its channel is gone');
  });
});

it('is told one thing a second, by all functions together: more it does not take for an address', () => {
  expect(connector.manifest.limits.perSecond).toBe(1);
});

it('the address is never shown, whatever goes wrong', async () => {
  for (const thrown of [
    new TypeError('fetch failed', {
      cause: Object.assign(new Error('getaddrinfo ENOTFOUND hooks.slack.com'), { code: 'ENOTFOUND' }),
    }),
    new DOMException('x', 'TimeoutError'),
  ]) {
    expect(
      inspect(
        await failure(async () => {
          throw thrown;
        }),
        { depth: 9 },
      ),
    ).not.toContain('/services/');
  }
});

it.each([
  'http://hooks.slack.com/services/x',
  'https://hooks.slack.com.evil.example/x',
  'https://evilslack.com/x',
  'https://example.com/',
])('%s is no address of Slack’s', (webhookUrl) => {
  expect(connector.manifest.secret.safeParse({ webhookUrl }).success).toBe(false);
});
