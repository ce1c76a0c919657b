import * as z from 'zod';
import { events, programEvents } from '../../lib/loyalty/events.ts';
import { Fact } from '../../lib/loyalty/facts.ts';

/** `docs/events/*.json`: what we tell, and as `fact.*` what we understand. */
export function eventSchemas(): Record<string, object> {
  const told = Object.entries({ ...events, ...programEvents }).map(
    ([type, schema]) => [type, schemaOf(type, schema, 'output')] as const,
  );
  const understood = Fact.options.map((schema) => {
    const name = `fact.${schema.shape.type.value}`;
    return [name, schemaOf(name, schema, 'input')] as const;
  });
  return Object.fromEntries([...told, ...understood]);
}

const schemaOf = (title: string, schema: z.ZodType, io: 'input' | 'output'): object => ({
  ...z.toJSONSchema(schema, { io, unrepresentable: 'any' }),
  title,
});
