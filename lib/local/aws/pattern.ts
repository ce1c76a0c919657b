/** Whether an event is one that a rule is for. */
export type Matches = (event: unknown) => boolean;

/**
 * An EventBridge pattern, as far as we use them: exact values, `prefix`, `anything-but` (also with a prefix), `numeric`
 * and `exists`. Throws on any other operator: a rule that matches differently here and there is worse than none.
 */
export function compilePattern(pattern: unknown): Matches {
  const fields = Object.entries(asObject(pattern));
  if (fields.length === 0) throw new Error('an event pattern must name at least one field');
  const tests = fields.map(([field, expected]) => {
    if (field.startsWith('$')) throw new Error(`the event pattern operator ${field} is not known to the local cloud`);
    if (!Array.isArray(expected)) {
      const inner = compilePattern(expected);
      // Of a list of objects, one that matches as a whole is enough.
      return (event: unknown) => spread(fieldOf(event, field)).some(inner);
    }
    if (expected.length === 0) throw new Error(`the event pattern has an empty list for ${field}`);
    const matchers = expected.map(compileMatcher);
    return (event: unknown) => {
      const leaves = leavesOf(fieldOf(event, field));
      return matchers.some((matcher) => matcher(leaves));
    };
  });
  return (event) => tests.every((test) => test(event));
}

type Leaf = string | number | boolean | null;
/** Sees all values of a field; none, when it is absent. */
type Matcher = (leaves: readonly Leaf[]) => boolean;

function compileMatcher(expected: unknown): Matcher {
  if (isLeaf(expected)) return (leaves) => leaves.includes(expected);
  const [[operator, argument] = [], ...others] = Object.entries(asObject(expected));
  if (operator === undefined || others.length > 0) throw unknownOperator(expected);
  switch (operator) {
    case 'exists':
      if (typeof argument !== 'boolean') throw unknownOperator(expected);
      return (leaves) => leaves.length > 0 === argument;
    case 'prefix': {
      const hasPrefix = startsWith(argument);
      return (leaves) => leaves.some(hasPrefix);
    }
    case 'numeric': {
      const inRange = compileNumeric(argument);
      return (leaves) => leaves.some((leaf) => typeof leaf === 'number' && inRange(leaf));
    }
    case 'anything-but': {
      const excluded = compileExcluded(argument);
      return (leaves) => leaves.some((leaf) => !excluded(leaf));
    }
    default:
      throw unknownOperator(expected);
  }
}

function startsWith(prefix: unknown): (leaf: Leaf) => boolean {
  if (typeof prefix !== 'string') throw unknownOperator({ prefix });
  return (leaf) => typeof leaf === 'string' && leaf.startsWith(prefix);
}

function compileExcluded(argument: unknown): (leaf: Leaf) => boolean {
  if (isLeaf(argument)) return (leaf) => leaf === argument;
  if (Array.isArray(argument) && argument.every(isLeaf)) return (leaf) => argument.includes(leaf);
  const [[operator, prefix] = [], ...others] = Object.entries(asObject(argument));
  if (operator !== 'prefix' || others.length > 0) throw unknownOperator({ 'anything-but': argument });
  return startsWith(prefix);
}

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/** `['>', 0, '<=', 5]`: all of them. */
function compileNumeric(argument: unknown): (value: number) => boolean {
  const parts = Array.isArray(argument) ? argument : [];
  const tests = Array.from({ length: Math.ceil(parts.length / 2) }, (_, index) => {
    const [operator, bound] = parts.slice(index * 2, index * 2 + 2);
    const compare = comparisons[String(operator)];
    if (compare === undefined || typeof bound !== 'number') throw unknownOperator({ numeric: argument });
    return (value: number) => compare(value, bound);
  });
  if (tests.length === 0) throw unknownOperator({ numeric: argument });
  return (value) => tests.every((test) => test(value));
}

const unknownOperator = (expected: unknown): Error =>
  new Error(`the event pattern operator ${JSON.stringify(expected)} is not known to the local cloud`);

const isLeaf = (value: unknown): value is Leaf =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw unknownOperator(value);
}

const fieldOf = (event: unknown, field: string): unknown =>
  typeof event === 'object' && event !== null && Object.hasOwn(event, field)
    ? (event as Record<string, unknown>)[field]
    : undefined;

const spread = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
/** An object or an empty list is no value. */
const leavesOf = (value: unknown): readonly Leaf[] => spread(value).filter(isLeaf);
