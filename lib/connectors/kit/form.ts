/** Names and values of a form body, in the order sent; a name may stand several times. */
export type Form = ReadonlyMap<string, readonly string[]>;

export function readForm(body: Buffer): Form {
  const form = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(body.toString())) {
    const values = form.get(name);
    if (values) values.push(value);
    else form.set(name, [value]);
  }
  return form;
}

/** The first value of each name, for a schema to read. */
export const fields = (form: Form): Record<string, string | undefined> =>
  Object.fromEntries([...form].map(([name, [first]]) => [name, first]));
