import * as z from 'zod';

/** How somebody is asked, and told. What is answered is not shown. */
export interface Asker {
  ask(prompt: string): Promise<string>;
  say(line: string): void;
}

interface Field {
  readonly name: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly description: string | undefined;
}

/** Takes away what is there, where it may be absent. */
const NOTHING = '-';

/** What a schema asks for, in its order. */
export function fieldsOf(schema: z.ZodObject): readonly Field[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, property]) => {
    const { type, description } = typeof property === 'object' ? property : {};
    return { name, isList: type === 'array', isRequired: required.includes(name), description };
  });
}

/**
 * Asks for each field of a secret until it is as the connector needs it; Enter keeps what is there. Throws when all of
 * it together is still not right, with the names of the fields and never with what is in them.
 */
export async function fillForm(
  schema: z.ZodObject,
  present: Readonly<Record<string, unknown>>,
  asker: Asker,
): Promise<Record<string, unknown>> {
  const filled: Record<string, unknown> = {};
  for (const field of fieldsOf(schema)) {
    asker.say(
      `\n${field.name}${field.isRequired ? '' : ' (optional)'}${field.description ? `: ${field.description}` : ''}`,
    );
    const value = field.isList
      ? await listOf(schema, field, present[field.name], asker)
      : await textOf(schema, field, present[field.name], asker);
    if (value !== undefined) filled[field.name] = value;
  }
  return checked(schema, filled);
}

/** The same for what was not asked for but handed over whole. */
export function checked(schema: z.ZodObject, value: unknown): Record<string, unknown> {
  const { error } = schema.safeParse(value);
  if (!error) return value as Record<string, unknown>;
  const faults = error.issues.map(({ path, message }) => `  ${path.join('.') || '(all of it)'}: ${message}`);
  throw new Error(`the secret is not as it should be:\n${[...new Set(faults)].join('\n')}`);
}

async function textOf(schema: z.ZodObject, field: Field, present: unknown, { ask, say }: Asker): Promise<unknown> {
  const hint = present !== undefined ? ' (Enter keeps it)' : field.isRequired ? '' : ' (Enter leaves it out)';
  for (;;) {
    const text = (await ask(`  ${field.name}${hint}: `)).trim();
    if (text === '' && (present !== undefined || !field.isRequired)) return present;
    if (text === NOTHING && !field.isRequired) return undefined;
    const faults = faultsOf(schema, field, text);
    if (faults.length === 0) return text;
    for (const fault of faults) say(`  ${fault}`);
  }
}

async function listOf(schema: z.ZodObject, field: Field, present: unknown, { ask, say }: Asker): Promise<unknown> {
  const values: string[] = [];
  for (;;) {
    const keeps = present !== undefined && values.length === 0;
    const hint = keeps ? ' (Enter keeps all that are there)' : ' (Enter: no more)';
    const text = (await ask(`  ${field.name} ${values.length + 1}${hint}: `)).trim();
    if (text === NOTHING && values.length === 0 && !field.isRequired) return undefined;
    if (text === '') {
      if (keeps) return present;
      if (values.length > 0) return values;
      if (!field.isRequired) return undefined;
      say('  at least one is needed');
      continue;
    }
    const at = values.length;
    const faults = faultsOf(schema, field, [...values, text], at);
    if (faults.length === 0) values.push(text);
    else for (const fault of faults) say(`  ${fault}`);
  }
}

/** What is wrong with this field alone; of a list, with one of its values. */
function faultsOf(schema: z.ZodObject, { name }: Field, value: unknown, at?: number): readonly string[] {
  const { error } = z.safeParse(schema.shape[name] as z.ZodType, value);
  return (error?.issues ?? []).filter(({ path }) => at === undefined || path[0] === at).map(({ message }) => message);
}
