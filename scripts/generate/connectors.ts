import * as z from 'zod';
import type { Manifest, Role, Shared, Ways } from '../../lib/connectors/contract.ts';
import { manifests } from '../../lib/connectors/manifests.ts';
import { bodies } from '../../lib/connectors/webhook/bodies.ts';

/** `docs/connectors.md` and a page for each connector, made from the manifests and from what a person has written. */

const ROLES: Readonly<Record<Role, string>> = {
  source: 'tells us what happened there',
  channel: 'reaches a member',
  sink: 'is told what happened here',
  alert: 'reaches the staff',
  ticket: 'opens a case with the support desk',
};
const SHARED: Readonly<Record<Shared, string>> = {
  phone: 'phone number',
  email: 'e-mail address',
  name: 'name',
  locale: 'language',
  standing: 'points, tier and visits',
  code: 'the codes of redeemed rewards',
};

const pageOf = (id: string): string => `docs/connectors/${id}.md`;
/** Where the guide of a connector is written by hand. */
export const guideOf = (id: string): string => `lib/connectors/${id}/README.md`;

/** Every file that is made here. `guides`: what stands in a file, or nothing where there is none. */
export function connectorsDocs(guides: (path: string) => string | undefined): [path: string, text: string][] {
  const all: Manifest[] = Object.values(manifests);
  return [
    ['docs/connectors.md', overview(all)],
    ...all.map((manifest): [string, string] => [pageOf(manifest.id), page(manifest, guides(guideOf(manifest.id)))]),
  ];
}

function overview(all: readonly Manifest[]): string {
  return `${[
    '# Connectors',
    'Made from the manifests by `npm run generate`; do not edit. How to add one: [CONTRIBUTING](../CONTRIBUTING.md).',
    "A merchant’s file names the connectors in use, `use('shopify', { shop: 'my-shop.myshopify.com' })`, with the settings that\nare checked when the stacks are synthesised. Secrets are filled with `stampbook secret <connector>`, under\n`<merchant>/<connector>` in Secrets Manager; until then a source refuses everything. How to set one up, and what it can and\ncannot do, is on its page.",
    table(
      ['Connector', 'Roles', 'What of a member leaves for it', 'Written against'],
      all.map(({ id, title, roles, shares = [], apiVersion }) => [
        `[${title}](connectors/${id}.md)`,
        roles.join(', '),
        shares.map((shared) => SHARED[shared]).join(', '),
        code(apiVersion),
      ]),
    ),
    'What each role is:',
    Object.entries(ROLES)
      .map(([role, does]) => `- **${role}**: ${does}`)
      .join('\n'),
  ].join('\n\n')}\n`;
}

function page(manifest: Manifest, guide: string | undefined): string {
  const { id, title, roles, hears, channel, apiVersion } = manifest;
  return `${[
    `# ${title}`,
    `Made by \`npm run generate\` from the connector’s manifest and from [its guide](../../${guideOf(id)}); do not edit.`,
    roles
      .map((role) => `**${role}**: ${ROLES[role]}${role === 'channel' && channel ? `, by ${channel}` : ''}`)
      .join(' · '),
    `Written against \`${apiVersion}\`. In a merchant’s file it is \`use('${id}', …)\`.`,
    ...(hears
      ? [
          `Sends its webhooks to \`POST /webhooks/${id}\`. Subscribe to ${hears.map(code).join(', ')}; anything else is taken in and ignored.`,
        ]
      : []),
    ...tended(manifest),
    sharing(manifest),
    limiting(manifest),
    ...under('## Settings', fieldTable('Setting', manifest.settings)),
    ...under('## The secret’s fields', fieldTable('Field', manifest.secret)),
    ...(guide === undefined ? [] : ['## Guide', demoted(guide)]),
    ...(id === 'webhook' ? inbound() : []),
  ].join('\n\n')}\n`;
}

/** The guide without its title, below that of the page. A `#` in what is to be typed is no heading. */
function demoted(guide: string): string {
  let typed = false;
  return guide
    .trim()
    .replace(/^# .*\n+/, '')
    .split('\n')
    .map((line) => {
      if (line.trimStart().startsWith('```')) typed = !typed;
      return !typed && /^#{1,5} /.test(line) ? `#${line}` : line;
    })
    .join('\n');
}

const under = (heading: string, what: readonly string[]) => (what.length > 0 ? [heading, ...what] : []);

function sharing({ shares = [], roles }: Manifest): string {
  const told = shares.map((shared) => SHARED[shared]);
  const addressed = roles.includes('channel') ? ['the address that a message goes to, and its text'] : [];
  const all = [...addressed, ...told];
  if (all.length === 0 && roles.every((role) => role === 'source'))
    return 'Nothing of a member leaves for it: it is only listened to.';
  return `What of a member leaves for it: ${all.length > 0 ? all.join(', ') : 'nothing but our own id of him, and what happened to his points'}.`;
}

function limiting({ limits, oauth }: Manifest): string {
  const { concurrency, batch, timeoutSeconds, perSecond } = limits;
  return [
    `At most ${concurrency} at a time`,
    ...(perSecond === undefined
      ? []
      : [perSecond < 1 ? `once in ${Number((1 / perSecond).toFixed(1))} s` : `${perSecond} a second`]),
    batch === 1 ? 'one by one' : `${batch} in one go`,
    `given up after ${timeoutSeconds} s`,
  ]
    .join(', ')
    .concat(oauth ? `. Its token is got and renewed here, once for all (${grantsOf(oauth)}).` : '.');
}

const grantsOf = (ways: Ways): string =>
  ('grant' in ways ? [ways] : ways).map(({ grant }) => grant.replaceAll('_', ' ')).join(', or ');

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
    '## What it understands',
    'JSON, signed as [Standard Webhooks](https://www.standardwebhooks.com) say, or with a static secret where the sender\ncannot sign. Amounts are decimal strings in major units.',
    `\`\`\`json\n${JSON.stringify(EXAMPLE, undefined, 2)}\n\`\`\``,
    ...Object.entries(bodies).flatMap(([type, schema]) => [`### \`${type}\``, ...fieldTable('Field', schema)]),
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
