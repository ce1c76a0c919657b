import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ConsentFact } from '../lib/loyalty/facts.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { openFactsQueue } from '../lib/runtime/facts-queue.ts';
import { log, publishCounts, reasonOf } from '../lib/runtime/log.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { type Unsubscription, unsubscribing } from '../lib/runtime/unsubscribe.ts';
import { PAGE_HEADERS, type Page, pageOf } from '../lib/runtime/unsubscribe-page.ts';

/**
 * Says no for whoever has the link of a message: no key, no login. GET shows a page that asks, since scanners of mail open
 * every link. POST does it at once, for a mail program too that never shows the page (RFC 8058).
 */
export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { requestId } = event.requestContext;
  const { status, page } = await answered(event).catch((error): Answered => {
    log.error('the request failed', { requestId, reason: reasonOf(error) });
    return { status: 500, page: { kind: 'failed' } };
  });
  log.info('answered', { route: event.routeKey, status, requestId });
  await publishCounts();
  const { name, locales } = merchant();
  const accepted = event.headers['accept-language'];
  return { statusCode: status, headers: PAGE_HEADERS, body: pageOf(page, { name, locales, accepted }) };
}

interface Answered {
  readonly status: number;
  readonly page: Page;
}

async function answered({
  requestContext,
  queryStringParameters = {},
  body = '',
  isBase64Encoded,
}: APIGatewayProxyEventV2): Promise<Answered> {
  const asked = await unsubscribing().read(queryStringParameters);
  if (!asked) return { status: 400, page: { kind: 'broken' } };
  if (requestContext.http.method !== 'POST') return { status: 200, page: { kind: 'ask', what: asked } };
  const form = new URLSearchParams(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8').toString());
  // On the page, a member may say no to more than the link does.
  const what = form.get('no') === 'all' ? { ...asked, purpose: undefined } : asked;
  await openFactsQueue({ client: sqs, url: setting('QUEUE_FACTS_URL') }).tell([factOf(what)]);
  return { status: 200, page: { kind: 'done', what } };
}

function factOf({ memberId, channel, purpose }: Unsubscription): ConsentFact {
  const occurredAt = new Date().toISOString();
  return {
    type: 'consent',
    factId: `unsubscribe:${memberId}:${channel}:${occurredAt}`,
    source: 'unsubscribe',
    occurredAt,
    identities: [{ type: 'member', value: memberId }],
    channel,
    ...(purpose && { purpose }),
    granted: false,
    proof: 'the link of a message',
  };
}
