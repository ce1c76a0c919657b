import type * as z from 'zod';

/** What a vendor says of its refusal, where it says it in the way that we know; whatever else it sent says nothing. */
export function refusalIn<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
