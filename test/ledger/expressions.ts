import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** DynamoDB's expressions, as far as the ledger and the stores beside it use them. Anything else throws. */

export type Item = Record<string, AttributeValue>;

export interface Words {
  readonly names?: Record<string, string> | undefined;
  readonly values?: Record<string, AttributeValue> | undefined;
}

const TOKEN = /\s*(>=|<=|<>|[=<>(),+-]|[#:]?[A-Za-z_][\w]*)/gy;

const known = new Map<string, readonly string[]>();

/** There are a few dozen expressions, each of which is asked of very many items. */
function tokensOf(expression: string): readonly string[] {
  const before = known.get(expression);
  if (before) return before;
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const match = TOKEN.exec(expression);
    if (!match?.[1]) throw new Error(`no such expression here: ${expression}`);
    tokens.push(match[1]);
  }
  known.set(expression, tokens);
  return tokens;
}

class Reader {
  private at = 0;
  private readonly tokens: readonly string[];
  private readonly item: Item;
  private readonly words: Words;

  constructor(expression: string, item: Item, words: Words) {
    this.tokens = tokensOf(expression);
    this.item = item;
    this.words = words;
  }

  get done(): boolean {
    return this.at >= this.tokens.length;
  }

  peek = (): string => this.tokens[this.at] ?? '';
  next(): string {
    this.at += 1;
    return this.tokens[this.at - 1] ?? '';
  }
  take(token: string): boolean {
    const is = this.peek().toUpperCase() === token;
    if (is) this.at += 1;
    return is;
  }
  must(token: string): void {
    if (!this.take(token)) throw new Error(`expected ${token}, found ${this.peek()}`);
  }

  name(): string {
    const token = this.next();
    return token.startsWith('#') ? (this.words.names?.[token] ?? '') : token;
  }

  value(): AttributeValue | undefined {
    if (this.peek().startsWith(':')) return this.words.values?.[this.next()];
    if (this.peek() === 'if_not_exists') {
      this.next();
      this.must('(');
      const there = this.item[this.name()];
      this.must(',');
      const otherwise = this.value();
      this.must(')');
      return there ?? otherwise;
    }
    if (this.peek() === 'size') {
      this.next();
      this.must('(');
      const there = this.item[this.name()];
      this.must(')');
      if (there && there.SS === undefined) throw new Error('size() is known of sets of text only');
      return there && { N: String(there.SS?.length) };
    }
    return this.item[this.name()];
  }

  sum(): AttributeValue | undefined {
    let left = this.value();
    while (this.peek() === '+' || this.peek() === '-') {
      const sign = this.next() === '+' ? 1 : -1;
      const right = this.value();
      left = { N: String(Number(left?.N) + sign * Number(right?.N)) };
    }
    return left;
  }

  either(): boolean {
    let holds = this.both();
    while (this.take('OR')) holds = this.both() || holds;
    return holds;
  }

  private both(): boolean {
    let holds = this.one();
    while (this.take('AND')) holds = this.one() && holds;
    return holds;
  }

  private one(): boolean {
    if (this.take('NOT')) return !this.one();
    if (this.take('(')) {
      const holds = this.either();
      this.must(')');
      return holds;
    }
    if (this.peek() === 'attribute_not_exists' || this.peek() === 'attribute_exists') {
      const wanted = this.next() === 'attribute_exists';
      this.must('(');
      const there = this.item[this.name()] !== undefined;
      this.must(')');
      return there === wanted;
    }
    if (this.peek() === 'begins_with') {
      this.next();
      this.must('(');
      const text = this.value();
      this.must(',');
      const start = this.value();
      this.must(')');
      return text?.S?.startsWith(start?.S ?? '') ?? false;
    }
    if (this.peek() === 'contains') {
      this.next();
      this.must('(');
      const there = this.item[this.name()];
      this.must(',');
      const one = this.value();
      this.must(')');
      return there?.SS?.includes(one?.S ?? '') ?? false;
    }
    const [left, how, right] = [this.sum(), this.next(), this.sum()];
    if (how.toUpperCase() === 'BETWEEN') {
      this.must('AND');
      return compare(left, '>=', right) && compare(left, '<=', this.sum());
    }
    return compare(left, how, right);
  }
}

function compare(left: AttributeValue | undefined, how: string, right: AttributeValue | undefined): boolean {
  if (left === undefined || right === undefined) return how === '<>' && left !== right;
  const [a, b] =
    left.N !== undefined ? [Number(left.N), Number(right.N)] : [left.S ?? left.BOOL, right.S ?? right.BOOL];
  switch (how) {
    case '=':
      return a === b;
    case '<>':
      return a !== b;
    case '<':
      return (a as number) < (b as number);
    case '<=':
      return (a as number) <= (b as number);
    case '>':
      return (a as number) > (b as number);
    case '>=':
      return (a as number) >= (b as number);
    default:
      throw new Error(`no such comparison here: ${how}`);
  }
}

export const holds = (condition: string | undefined, item: Item | undefined, words: Words): boolean =>
  condition === undefined || new Reader(condition, item ?? {}, words).either();

/** To a number, or to a set of texts. */
const added = (there: AttributeValue | undefined, more: AttributeValue | undefined): AttributeValue =>
  more?.SS
    ? { SS: [...new Set([...(there?.SS ?? []), ...more.SS])] }
    : { N: String(Number(there?.N ?? 0) + Number(more?.N)) };

/** What an update makes of an item. */
export function updated(expression: string, item: Item, words: Words): Item {
  const reader = new Reader(expression, item, words);
  const result: Item = { ...item };
  let clause = '';
  while (!reader.done) {
    if (['SET', 'ADD', 'REMOVE'].includes(reader.peek().toUpperCase())) clause = reader.next().toUpperCase();
    const name = reader.name();
    if (clause === 'SET') {
      reader.must('=');
      const value = reader.sum();
      if (value === undefined) throw new Error(`${name} would be set to nothing`);
      result[name] = value;
    } else if (clause === 'ADD') result[name] = added(item[name], reader.value());
    else if (clause === 'REMOVE') delete result[name];
    else throw new Error(`no such update here: ${expression}`);
    reader.take(',');
  }
  return result;
}
