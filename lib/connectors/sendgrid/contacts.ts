import * as z from 'zod';
import { Permanent, Transient } from '../kit/errors.ts';
import { read } from '../kit/read.ts';
import { type Around, sendgrid } from './api.ts';

/** What names a contact. All that one has must be said whenever it is written. */
const Contact = z.object({
  id: z.string().min(1),
  email: z.string().nullish(),
  alternate_emails: z.array(z.string()).nullish(),
  external_id: z.string().nullish(),
  phone_number_id: z.string().nullish(),
  anonymous_id: z.string().nullish(),
});
export type Contact = z.output<typeof Contact>;

const Found = z.object({ result: z.record(z.string(), z.object({ contact: Contact.optional() })) });
const Fields = z.object({ custom_fields: z.array(z.object({ id: z.string(), name: z.string() })).default([]) });
const Field = z.object({ id: z.string() });
const Job = z.object({ job_id: z.unknown() });

/** Up to 100 of them, by what they were asked for. */
export async function contactsBy(
  around: Around,
  type: 'email' | 'external_id',
  identifiers: readonly string[],
): Promise<ReadonlyMap<string, Contact>> {
  if (identifiers.length === 0) return new Map();
  const { status, text } = await sendgrid(around, {
    method: 'POST',
    path: `/v3/marketing/contacts/search/identifiers/${type}`,
    body: { identifiers },
    repeatable: true,
    mayBeMissing: true,
  });
  if (status === 404) return new Map();
  const found = Object.entries(read(Found, text).result);
  return new Map(found.flatMap(([asked, { contact }]) => (contact ? [[asked, contact] as const] : [])));
}

/** Asynchronous: they are gone some minutes later. */
export async function removeContacts(around: Around, ids: readonly string[]): Promise<string> {
  const path = `/v3/marketing/contacts?ids=${ids.map(encodeURIComponent).join(',')}`;
  const { text } = await sendgrid(around, { method: 'DELETE', path, repeatable: true });
  return jobIn(text);
}

/** The same, for one of the names of a contact that keeps another. */
export async function removeIdentifier(
  around: Around,
  { id }: Contact,
  identifier_type: 'EMAIL' | 'EXTERNALID',
  identifier_value: string,
): Promise<void> {
  const path = `/v3/marketing/contacts/${encodeURIComponent(id)}/identifiers`;
  await sendgrid(around, { method: 'DELETE', path, body: { identifier_type, identifier_value }, repeatable: true });
}

/** Asynchronous, too, and an upsert: nobody is there twice. */
export async function putContacts(around: Around, contacts: readonly object[]): Promise<string> {
  const listIds = around.settings.contacts?.listIds ?? [];
  const body = { ...(listIds.length > 0 && { list_ids: listIds }), contacts };
  const { text } = await sendgrid(around, { method: 'PUT', path: '/v3/marketing/contacts', body, repeatable: true });
  return jobIn(text);
}

/** The ids of our fields, by name; those that are missing are made. */
export async function fieldIds(
  around: Around,
  wanted: Readonly<Record<string, 'Text' | 'Number' | 'Date'>>,
): Promise<ReadonlyMap<string, string>> {
  const path = '/v3/marketing/field_definitions';
  const { text } = await sendgrid(around, { method: 'GET', path, repeatable: true });
  const ids = new Map(read(Fields, text).custom_fields.map(({ id, name }) => [name, id]));
  for (const [name, field_type] of Object.entries(wanted))
    if (!ids.has(name)) ids.set(name, await newField(around, name, field_type));
  return ids;
}

async function newField(around: Around, name: string, field_type: 'Text' | 'Number' | 'Date'): Promise<string> {
  try {
    const path = '/v3/marketing/field_definitions';
    const made = await sendgrid(around, { method: 'POST', path, body: { name, field_type }, repeatable: true });
    return read(Field, made.text).id;
  } catch (error) {
    if (!(error instanceof Permanent)) throw error;
    // Another worker was quicker: it is there the next time.
    throw new Transient(`SendGrid made no field ${name}: ${error.message}`, { cause: error });
  }
}

/** A text where it is one; SendGrid's own document is of two minds. */
function jobIn(text: string): string {
  const { job_id } = read(Job, text);
  return typeof job_id === 'string' && job_id !== '' ? job_id.slice(0, 200) : 'queued';
}
