import { existsSync, readFileSync } from 'node:fs';

const folder = new URL('../../../shared/vendor-specs/', import.meta.url);

/**
 * Vendors' own documents lie beside the repository, not in it. Without them these tests have nothing to say: loud on a
 * desk, a failure in CI.
 */
export function vendorSpec<T>(name: string): T | undefined {
  const file = new URL(name, folder);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as T;
  const message = `SKIPPED: ${name} is not there; put the vendors' documents into ../shared/vendor-specs beside the repository`;
  if (process.env.CI) throw new Error(message);
  process.stderr.write(`\n${'!'.repeat(20)} ${message}\n\n`);
  return undefined;
}
