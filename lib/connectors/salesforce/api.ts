import * as z from 'zod';
import type { Context } from '../contract.ts';
import { Permanent, Transient, Unauthorized } from '../kit/errors.ts';
import type { Failure } from '../kit/http.ts';
import { type Call, openJsonApi } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';
import manifest from './manifest.ts';

export type Around = Context<typeof manifest>;

/** Salesforce has read it and says no. */
export class Refused extends Permanent {
  override readonly name = 'Refused';
  readonly codes: readonly string[];
  constructor(message: string, codes: readonly string[]) {
    super(message);
    this.codes = codes;
  }
}

const PATH = `/services/data/v${manifest.apiVersion}`;

/** What may be given a token: whoever answered for the vendor could name anybody else. */
const INSTANCE = /^https:\/\/([a-z0-9-]+\.)+salesforce\.com$/;

export async function openSalesforce({ settings, fetch, now, accessToken, tokenBase }: Around): Promise<Call> {
  const token = await accessToken();
  const instance = (await tokenBase()) ?? `https://${settings.host}`;
  if (!INSTANCE.test(instance)) throw new Unauthorized('Salesforce sent us to a host that is none of its own');
  return openJsonApi({
    vendor: 'Salesforce',
    base: instance + PATH,
    headers: { authorization: `Bearer ${token}` },
    fetch,
    now,
    meaningOf: (status, text) => {
      const errors = errorsIn(text);
      // Without a word of Salesforce's own, the status says it; a 403 of its own kind is not always about who we are.
      return errors.length > 0 ? failureOf(status, errors) : undefined;
    },
  });
}

// Its messages repeat what was sent; only words that cannot be anybody's are taken over.
const ErrorOf = z.object({
  errorCode: z.string().regex(/^[A-Z][A-Z_]{2,80}$/),
  fields: z.array(z.string().regex(/^[A-Za-z]\w{0,79}$/)).catch([]),
});
type ErrorOf = z.output<typeof ErrorOf>;

function errorsOf(body: unknown): ErrorOf[] {
  if (!Array.isArray(body)) return [];
  return body.flatMap((one) => ErrorOf.safeParse(one).data ?? []);
}

function errorsIn(text: string): ErrorOf[] {
  try {
    return errorsOf(JSON.parse(text));
  } catch {
    return [];
  }
}

/** Held by another change, or too many at once. */
const PASSING = new Set([
  'UNABLE_TO_LOCK_ROW',
  'SERVER_UNAVAILABLE',
  'REQUEST_RUNNING_TOO_LONG',
  'PROCESSING_HALTED',
  'QUERY_TIMEOUT',
]);
const REFUSES_US = new Set(['INVALID_SESSION_ID', 'API_DISABLED_FOR_ORG', 'INVALID_AUTH_HEADER']);
/** The day's calls are counted over a window that moves: some come back after minutes. */
const LIMIT_SECONDS = 900;

function failureOf(status: number, errors: readonly ErrorOf[]): Failure {
  const codes = errors.map(({ errorCode }) => errorCode);
  const fields = [...new Set(errors.flatMap((one) => one.fields))].slice(0, 5).join(', ');
  const words = codes.length > 0 ? codes.slice(0, 3).join(', ') : 'no reason is given';
  const message = `Salesforce answered ${status}: ${words}${fields && ` (${fields})`}`;
  if (codes.includes('REQUEST_LIMIT_EXCEEDED')) return new Transient(message, { retryAfterSeconds: LIMIT_SECONDS });
  if (status === 401 || codes.some((code) => REFUSES_US.has(code))) return new Unauthorized(message);
  if (status === 429 || status >= 500 || codes.some((code) => PASSING.has(code))) return new Transient(message);
  return new Refused(message, codes);
}

/** One of several requests that count as a single call. */
export interface Part {
  readonly method: 'GET' | 'PATCH';
  /** Below the version. */
  readonly path: string;
  readonly body?: object;
}

/** What became of one: its status and body. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** More are not taken in one call. */
const PARTS_MAX = 25;

const Composite = z.object({
  compositeResponse: z.array(z.object({ referenceId: z.string(), httpStatusCode: z.int(), body: z.unknown() })),
});

/** The answers in the order of the parts. One that fails keeps none of the others from being done. */
export async function together(parts: readonly Part[], call: Call): Promise<Answered[]> {
  const answers: Answered[] = [];
  for (let at = 0; at < parts.length; at += PARTS_MAX) {
    const some = parts.slice(at, at + PARTS_MAX);
    const compositeRequest = some.map(({ method, path, body }, index) => ({
      method,
      url: PATH + path,
      referenceId: `part${index}`,
      ...(body && { body }),
    }));
    const { compositeResponse } = read(
      Composite,
      await call('POST', '/composite', { allOrNone: false, compositeRequest }),
    );
    for (const { referenceId } of compositeRequest) {
      const answer = compositeResponse.find((one) => one.referenceId === referenceId);
      // It may have been done, and all that we ask for may be done twice.
      if (!answer) throw new Transient('Salesforce does not say what became of a part of the request');
      answers.push({ status: answer.httpStatusCode, body: answer.body });
    }
  }
  return answers;
}

export const isSuccess = ({ status }: Answered): boolean => status >= 200 && status < 300;

/** What it means that a part failed; nobody's session is refused in the middle, so it is thrown for all. */
export function failureIn({ status, body }: Answered): Failure {
  const failure = failureOf(status, errorsOf(body));
  if (failure instanceof Unauthorized) throw failure;
  // Somebody else has made it at the same time, perhaps we ourselves: the next try finds it.
  if (failure instanceof Refused && failure.codes.includes('DUPLICATE_VALUE')) return new Transient(failure.message);
  return failure;
}

const Records = z.object({ records: z.array(z.looseObject({})) });

/** Inside a composite request, so that what is looked for stands in a body and not in an address. */
export const query = (soql: string): Part => ({ method: 'GET', path: `/query?q=${encodeURIComponent(soql)}` });

export function recordsOf(answer: Answered): readonly Record<string, unknown>[] {
  if (!isSuccess(answer)) throw failureIn(answer);
  const records = Records.safeParse(answer.body).data?.records;
  if (!records) throw new Permanent('Salesforce answered a query in a shape that we do not know');
  return records;
}

export const oneOf = (values: readonly string[]): string =>
  `(${values.map((value) => `'${value.replace(/[\\']/g, '\\$&')}'`).join(', ')})`;
