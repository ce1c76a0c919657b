import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Role } from '../lib/connectors/contract.ts';

/**
 * `npm run new:connector -- acme source channel`: a folder with a manifest and a file for each role, a fixture, and a
 * place in the catalogues. It compiles and does nothing; the contract suite then names what is still to be written.
 */

interface Skeleton {
  /** What the file of the role holds. */
  readonly code: (id: string) => string;
  /** What the fixture needs so that it compiles. */
  readonly sample: string;
}

const speaking = (role: Role, method: string, given: string, answer: string) => ({
  code: (id: string) => `import type { RoleOf } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import type manifest from './manifest.ts';

export const ${role}: RoleOf<typeof manifest, '${role}'> = {
  async ${method}(_${given}, _context) {
    // Only through context.fetch: \`ask\` of kit/http.ts sorts what may fail.
    throw new Permanent('${id}: ${method} is not written yet');
  },
};
`,
  sample: `  ${role}: {
    ${answer}
    answer: { status: 200, body: '{}', contentType: 'application/json' },
    ${role === 'sink' ? "vendorIds: ['1']" : "vendorId: '1'"},
  },
`,
});

const SKELETONS: Readonly<Record<Role, Skeleton>> = {
  source: {
    code: (id) => `import * as z from 'zod';
import type { RoleOf } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { read } from '../kit/read.ts';
import { verifyHmac } from '../kit/webhook.ts';
import type manifest from './manifest.ts';

const Notice = z.object({ type: z.string() });

export const source: RoleOf<typeof manifest, 'source'> = {
  verify: (request, { secret }) =>
    verifyHmac(request, {
      keys: [secret.signingKey],
      signed: [request.body],
      signature: request.headers['x-signature'],
      algorithm: 'sha256',
      encoding: 'hex',
    }),

  translate(request) {
    if (read(Notice, request.body).type !== 'thing.happened') return [];
    throw new Permanent('${id}: translate is not written yet');
  },

  // \`subscribe\` and \`reconcile\`, where the vendor can be asked what it sends us and what has happened. The manifest
  // then says \`subscribes: true\` and \`reconcile: { everyMinutes: 60, overlapMinutes: 30, lookBackDays: 3 }\`.
};
`,
    sample: `  source: {
    now: new Date('2026-11-21T10:00:00Z'),
    proof: 'x-signature',
    send,
    deliveries: [{ hears: 'thing.happened', when: 'it happens', body: '{"type":"thing.happened"}', facts: [] }],
    otherTenant: send('{}', { key: 'the key of another account' }),
  },
`,
  },
  channel: speaking(
    'channel',
    'send',
    'message',
    `message: {
      id: 'm1.1.points.earned',
      channel: 'sms',
      to: '+15005550006',
      locale: 'en',
      kind: 'points.earned',
      purpose: 'transactional',
      text: 'A text.',
      values: {},
    },`,
  ),
  sink: speaking('sink', 'apply', 'told', 'told: [{ event }],'),
  alert: speaking('alert', 'raise', 'alert', "alert: { id: 'm1.1', title: 'A title', text: 'A text.', fields: [] },"),
  ticket: speaking(
    'ticket',
    'file',
    'ticket',
    "ticket: { externalId: 'd1', memberId: 'm1', subject: 'A subject', text: 'A text.', status: 'open' },",
  ),
};

const isRole = (text: string): text is Role => Object.hasOwn(SKELETONS, text);

const manifest = (id: string, roles: readonly Role[]) => `import * as z from 'zod';
import { defineManifest } from '../contract.ts';

export default defineManifest({
  id: '${id}',
  title: '${id}',
  roles: [${roles.map((role) => `'${role}'`).join(', ')}],${roles.includes('channel') ? "\n  channel: 'sms'," : ''}
  apiVersion: 'the version this is written against',${roles.includes('source') ? "\n  hears: ['thing.happened']," : ''}
  settings: z.strictObject({}),
  secret: z.object({ signingKey: z.string().min(16).describe('What it is, and where the vendor shows it.') }),
  limits: { concurrency: 2, timeoutSeconds: 10, batch: 1 },
});
`;

const index = (roles: readonly Role[]) => {
  const imports = [
    ...roles.map((role) => [`./${role}.ts`, `import { ${role} } from './${role}.ts';`] as const),
    ['./manifest.ts', "import manifest from './manifest.ts';"] as const,
  ];
  return `import { defineConnector } from '../contract.ts';
${imports
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([, line]) => line)
  .join('\n')}

export default defineConnector(manifest, { ${roles.join(', ')} });
`;
};

const guide = (id: string) => `# Setting up ${id}

What it is for, in a sentence.

## At the vendor’s

1. What to click, in which order, and which field of the secret or of the settings each thing that is shown there goes to.

## What we send, and what we hear

## Limits, and what is not certain
`;

const fixture = (
  id: string,
  roles: readonly Role[],
) => `${roles.includes('source') ? "import { createHmac } from 'node:crypto';\n" : ''}import type manifest from '../../../lib/connectors/${id}/manifest.ts';
import type { Fixture${roles.includes('source') ? ', Sent' : ''} } from '../fixture.ts';
${roles.includes('sink') ? "import { event } from './webhook.ts';\n" : ''}
const KEY = 'a-key-for-tests-only';
${
  roles.includes('source')
    ? `
/** As the vendor would send it. */
function send(body: string, { headers, key = KEY }: Sent = {}) {
  return {
    method: 'POST',
    url: 'https://api.example/webhooks/${id}',
    headers: { 'x-signature': createHmac('sha256', key).update(body).digest('hex'), ...headers },
    body: Buffer.from(body),
  };
}
`
    : ''
}
export const fixture: Fixture<typeof manifest> = {
  settings: {},
  secret: { signingKey: KEY },
${roles.map((role) => SKELETONS[role].sample).join('')}};
`;

const camel = (id: string) => id.replace(/-+(\w)/g, (_, letter: string) => letter.toUpperCase());
const key = (id: string) => (/^[a-z]\w*$/.test(id) ? id : `'${id}'`);

/** The three catalogues, as they have to be for these connectors. */
export const catalogues = (ids: readonly string[]): Readonly<Record<string, string>> => {
  const sorted = [...ids].sort();
  const entries = sorted.map((id) => (camel(id) === id ? id : `${key(id)}: ${camel(id)}`));
  // As the formatter would have it: on one line while it fits.
  const oneLine = `export const manifests = { ${entries.join(', ')} } as const;`;
  const manifests =
    oneLine.length <= 120
      ? oneLine
      : `export const manifests = {\n${entries.map((entry) => `  ${entry},\n`).join('')}} as const;`;
  return {
    'lib/connectors/manifests.ts': `${sorted.map((id) => `import ${camel(id)} from './${id}/manifest.ts';\n`).join('')}
/** Every connector there is, as data. */
${manifests}
export type ConnectorId = keyof typeof manifests;
`,
    'lib/connectors/index.ts': `import type { Connector } from './contract.ts';
import type { ConnectorId, manifests } from './manifests.ts';

/** The code of every connector, loaded when it is needed. A function's bundle holds one of them. */
export const connectors: {
  readonly [Id in ConnectorId]: () => Promise<{ default: Connector<(typeof manifests)[Id]> }>;
} = {
${sorted.map((id) => `  ${key(id)}: () => import('./${id}/index.ts'),\n`).join('')}};
`,
    'test/connectors/fixtures/index.ts': `import type { ConnectorId, manifests } from '../../../lib/connectors/manifests.ts';
import type { Fixture } from '../fixture.ts';
${sorted.map((id) => `import { fixture as ${camel(id)} } from './${id}.ts';\n`).join('')}
/** A sample of every role of every connector: one that is missing does not compile. */
export const fixtures: { readonly [Id in ConnectorId]: Fixture<(typeof manifests)[Id]> } = {
${entries.map((entry) => `  ${entry},\n`).join('')}};
`,
  };
};

/** The connectors that have a folder. */
export const connectorIds = (root: string): string[] =>
  readdirSync(join(root, 'lib/connectors'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'kit')
    .map((entry) => entry.name);

/** Writes it all; answers the paths. Throws `RangeError` when the words make no connector. */
export function newConnector(root: string, id: string, words: readonly string[]): string[] {
  if (!/^[a-z][a-z0-9-]{1,30}$/.test(id) || id === 'kit')
    throw new RangeError(`"${id}" cannot be a connector's id: lower-case letters, digits and hyphens`);
  const roles = [...new Set(words)].filter(isRole);
  const unknown = words.find((word) => !isRole(word));
  if (roles.length === 0 || unknown !== undefined) {
    throw new RangeError(
      `${unknown === undefined ? 'a connector has at least one role' : `"${unknown}" is no role`}: ${Object.keys(SKELETONS).join(', ')}`,
    );
  }
  if (existsSync(join(root, 'lib/connectors', id))) throw new RangeError(`lib/connectors/${id} is there already`);

  const files = {
    [`lib/connectors/${id}/manifest.ts`]: manifest(id, roles),
    ...Object.fromEntries(roles.map((role) => [`lib/connectors/${id}/${role}.ts`, SKELETONS[role].code(id)])),
    [`lib/connectors/${id}/index.ts`]: index(roles),
    [`lib/connectors/${id}/README.md`]: guide(id),
    [`test/connectors/fixtures/${id}.ts`]: fixture(id, roles),
    ...catalogues([...connectorIds(root), id]),
  };
  mkdirSync(join(root, 'lib/connectors', id));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  return Object.keys(files);
}

if (import.meta.main) {
  const [id = '', ...roles] = process.argv.slice(2);
  try {
    const root = dirname(dirname(fileURLToPath(import.meta.url)));
    for (const path of newConnector(root, id, roles)) console.log(path);
    console.log(`\nNow write what throws "not written yet", and run: npm run test:unit -- test/connectors`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(`${error.message}\nUsage: npm run new:connector -- <id> <role…>`);
    process.exitCode = 1;
  }
}
