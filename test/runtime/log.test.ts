import { expect, it } from '@jest/globals';
import { reasonOf } from '../../lib/runtime/log.ts';

/** What is left of an error in the log. */
const logged = (error: unknown): string => JSON.stringify(reasonOf(error));

it.each([
  ['a parser quotes', () => JSON.parse('Grace Hopper bought a cake')],
  ['a parser quotes over several lines', () => JSON.parse('Grace\nHopper\nbought\na cake')],
])('a body that %s does not reach the log', (_, parse) => {
  try {
    parse();
    throw new Error('it was JSON');
  } catch (cause) {
    expect(logged(cause)).toContain('not valid JSON');
    expect(logged(cause) + logged(new Error('unreadable', { cause }))).not.toMatch(/Grace|Hopper|cake/);
  }
});

it('nor do the lines of a long message, by way of the stack', () => {
  const reason = reasonOf(new Error('first line\nGrace Hopper'));
  expect(reason.at).not.toContain('Grace');
  expect(reason.at).toContain('log.test.ts');
});
