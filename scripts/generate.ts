import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectorsDocs } from './generate/connectors.ts';
import { eventSchemas } from './generate/events.ts';
import { mailLayout } from './generate/mail.ts';
import { messagesDoc, repliesDoc } from './generate/messages.ts';
import { openApi } from './generate/openapi.ts';
import { programDoc, programSchema } from './generate/program.ts';
import { scaleDoc } from './generate/scale.ts';

/** Writes what is made from the code: `npm run generate`. With `--check` it only tells which files are not as they would be written. */

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const EVENTS = 'docs/events';
const CONNECTORS = 'docs/connectors';

const json = (value: object) => `${JSON.stringify(value, undefined, 2)}\n`;

const there = (file: string): string | undefined => {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch {
    return undefined;
  }
};

const wanted = new Map<string, string>([
  ['docs/openapi.json', json(openApi())],
  ...connectorsDocs(there),
  ['docs/program.md', programDoc()],
  ['docs/program.schema.json', json(programSchema())],
  ['docs/messages.md', messagesDoc(there('docs/messages.md') ?? '')],
  ['docs/replies.md', repliesDoc(there('docs/replies.md') ?? '')],
  ['docs/scale.md', scaleDoc(there('docs/scale.md') ?? '')],
  ['lib/runtime/messages/layout.ts', await mailLayout()],
  ...Object.entries(eventSchemas()).map(([name, schema]) => [join(EVENTS, `${name}.json`), json(schema)] as const),
]);

/** Nothing else lies in these. */
const left = [EVENTS, CONNECTORS].flatMap((folder) => {
  mkdirSync(join(root, folder), { recursive: true });
  return readdirSync(join(root, folder))
    .map((name) => join(folder, name))
    .filter((file) => !wanted.has(file));
});
const drifted = [...[...wanted].filter(([file, text]) => there(file) !== text).map(([file]) => file), ...left];

if (process.argv.includes('--check')) {
  if (drifted.length > 0) {
    console.error(drifted.map((file) => `${file} is not what the code says: run npm run generate`).join('\n'));
    process.exitCode = 1;
  }
} else {
  for (const [file, text] of wanted) writeFileSync(join(root, file), text);
  for (const file of left) rmSync(join(root, file));
  console.log(drifted.length === 0 ? 'nothing has changed' : drifted.join('\n'));
}
