import * as z from 'zod';
import { Program } from '../../lib/loyalty/program.ts';
import { sentenceOfCap, sentenceOfMultiplier, sentenceOfRule } from '../../lib/loyalty/sentences.ts';
import { EXAMPLES, type Example, WHOLE } from './program-examples.ts';

/** `docs/program.schema.json` and `docs/program.md`: all that a merchant can promise. */

export const programSchema = (): Schema => ({
  ...(z.toJSONSchema(Program, { io: 'input', unrepresentable: 'any' }) as Schema),
  title: 'Program',
});

export interface Schema {
  readonly [word: string]: unknown;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
}

/** What stands in several places and means the same in all of them is a section of its own. */
const SHARED: Readonly<Record<string, string>> = {
  when: 'when',
  expiry: 'expiry',
  pending: 'pending',
  perMember: 'limit',
  limit: 'limit',
  per: 'period',
};

/** Every field and every word that one may stand for, under the section it belongs to: `when: weekday`, `expiry: until`. */
export function wordsOf(schema: Schema): ReadonlySet<string> {
  const words = new Set<string>();
  const walk = (node: Schema, section: string) => {
    for (const [field, inner] of Object.entries(node.properties ?? {})) {
      words.add(`${section || field}: ${field}`);
      walk(inner, SHARED[field] ?? (section || field));
    }
    if (typeof node.const === 'string') words.add(`${section}: ${node.const}`);
    for (const word of node.enum ?? []) if (typeof word === 'string') words.add(`${section}: ${word}`);
    for (const inner of [...(node.oneOf ?? []), ...(node.anyOf ?? []), ...(node.items ? [node.items] : [])])
      walk(inner, section);
  };
  walk(schema, '');
  return words;
}

/** The same of what a program says. */
export function wordsIn(program: object): ReadonlySet<string> {
  const words = new Set<string>();
  const walk = (value: unknown, section: string) => {
    if (typeof value === 'string') words.add(`${section}: ${value}`);
    else if (Array.isArray(value)) for (const inner of value) walk(inner, section);
    else if (value !== null && typeof value === 'object')
      for (const [field, inner] of Object.entries(value)) {
        words.add(`${section || field}: ${field}`);
        walk(inner, SHARED[field] ?? (section || field));
      }
  };
  walk(program, '');
  return words;
}

export function programDoc(): string {
  return `${[
    '# The program',
    'Made from the schema and from examples that the tests carry out, by `npm run generate`; do not edit. The schema is\n[program.schema.json](program.schema.json). A program is checked before anything is built from it: whatever is wrong is named with its\nplace, its value and what to write instead.',
    'The smallest one:',
    typescript(WHOLE),
    'An example shows what stands beside that, or in its place, and what comes of it: one after the other, for one member.',
    ...EXAMPLES.flatMap(({ section, says, examples }) => [`## ${section}`, says, ...examples.flatMap(shown)]),
    '## Every field',
    '`[]` is each of a list, `=` a word that stands there as it is. What has no default and is not optional must be there.',
    table(
      ['Field', 'What it takes', 'If absent'],
      fieldsOf(programSchema()).map(({ path, takes, absent }) => [`\`${path}\``, takes, absent]),
    ),
  ].join('\n\n')}\n`;
}

function shown(example: Example): string[] {
  const sentences = sentencesOf(example);
  return [
    `### ${example.title}`,
    ...(example.says ? [example.says] : []),
    typescript(example.program),
    ...(sentences.length > 0 ? [sentences.map((sentence) => `> ${sentence}`).join('\n>\n')] : []),
    ...(example.happens.length > 0
      ? [
          table(
            ['What happens', 'What comes of it'],
            example.happens.map(({ says, comes }) => [says, comes]),
          ),
        ]
      : []),
  ];
}

/** As members and staff read it. */
function sentencesOf(example: Example): string[] {
  const program = Program.parse({ ...WHOLE, ...example.program });
  return [
    ...(example.program.rules ? program.rules.map((rule) => sentenceOfRule(rule, program)) : []),
    ...program.multipliers.map((multiplier) => sentenceOfMultiplier(multiplier, program)),
    ...program.caps.map(sentenceOfCap),
  ];
}

interface Field {
  readonly path: string;
  readonly takes: string;
  readonly absent: string;
}

function fieldsOf(schema: Schema, path = '', variant = ''): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    // The word that tells variants apart is in their paths.
    if (variant !== '' && typeof inner.const === 'string') return [];
    const here = path === '' ? name : `${path}.${name}`;
    const absent =
      inner.default !== undefined
        ? `\`${JSON.stringify(inner.default)}\``
        : schema.required?.includes(name)
          ? ''
          : 'optional';
    return [{ path: here, takes: takesOf(inner), absent }, ...inside(inner, here)];
  });
}

function inside(schema: Schema, path: string): Field[] {
  // The same words as a rule’s, and fewer of them.
  if (path === 'multipliers[].when') return [];
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return variants.flatMap((one) => fieldsOf(one, `${path}=${wordOf(one)}`, wordOf(one)));
  if (schema.items) return inside(schema.items, `${path}[]`);
  return fieldsOf(schema, path);
}

const wordOf = ({ properties = {} }: Schema): string =>
  String(Object.values(properties).find(({ const: word }) => typeof word === 'string')?.const ?? '');

function takesOf(schema: Schema): string {
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) return variants.map((one) => `\`${wordOf(one)}\``).join(', ');
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(', ');
  if (typeof schema.const === 'string') return `\`${schema.const}\``;
  switch (schema.type) {
    case 'array':
      return `list${bounds(schema.minItems, schema.maxItems)} of ${schema.items?.type === 'object' || schema.items?.oneOf ? 'these' : takesOf(schema.items ?? {})}`;
    case 'integer':
      return `whole number${bounds(schema.minimum ?? above(schema.exclusiveMinimum), schema.maximum)}`;
    case 'number':
      return 'number';
    case 'boolean':
      return '`true`, `false`';
    case 'object':
      return 'these';
    case 'string':
      return kindOfText(schema);
    default:
      return '';
  }
}

function kindOfText({ format, pattern }: Schema): string {
  if (format === 'date') return 'day, `2026-03-10`';
  if (pattern === AMOUNT) return 'amount, `12.34`';
  return pattern === TIME ? 'time, `16:30`' : 'text';
}

const AMOUNT = '^\\d{1,13}(\\.\\d+)?$';
const TIME = '^([01]\\d|2[0-3]):[0-5]\\d$';

const above = (limit: unknown): number | undefined => (typeof limit === 'number' ? limit + 1 : undefined);

function bounds(least: unknown, most: unknown): string {
  const shown = typeof most === 'number' && most < Number.MAX_SAFE_INTEGER ? most : undefined;
  if (least !== undefined && shown !== undefined) return ` (${least} to ${shown})`;
  if (least !== undefined) return ` (from ${least})`;
  return shown === undefined ? '' : ` (to ${shown})`;
}

const typescript = (program: object): string =>
  `\`\`\`ts\n${Object.entries(program)
    .map(([key, value]) => `${key}: ${literal(value)},`)
    .join('\n')}\n\`\`\``;

const WIDTH = 110;

/** As somebody would write it: on one line where it fits. */
function literal(value: unknown, indent = ''): string {
  if (value === null || typeof value !== 'object')
    return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : String(value);
  const list = Array.isArray(value);
  const more = `${indent}  `;
  const parts = list
    ? value.map((one) => literal(one, more))
    : Object.entries(value)
        .filter(([, inner]) => inner !== undefined)
        .map(([key, inner]) => `${key}: ${literal(inner, more)}`);
  const [open, close] = list ? ['[', ']'] : ['{ ', ' }'];
  const line = `${open}${parts.join(', ')}${close}`;
  if (line.length + indent.length <= WIDTH && !line.includes('\n')) return line;
  return `${open.trim()}\n${parts.map((part) => `${more}${part},`).join('\n')}\n${indent}${close.trim()}`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
