import type { Context, Manifest, Verdict } from '../../connectors/contract.ts';
import { NotYet, Permanent, Transient, Unauthorized, Unknown } from '../../connectors/kit/errors.ts';
import { openBreaker } from '../breakers.ts';
import { setting } from '../config.ts';
import { openContext } from '../connector-context.ts';
import { dynamodb } from '../dynamodb.ts';
import { reasonOf } from '../log.ts';
import { Crowded } from '../pace.ts';

export type Vendor<M extends Manifest> = ReturnType<typeof openVendor<M>>;

/** The vendor is taken to be down, which is no fault of what it was to be told: that waits, and loses no try by it. */
export class Down extends Transient {
  override readonly name = 'Down';
}

/** The one way in which anything is said to a connector's vendor. */
export function openVendor<M extends Manifest>(manifest: M) {
  const { context, renewed } = openContext(manifest);
  const { timeoutSeconds, batch } = manifest.limits;
  const breaker = openBreaker({
    client: dynamodb,
    table: setting('TABLE_PROGRAM'),
    connector: manifest.id,
    probeMs: (timeoutSeconds * batch * 2 + 10) * 1_000,
  });

  /** A refused credential may have been replaced since it was read: once more with the new one. */
  async function asked<Answer>(around: Context<M>, act: (around: Context<M>) => Promise<Answer>): Promise<Answer> {
    try {
      return await act(around);
    } catch (error) {
      const again = error instanceof Unauthorized ? await renewed(around) : undefined;
      if (!again) throw error;
      return act(again);
    }
  }

  const failed = (trouble: Trouble): Promise<boolean> =>
    breaker.failed(reasonOf(trouble).message, askedSeconds(trouble));

  async function judged(error: unknown): Promise<unknown> {
    if (isTrouble(error)) return (await failed(error)) ? asDown(error) : error;
    if (error instanceof Permanent || error instanceof Unauthorized) await breaker.answered();
    return error;
  }

  return {
    /** Throws while the secret is not filled in, and while the vendor is left alone: then nothing has been tried. */
    async whenReady<Answer>(key: string, act: (around: Context<M>) => Promise<Answer>): Promise<Answer> {
      const around = await context(key);
      const seconds = await breaker.waitSeconds(around);
      if (seconds > 0) throw new Down(`${manifest.title} is not tried for a while`, { retryAfterSeconds: seconds });
      try {
        return await act(around);
      } finally {
        await breaker.leave(around);
      }
    },

    async ask<Answer>(around: Context<M>, act: (around: Context<M>) => Promise<Answer>): Promise<Answer> {
      let answer: Answer;
      try {
        answer = await asked(around, act);
      } catch (error) {
        throw await judged(error);
      }
      await breaker.answered();
      return answer;
    },

    /** The same where each of several things has a verdict of its own: trouble with all of them is the vendor's. */
    async askOfEach(
      around: Context<M>,
      act: (around: Context<M>) => Promise<readonly Verdict[]>,
    ): Promise<readonly Verdict[]> {
      let verdicts: readonly Verdict[];
      try {
        verdicts = await asked(around, act);
      } catch (error) {
        throw await judged(error);
      }
      const [first] = verdicts;
      if (isTrouble(first) && verdicts.every(isTrouble))
        return (await failed(first)) ? verdicts.map((one) => (isTrouble(one) ? asDown(one) : one)) : verdicts;
      await breaker.answered();
      return verdicts;
    },
  };
}

type Trouble = Transient | Unknown;

/** Of the vendor's: not what we have refused ourselves, nor what takes its time there. */
const isTrouble = (error: unknown): error is Trouble =>
  error instanceof Unknown ||
  (error instanceof Transient && !(error instanceof Crowded || error instanceof Down || error instanceof NotYet));

const askedSeconds = (trouble: Trouble): number | undefined =>
  trouble instanceof Transient ? trouble.retryAfterSeconds : undefined;

/** What may have been done stays unknown, whoever's fault it was. */
const asDown = (trouble: Trouble): Trouble =>
  trouble instanceof Unknown
    ? trouble
    : new Down(trouble.message, { cause: trouble, retryAfterSeconds: askedSeconds(trouble) });
