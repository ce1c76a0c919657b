import type * as z from 'zod';
import type { Scope } from '../keyring.ts';

/** As API Gateway names it, and as the API's document does. */
export type RouteKey = `${'GET' | 'POST' | 'PATCH' | 'DELETE'} /v1/${string}`;

/** What one route takes, and whom it lets in. The handlers and the API's document are made from it. */
export interface Route<Schema extends z.ZodType = z.ZodType> {
  readonly key: RouteKey;
  readonly scope: Scope;
  /** Path, query and body in one: a field of the path wins over one of the body. */
  readonly input: Schema;
}

export const route = <Schema extends z.ZodType>(key: RouteKey, scope: Scope, input: Schema): Route<Schema> => ({
  key,
  scope,
  input,
});
