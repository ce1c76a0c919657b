import * as z from 'zod';
import type { Manifest, Role } from '../../lib/connectors/contract.ts';
import { manifests } from '../../lib/connectors/manifests.ts';
import { bodies } from '../../lib/connectors/webhook/bodies.ts';

/** `docs/connectors.md`, made from the manifests. */

const ROLES: Readonly<Record<Role, string>> = {
  source: 'tells us what happened there',
  channel: 'reaches a member',
  sink: 'is told what happened here',
  alert: 'reaches the staff',
  ticket: 'opens a case with the support desk',
};

export function connectorsDoc(): string {
  const all: Manifest[] = Object.values(manifests);
  return `${[
    '# Connectors',
    'Made from the manifests by `npm run generate`; do not edit. How to add one: [CONTRIBUTING](../CONTRIBUTING.md).',
    "A merchant’s file names the connectors in use, `use('shopify', { shop: 'my-shop.myshopify.com' })`, with the settings that\nare checked when the stacks are synthesised. Secrets are filled in Secrets Manager, under `<merchant>/<connector>`; until\nthen a source refuses everything.",
    table(
      ['Connector', 'Roles', 'Written against'],
      all.map(({ id, title, roles, apiVersion }) => [`[${title}](#${id})`, roles.join(', '), code(apiVersion)]),
    ),
    ...all.flatMap(connector),
  ].join('\n\n')}\n`;
}

function connector(manifest: Manifest): string[] {
  const { id, title, roles, hears, channel, limits } = manifest;
  return [
    `## <a id="${id}"></a>${title}`,
    roles
      .map((role) => `**${role}**: ${ROLES[role]}${role === 'channel' && channel ? `, by ${channel}` : ''}`)
      .join(' · '),
    ...(hears
      ? [
          `Sends its webhooks to \`POST /webhooks/${id}\`. Subscribe to ${hears.map(code).join(', ')}; anything else is taken in and ignored.`,
        ]
      : []),
    ...tended(manifest),
    ...fieldTable('Setting', manifest.settings),
    ...fieldTable('Secret', manifest.secret),
    `At most ${limits.concurrency} at a time, ${limits.batch === 1 ? 'one by one' : `${limits.batch} in one go`}, given up after ${limits.timeoutSeconds} s.`,
    ...(id === 'webhook' ? inbound() : []),
  ];
}

/** What is done about it without anybody asking. */
function tended({ subscribes, reconcile }: Manifest): string[] {
  if (!subscribes && !reconcile) return [];
  const sees = subscribes ? ['every night, whether it sends us all of these'] : [];
  const asks = reconcile
    ? [
        `every ${reconcile.everyMinutes} minutes (\`reconcileEveryMinutes\` beside its settings chooses another interval), what has happened since; the first time ${reconcile.lookBackDays} days back`,
      ]
    : [];
  return [`It is asked ${[...sees, ...asks].join(', and ')}. A webhook that was lost is so made up for, once.`];
}

const EXAMPLE: z.input<(typeof bodies)['order.paid']> = {
  type: 'order.paid',
  id: 'evt-1001',
  timestamp: '2026-11-21T10:00:00Z',
  data: {
    customer: { id: 'c-7', email: 'ann@example.com', phone: '+4930901820' },
    order: { id: '1001', total: '12.34', net: '10.37', currency: 'EUR' },
    location: 'north',
  },
};

/** What any system may send to the webhook endpoint. */
function inbound(): string[] {
  return [
    '### What it understands',
    'JSON, signed as [Standard Webhooks](https://www.standardwebhooks.com) say, or with a static secret where the sender\ncannot sign. Amounts are decimal strings in major units.',
    `\`\`\`json\n${JSON.stringify(EXAMPLE, undefined, 2)}\n\`\`\``,
    ...Object.entries(bodies).flatMap(([type, schema]) => [`#### \`${type}\``, ...fieldTable('Field', schema)]),
  ];
}

interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

function fieldTable(heading: string, schema: z.ZodType): string[] {
  const rows = fields(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema);
  return rows.length > 0 ? [table([heading, 'Holds', 'Needed', ''], rows)] : [];
}

function fields({ properties = {}, required = [] }: JsonSchema, path = ''): string[][] {
  return Object.entries(properties).flatMap(([name, given]) => {
    // Nullable: the other half of the union says what it holds.
    const inner = given.anyOf?.find(({ type }) => type !== 'null') ?? given;
    const field = { ...inner, description: given.description ?? inner.description, default: given.default };
    const at = path + name;
    const needed = required.includes(name) && !given.anyOf;
    const row = [
      code(at),
      holds(field),
      needed ? 'yes' : field.default === undefined ? '' : `else ${code(JSON.stringify(field.default))}`,
      field.description ?? '',
    ];
    return [row, ...fields(field, `${at}.`), ...fields(field.items ?? {}, `${at}[].`)];
  });
}

function holds(field: JsonSchema): string {
  if (field.const !== undefined) return code(JSON.stringify(field.const));
  if (field.enum) return field.enum.map((each) => code(String(each))).join(', ');
  if (field.type === 'array') return `list of ${holds(field.items ?? {})}s`;
  if (field.format === 'uri') return 'URL';
  if (field.format === 'date-time') return 'RFC 3339 time';
  if (field.format === 'date') return 'date';
  if (field.type === 'string' && field.pattern?.startsWith('^\\d')) return 'decimal string';
  return { string: 'text', object: 'object', number: 'number', boolean: 'yes or no' }[field.type ?? ''] ?? 'value';
}

const code = (text: string) => `\`${text}\``;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`)
    .join('\n');
