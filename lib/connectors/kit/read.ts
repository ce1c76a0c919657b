import type * as z from 'zod';
import { Permanent } from './errors.ts';

/**
 * Reads JSON of a shape we know. Only what we use is named in the schema: an unknown field is none of our business, a
 * missing one is. Throws `Permanent` with the paths, never with the values.
 */
export function read<Schema extends z.ZodType>(schema: Schema, body: Buffer | string): z.output<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch (cause) {
    throw new Permanent('the body is not JSON', { cause });
  }
  return shape(schema, json);
}

/** The same for what is parsed already (a form, an answer). */
export function shape<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = parsed(schema, value);
  if (result.success) return result.data;
  const where = result.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || '(root)'}: ${issue.code}`);
  throw new Permanent(`not the shape we know: ${where.join('; ')}`);
}

/** Zod measures what is no text, too: a `length` that is an object makes it throw. */
function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown) {
  try {
    return schema.safeParse(value);
  } catch (cause) {
    throw cause instanceof TypeError ? new Permanent('not the shape we know', { cause }) : cause;
  }
}
