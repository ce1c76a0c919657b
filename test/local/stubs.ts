import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Assembly, Resource } from '../../lib/local/template.ts';

/** A folder that is gone when the test file is done with it. */
export function scratch(): { readonly directory: string; remove(): void } {
  const directory = mkdtempSync(path.join(tmpdir(), 'stampbook-local-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }) };
}

/** A bundle as esbuild would leave it, of a few lines. */
export function bundle(directory: string, name: string, code: string): string {
  const folder = path.join(directory, 'bundles', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'index.js'), code);
  return folder;
}

export const resource = (type: string, physicalId: string, arn: string, properties: object = {}): Resource => ({
  logicalId: physicalId.replaceAll(/[^A-Za-z0-9]/g, ''),
  stack: 'stub',
  file: 'stub.template.json',
  type,
  properties: properties as Record<string, unknown>,
  physicalId,
  arn,
});

export const functionArn = (name: string) => `arn:aws:lambda:eu-central-1:000000000000:function:${name}`;

export const lambda = (name: string, directory: string, more: object = {}): Resource =>
  resource('AWS::Lambda::Function', name, functionArn(name), {
    Code: { directory },
    Handler: 'index.handler',
    Timeout: 5,
    MemorySize: 256,
    Environment: { Variables: { POWERTOOLS_SERVICE_NAME: name } },
    ...more,
  });

export const assemblyOf = (...resources: Resource[]): Assembly => ({
  stage: 'stub',
  directory: '',
  resources,
  outputs: {},
  ofType: (type) => resources.filter((one) => one.type === type),
  byArn: (arn) => resources.find((one) => one.arn === arn),
});
