import type * as z from 'zod';
import type { Fault } from './problem.ts';

/** What is wrong with a request, field by field, with what to do about it. Values are not repeated: they may be personal. */
export const faultsOf = (error: z.ZodError): Fault[] => error.issues.flatMap((issue) => faultsIn(issue));

function faultsIn(issue: z.core.$ZodIssue): Fault[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key].join('.'),
      message: 'is not a field of this request: remove it, or check its spelling',
    }));
  }
  return [{ path: path.join('.') || '(body)', message: messageOf(issue) }];
}

function messageOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      // zod marks an absent field by its message alone: without `reportInput` an issue does not say what it got.
      return /received undefined$/.test(issue.message)
        ? `is missing: send ${WORDS[issue.expected] ?? `a ${issue.expected}`}`
        : `has the wrong type: send ${WORDS[issue.expected] ?? `a ${issue.expected}`}`;
    case 'invalid_value':
      return `is none of the allowed values: use ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_small':
      return `is too small: send ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${UNITS[issue.origin] ?? ''}`;
    case 'too_big':
      return `is too large: send ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${UNITS[issue.origin] ?? ''}`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? issue.message;
    default:
      return issue.message;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};
const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' items' };
const FORMATS: Readonly<Record<string, string>> = {
  datetime: 'is not a point in time: write it like "2026-03-31T14:05:00+02:00"',
  date: 'is not a date: write it like "2026-03-31"',
};
