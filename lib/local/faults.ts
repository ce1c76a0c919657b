import * as z from 'zod';

/**
 * What can go wrong with a call to AWS, on demand:
 * - `conflict`: another transaction holds the item; nothing is applied. Writes to DynamoDB only.
 * - `throttle`, `error`: refused with 400 or 500; nothing is applied.
 * - `lost-reply`: applied, and then the connection breaks before the answer.
 * - `timeout`: nothing is applied and no answer comes, until the caller gives up.
 * - `kill`: the calling process dies at this call, before it is applied; `kill-after`: once it is applied.
 */
export const FaultKind = z.enum(['conflict', 'throttle', 'lost-reply', 'timeout', 'error', 'kill', 'kill-after']);
export type FaultKind = z.output<typeof FaultKind>;

/** Which calls are hit, and how many of them. What is left out matches everything. */
export const Fault = z
  .strictObject({
    /** The function's physical name, or its end: `accrue` hits `art-cafe-accrue`. */
    function: z.string().optional(),
    /** As in a SigV4 scope: `dynamodb`, `sqs`, `events`, `secretsmanager`, `scheduler`, `sns`. */
    service: z.string().optional(),
    /** As in the API: `TransactWriteItems`. */
    operation: z.string().optional(),
    kind: FaultKind,
    /** So many calls, then never again. */
    times: z.int().positive().optional(),
    /** Or this share of all calls, drawn from `seed`, until the faults are cleared. */
    percent: z.number().min(0).max(100).optional(),
    seed: z.int().default(1),
    /** Lets the first so many matching calls through. */
    after: z.int().nonnegative().default(0),
  })
  .refine((fault) => fault.times === undefined || fault.percent === undefined, 'either times or percent');
export type Fault = z.output<typeof Fault>;
export type FaultInput = z.input<typeof Fault>;

/** A call as faults see it. */
interface FaultyCall {
  readonly function?: string;
  readonly service: string;
  readonly operation: string;
}

export interface Faults {
  /** `times` is 1 when neither it nor `percent` is given. */
  add(fault: FaultInput): void;
  /** What is still to come. */
  list(): readonly Fault[];
  clear(): void;
  /** The fault that hits this call, if one does; uses it up. */
  take(call: FaultyCall): FaultKind | undefined;
}

const conflicting = new Set(['TransactWriteItems', 'PutItem', 'UpdateItem', 'DeleteItem']);

const canHit = (kind: FaultKind, call: FaultyCall): boolean =>
  kind === 'conflict' ? call.service === 'dynamodb' && conflicting.has(call.operation) : true;

const isCaller = (wanted: string, name: string | undefined): boolean =>
  name !== undefined && (name === wanted || name.endsWith(`-${wanted}`));

const matches = (fault: Fault, call: FaultyCall): boolean =>
  (fault.function === undefined || isCaller(fault.function, call.function)) &&
  (fault.service === undefined || fault.service === call.service) &&
  (fault.operation === undefined || fault.operation === call.operation) &&
  canHit(fault.kind, call);

/** mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Armed {
  readonly fault: Fault;
  readonly random: () => number;
  skip: number;
  left: number;
}

export function createFaults(): Faults {
  let armed: Armed[] = [];

  const hits = (one: Armed): boolean => {
    if (one.skip > 0) {
      one.skip -= 1;
      return false;
    }
    if (one.fault.percent !== undefined) return one.random() * 100 < one.fault.percent;
    one.left -= 1;
    return true;
  };

  return {
    add(input) {
      const fault = Fault.parse(input);
      const left = fault.percent === undefined ? (fault.times ?? 1) : Number.POSITIVE_INFINITY;
      armed.push({ fault, random: randomFrom(fault.seed), skip: fault.after, left });
    },
    list: () =>
      armed.map(({ fault, skip, left }) =>
        fault.percent === undefined ? { ...fault, after: skip, times: left } : { ...fault, after: skip },
      ),
    clear() {
      armed = [];
    },
    take(call) {
      const hit = armed.find((one) => matches(one.fault, call) && hits(one));
      if (hit?.left === 0) armed = armed.filter((one) => one !== hit);
      return hit?.fault.kind;
    },
  };
}
