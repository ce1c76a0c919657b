import { Permanent } from './errors.ts';
import { type Asked, ask, classify, discard, type Failure, textOf } from './http.ts';

/** 404: what was asked for is not there. For some questions that is an answer. */
export class NotThere extends Permanent {
  override readonly name = 'NotThere';
}

/** `undefined` for what is not there. */
export async function orNothing<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NotThere) return undefined;
    throw error;
  }
}

export interface JsonApi {
  /** For staff: "Square". */
  readonly vendor: string;
  /** Paths are appended to it. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
  readonly now: Date;
  /** What the vendor's own words for a refusal mean; `undefined`: what its status says. */
  readonly meaningOf?: (status: number, text: string) => Failure | undefined;
}

export type Call = (method: string, path: string, body?: object) => Promise<string>;

/** One call after the other, where all at once would be more than the vendor takes in a second. */
export function inTurn(call: Call): Call {
  let last: Promise<unknown> = Promise.resolve();
  return (...asked) => {
    const mine = last.then(() => call(...asked));
    last = mine.catch(() => undefined);
    return mine;
  };
}

/**
 * Asks an API that speaks JSON: the text of the answer, for a schema to read, or one of the kit's failures. Only for what
 * may be done twice: reading, writing what is so already, and what carries an idempotency key.
 */
export function openJsonApi({ vendor, base, headers, fetch, now, meaningOf }: JsonApi): Call {
  const asked: Asked = { vendor, now, repeatable: true };
  return async (method, path, body) => {
    const response = await ask(
      fetch,
      `${base}${path}`,
      {
        method,
        headers: { accept: 'application/json', ...headers, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      },
      asked,
    );
    const failure = classify(response, asked);
    if (!failure) return textOf(response, asked);
    if (!meaningOf) await discard(response);
    const meaning = meaningOf?.(response.status, await response.text().catch(() => ''));
    throw meaning ?? (response.status === 404 ? new NotThere(failure.message) : failure);
  };
}
