import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Assembly, loadAssembly } from '../../lib/local/template.ts';

export type Resources = Record<
  string,
  { Type: string; Properties?: Record<string, unknown>; [attribute: string]: unknown }
>;

export interface SmallStack {
  Resources: Resources;
  Outputs?: Record<string, unknown>;
  [section: string]: unknown;
}

/** A folder that is gone after `use`. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'stampbook-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes what `cdk synth` would, for one stage `shop` with these stacks, into `directory`. */
export function writeAssembly(directory: string, stacks: Record<string, SmallStack>): void {
  const stage = join(directory, 'assembly-shop');
  mkdirSync(stage, { recursive: true });
  const write = (folder: string, file: string, content: unknown) =>
    writeFileSync(join(folder, file), JSON.stringify(content));
  write(directory, 'manifest.json', {
    artifacts: {
      'assembly-shop': {
        type: 'cdk:cloud-assembly',
        displayName: 'shop',
        properties: { directoryName: 'assembly-shop' },
      },
      Tree: { type: 'cdk:tree' },
    },
  });
  const artifacts: Record<string, unknown> = {};
  for (const [name, template] of Object.entries(stacks)) {
    artifacts[name] = {
      type: 'aws:cloudformation:stack',
      properties: { templateFile: `${name}.template.json`, stackName: name },
    };
    artifacts[`${name}.assets`] = { type: 'cdk:asset-manifest', properties: { file: `${name}.assets.json` } };
    write(stage, `${name}.template.json`, template);
    write(stage, `${name}.assets.json`, {
      files: { abc: { source: { path: '../asset.abc' }, destinations: { here: { objectKey: 'abc.zip' } } } },
    });
  }
  write(stage, 'manifest.json', { artifacts });
}

/** Loads such an assembly and leaves nothing behind. */
export function smallAssembly(stacks: Record<string, SmallStack>, awsEndpoint = 'http://127.0.0.1:4011'): Assembly {
  const folder = temporaryFolder();
  try {
    writeAssembly(folder.path, stacks);
    return loadAssembly({ directory: folder.path, stage: 'shop', apiEndpoint: 'http://127.0.0.1:4010', awsEndpoint });
  } finally {
    folder.remove();
  }
}
