import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context as LambdaContext,
  SQSBatchResponse,
  SQSEvent,
} from 'aws-lambda';
import type { Connector, Context, Manifest, Roles } from '../lib/connectors/contract.ts';
import { Transient, Unauthorized, WebhookRejected } from '../lib/connectors/kit/errors.ts';
import { PartlyRead } from '../lib/connectors/kit/facts.ts';
import type { RawRequest, Reply, Verified } from '../lib/connectors/kit/webhook.ts';
import { Fact } from '../lib/loyalty/facts.ts';
import { setting } from '../lib/runtime/config.ts';
import { openContext } from '../lib/runtime/connector-context.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { openFactsQueue } from '../lib/runtime/facts-queue.ts';
import { kept, unkept } from '../lib/runtime/intake.ts';
import { count, log, publishCounts, reasonOf } from '../lib/runtime/log.ts';
import { park } from '../lib/runtime/parking.ts';
import { SecretUnset } from '../lib/runtime/secrets.ts';
import { openSigns } from '../lib/runtime/signs.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { worker } from '../lib/runtime/worker.ts';

const BODY_MAX_BYTES = 256 * 1024;
/** A vendor waits a few seconds for our answer: what it is asked meanwhile waits no longer for its turn. */
const PATIENCE_MS = 2_000;

/** Cannot be read now, and perhaps never: its reason, for staff. */
class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/**
 * Hears one vendor: proof, translation, queue. It is quick, since vendors wait no longer than a few seconds, and books
 * nothing itself. It never answers 3xx, 404 or 410, which vendors take as goodbye.
 */
export function receiver<M extends Manifest>(connector: Connector<M>) {
  const source = sourceOf(connector);
  const { context, another, renewed } = openContext(connector.manifest, { patienceMs: PATIENCE_MS });
  const signs = openSigns({ client: dynamodb, table: setting('TABLE_PROGRAM'), connector: connector.manifest.id });
  const factsQueue = openFactsQueue({ client: sqs, url: setting('QUEUE_FACTS_URL') });

  /** What a translation has to ask the vendor may be refused for a token that is not good any more: once more with another. */
  async function translated(request: Verified, around: Context<M>): Promise<readonly Fact[]> {
    try {
      return await source.translate(request, around);
    } catch (error) {
      const again = error instanceof Unauthorized ? await renewed(around) : undefined;
      if (!again) throw error;
      return source.translate(request, again);
    }
  }

  /** `Transient` and what SQS throws are for trying again; anything else that a translation throws is `Unreadable`. */
  async function pass(request: Verified, around: Context<M>): Promise<void> {
    let facts: readonly Fact[];
    let unreadable: Unreadable | undefined;
    try {
      facts = await translated(request, around);
    } catch (error) {
      if (error instanceof Transient) throw error;
      facts = error instanceof PartlyRead ? error.facts : [];
      const { name, message } = reasonOf(error);
      unreadable = new Unreadable(`${name}: ${message}`, { cause: error });
    }
    const wrong = facts.map((fact) => Fact.safeParse(fact).error).find((error) => error !== undefined);
    if (wrong)
      throw new Unreadable(
        `a fact has faults: ${wrong.issues.map(({ path, code }) => `${path.join('.')}: ${code}`).join('; ')}`,
      );
    if (facts.length > 0) await factsQueue.tell(facts);
    if (unreadable) throw unreadable;
  }

  async function proven(request: RawRequest): Promise<{ verified: Verified; around: Context<M> }> {
    const around = await context(`${connector.manifest.id}:webhook`);
    try {
      return { verified: await source.verify(request, around), around };
    } catch (error) {
      // The vendor may sign with a secret that is newer than ours.
      const again = error instanceof WebhookRejected ? await another(around) : undefined;
      if (!again) throw error;
      return { verified: await source.verify(request, again), around: again };
    }
  }

  async function hear(request: RawRequest): Promise<APIGatewayProxyStructuredResultV2 & { statusCode: number }> {
    if (request.body.length > BODY_MAX_BYTES) return { statusCode: 413 };
    let sender: Awaited<ReturnType<typeof proven>>;
    try {
      const challenge = source.handshake?.(request, await context(`${connector.manifest.id}:webhook`));
      if (challenge) return written(challenge);
      sender = await proven(request);
    } catch (error) {
      if (!(error instanceof WebhookRejected || error instanceof SecretUnset || isOurBug(error))) return later(error);
      // Fails closed: what could not be proven was not proven.
      count('SignatureRejected');
      log.warn('a delivery was refused', { reason: reasonOf(error) });
      return { statusCode: 401 };
    }
    try {
      await pass(sender.verified, sender.around);
    } catch (error) {
      if (!(error instanceof Unreadable)) return later(error);
      try {
        await parked(kept(sender.verified, new Date()), error);
      } catch (failure) {
        return later(failure);
      }
    }
    await signs.heard();
    return { statusCode: 200 };
  }

  const parked = (body: string, { message }: Unreadable) =>
    park({ client: sqs, url: setting('QUEUE_INTAKE_PARKED_URL') }, { body, reason: message });

  /** What was parked comes round again when staff send it. It was proven when it came. */
  const redriven = worker(async ({ body }) => {
    try {
      await pass(unkept(body), await context(`${connector.manifest.id}:webhook`));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      await parked(body, error);
    }
  });

  return async (
    event: APIGatewayProxyEventV2 | SQSEvent,
    lambda: LambdaContext,
  ): Promise<APIGatewayProxyStructuredResultV2 | SQSBatchResponse> => {
    if ('Records' in event) return redriven(event, lambda);
    const request = requestOf(event);
    const heard = await hear(request);
    const said = heard.body === undefined ? source.answer?.(request, heard.statusCode) : undefined;
    const answer = said ? written(said) : heard;
    log.info('heard', { status: answer.statusCode, requestId: event.requestContext.requestId });
    await publishCounts();
    return answer;
  };
}

function sourceOf<M extends Manifest>({ manifest, roles }: Connector<M>): Roles<Context<M>>['source'] {
  const { source } = roles as { source?: Roles<Context<M>>['source'] };
  if (!source) throw new Error(`${manifest.id} is no source`);
  return source;
}

/** The vendor keeps it and sends it again. */
function later(error: unknown) {
  log.error('a delivery could not be taken', { reason: reasonOf(error) });
  return { statusCode: 503, headers: { 'retry-after': '30' } };
}

/** `url` is what is registered with the vendor plus the query as it came: a Host header is anybody's. */
function requestOf({
  requestContext,
  rawQueryString,
  headers,
  body = '',
  isBase64Encoded,
}: APIGatewayProxyEventV2): RawRequest {
  return {
    method: requestContext.http.method,
    url: setting('HOOK_URL') + (rawQueryString ? `?${rawQueryString}` : ''),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
  };
}

const written = ({ status, body, contentType }: Reply) => ({
  statusCode: status,
  headers: { 'content-type': contentType, 'x-content-type-options': 'nosniff' },
  body,
});

/** A header of a shape that nobody thought of: no reason for the vendor to try again, and none to let it in. */
const isOurBug = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
