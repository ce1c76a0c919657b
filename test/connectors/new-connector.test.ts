import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { manifests } from '../../lib/connectors/manifests.ts';
import { connectorsDocs, guideOf } from '../../scripts/generate/connectors.ts';
import { catalogues, connectorIds, newConnector } from '../../scripts/new-connector.ts';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

describe('a new connector', () => {
  let root = '';
  let program: ts.Program | undefined;
  const ROLES = ['source', 'channel', 'sink', 'alert', 'ticket'];
  /** Beside which it comes; all of them would be compiled again with each part that is forgotten. */
  const NEIGHBOURS = ['slack', 'webhook'];
  const at = (path: string) => join(root, path);

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'new-connector-'));
    const files = readdirSync(join(repository, 'lib/connectors')).filter((name) => name.endsWith('.ts'));
    for (const path of [
      ...[...files, 'kit', ...NEIGHBOURS].map((name) => `lib/connectors/${name}`),
      'lib/loyalty',
      'test/connectors/fixture.ts',
      ...NEIGHBOURS.map((id) => `test/connectors/fixtures/${id}.ts`),
      'package.json',
      'tsconfig.json',
      'biome.json',
      '.gitignore',
    ]) {
      cpSync(join(repository, path), at(path), { recursive: true });
    }
    symlinkSync(join(repository, 'node_modules'), at('node_modules'), 'junction');
    newConnector(root, 'my-desk', ROLES);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** What tsc says about the catalogues and the new files. Unchanged sources are not read twice. */
  function complaints(): string[] {
    const { options } = ts.convertCompilerOptionsFromJson(
      ts.readConfigFile(at('tsconfig.json'), ts.sys.readFile).config.compilerOptions,
      root,
    );
    const entries = ['lib/connectors/index.ts', 'lib/connectors/manifests.ts', 'test/connectors/fixtures/index.ts'].map(
      at,
    );
    const sources = new Map(program?.getSourceFiles().map((file) => [file.fileName, file]));
    const host = ts.createCompilerHost(options);
    const read = host.getSourceFile.bind(host);
    host.getSourceFile = (name, ...rest) => {
      const known = sources.get(name);
      return known && known.text === ts.sys.readFile(name) ? known : read(name, ...rest);
    };
    const before = program;
    program = ts.createProgram(entries, options, host, before);
    const checked = program
      .getSourceFiles()
      .filter(({ fileName }) => entries.includes(fileName) || fileName.includes('my-desk'));
    return checked
      .flatMap((file) => [
        ...(program as ts.Program).getSyntacticDiagnostics(file),
        ...(program as ts.Program).getSemanticDiagnostics(file),
      ])
      .map((each) => ts.flattenDiagnosticMessageText(each.messageText, ' '));
  }

  it('has a file for each part, and a place in all three catalogues', () => {
    for (const part of ['manifest', 'index', ...ROLES])
      expect(existsSync(at(`lib/connectors/my-desk/${part}.ts`))).toBe(true);
    for (const [path, text] of Object.entries(catalogues(connectorIds(root)))) {
      expect(text).toContain('my-desk');
      expect(readFileSync(at(path), 'utf8')).toBe(text);
    }
  });

  it('compiles, and reads as the formatter wants it', () => {
    expect(complaints()).toEqual([]);
    const paths = ['lib/connectors', 'test/connectors'];
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(repository, 'node_modules/@biomejs/biome/bin/biome'),
        'check',
        '--error-on-warnings',
        '--vcs-enabled=false',
        ...paths,
      ],
      { cwd: root, encoding: 'utf8' },
    );
    expect(`${stdout}${stderr}`).toContain('Checked');
    expect(`${stdout}${stderr}`).not.toMatch(/lint\//);
  }, 60_000);

  it.each<[string, string, (text: string) => string]>([
    ['the code of a role', 'lib/connectors/my-desk/channel.ts', () => 'export {};\n'],
    ['a role in its index', 'lib/connectors/my-desk/index.ts', (text) => text.replace(', ticket }', ' }')],
    ['a role in its manifest', 'lib/connectors/my-desk/manifest.ts', (text) => text.replace(", 'sink'", '')],
    [
      'its line among the manifests',
      'lib/connectors/manifests.ts',
      (text) => text.replace(/.*my-desk'?: myDesk.*\n/, '').replace(/'my-desk': myDesk, /, ''),
    ],
    ['its line among the connectors', 'lib/connectors/index.ts', (text) => text.replace(/.*'my-desk'.*\n/, '')],
    [
      'its line among the fixtures',
      'test/connectors/fixtures/index.ts',
      (text) => text.replace(/ {2}'my-desk'.*\n/, ''),
    ],
    [
      'a sample of a role',
      'test/connectors/fixtures/my-desk.ts',
      (text) => text.replace(/ {2}alert: \{[\s\S]*?\n {2}\},\n/, ''),
    ],
  ])(
    'does not compile without %s',
    (_, path, forget) => {
      const whole = readFileSync(at(path), 'utf8');
      const less = forget(whole);
      expect(less).not.toBe(whole);
      writeFileSync(at(path), less);
      try {
        expect(complaints()).not.toEqual([]);
      } finally {
        writeFileSync(at(path), whole);
      }
    },
    60_000,
  );

  it.each<[string, string[], string]>([
    ['my-desk', ['sink'], 'is there already'],
    ['kit', ['sink'], 'cannot be'],
    ['../x', ['sink'], 'cannot be'],
    ['X', ['sink'], 'cannot be'],
    ['', ['sink'], 'cannot be'],
    ['other', [], 'at least one role'],
    ['other', ['sauce'], '"sauce" is no role'],
    ['other', ['sink', 'toString'], '"toString" is no role'],
  ])('%j with %j is refused, and nothing is written: %s', (id, roles, because) => {
    expect(() => newConnector(root, id, roles)).toThrow(because);
    expect(existsSync(at('lib/connectors/other'))).toBe(false);
  });
});

it('the catalogues are what the generator would write', () => {
  for (const [path, text] of Object.entries(catalogues(connectorIds(repository))))
    expect(readFileSync(join(repository, path), 'utf8')).toBe(text);
});

describe('the documents', () => {
  const there = (path: string) =>
    existsSync(join(repository, path)) ? readFileSync(join(repository, path), 'utf8') : undefined;
  const docs = new Map(connectorsDocs(there));

  it('name every connector, setting and secret', () => {
    const overview = docs.get('docs/connectors.md') ?? '';
    for (const { id, title, settings, secret } of Object.values(manifests)) {
      expect(overview).toContain(`[${title}](connectors/${id}.md)`);
      const page = docs.get(`docs/connectors/${id}.md`) ?? '';
      expect(page.split('\n')[0]).toBe(`# ${title}`);
      for (const name of [...Object.keys(settings.shape), ...Object.keys(secret.shape)])
        expect(page).toContain(`| \`${name}\` |`);
      // What a field holds is told by the schema; what it is for, only by a person.
      for (const field of [...Object.values(settings.shape), ...Object.values(secret.shape)])
        expect(field.description).toEqual(expect.any(String));
    }
    for (const text of docs.values()) expect(text).not.toMatch(/undefined|\[object|NaN/);
  });

  it.each(Object.keys(manifests))('say how to set up %s, in the words of its guide', (id) => {
    const guide = there(guideOf(id)) ?? '';
    expect(guide).toMatch(/^# \S/);
    const page = docs.get(`docs/connectors/${id}.md`) ?? '';
    // One title a page, and that is not the guide's.
    expect(page.replace(/^```[\s\S]*?^```/gm, '').match(/^# /gm)).toHaveLength(1);
    expect(page).toContain(guide.trim().split('\n').at(-1));
  });

  it.each([...docs])('%s links to what is there', (path, text) => {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g))
      expect([
        target,
        docs.has(join(dirname(path), target)) || existsSync(join(repository, dirname(path), target)),
      ]).toEqual([target, true]);
  });

  it('leave alone what is to be typed', () => {
    const guide = '# Setting up X\n\n```sh\n# a comment\n```\n\n## Then\n';
    const page = new Map(connectorsDocs((path) => (path === guideOf('slack') ? guide : undefined))).get(
      'docs/connectors/slack.md',
    );
    expect(page).toContain('\n## Guide\n\n```sh\n# a comment\n```\n\n### Then\n');
  });
});
