import * as z from 'zod';
import type { Call } from '../kit/json-api.ts';
import { read } from '../kit/read.ts';

/** Freshdesk takes HTML. Nothing that we say is any. */
export const html = (text: string): string => text.replace(/[&<>"\n]/g, (character) => ESCAPED[character] ?? character);

const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '<br>',
};

/** So many, the first ones, come along with the ticket. */
const ALONG = 10;
const PAGE = 100;
const PAGES_MAX = 10;

/** Whether this stands in a ticket already, though the answer to it was lost. */
export async function saysSo(reference: string, id: number, call: Call): Promise<boolean> {
  const says = (text: string | null | undefined): boolean => text?.includes(reference) ?? false;
  const { description_text: first, conversations } = read(
    Shown,
    await call('GET', `/tickets/${id}?include=conversations`),
  );
  if (says(first) || conversations.some(({ body_text: text }) => says(text))) return true;
  if (conversations.length < ALONG) return false;
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const notes = read(Notes, await call('GET', `/tickets/${id}/conversations?per_page=${PAGE}&page=${page}`));
    if (notes.some(({ body_text: text }) => says(text))) return true;
    if (notes.length < PAGE) return false;
  }
  return false;
}

const Text = z.string().nullish();
const Notes = z.array(z.object({ body_text: Text }));
const Shown = z.object({ description_text: Text, conversations: Notes.default([]) });
