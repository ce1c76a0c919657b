import { readFileSync } from 'node:fs';

/** Git's commit-msg hook: Conventional Commits, so that the history can be read by topic. */

const [first = ''] = readFileSync(process.argv[2] ?? '', 'utf8').split('\n');
if (
  !/^(feat|fix|perf|refactor|test|docs|build|ci|chore|revert)(\([a-z0-9-]+\))?!?: \S.{0,90}$/.test(first) &&
  !first.startsWith('Merge ')
) {
  console.error(
    `"${first}" is not "type(scope): what it does", with a type such as feat, fix, perf, refactor, test, docs, build`,
  );
  process.exitCode = 1;
}
