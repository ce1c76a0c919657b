import type * as z from 'zod';
import type { Scope } from '../keyring.ts';

/** As API Gateway names it, and as the API's document does. */
export type RouteKey = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /v1/${string}`;

/** What one route takes, and whom it lets in. The handlers and the API's document are made from it. */
export interface Route<Schema extends z.ZodType = z.ZodType> {
  readonly key: RouteKey;
  readonly scope: Scope;
  /** Path, query and body in one: a field of the path wins over one of the body. */
  readonly input: Schema;
}

/** The schema is made when the route is first asked for: a function that starts has one caller waiting, at one route. */
export function route<Schema extends z.ZodType>(key: RouteKey, scope: Scope, input: () => Schema): Route<Schema> {
  let made: Schema | undefined;
  return {
    key,
    scope,
    get input() {
      made ??= input();
      return made;
    },
  };
}
