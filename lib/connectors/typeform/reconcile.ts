import * as z from 'zod';
import type { Context, Found } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { found } from '../kit/facts.ts';
import { read, shape } from '../kit/read.ts';
import { openTypeform } from './api.ts';
import type manifest from './manifest.ts';
import { answered, Response } from './words.ts';

/** Answers can be long: a page of more might not be taken for an answer. */
const PAGE = 50;
/** Only what it takes to name it and to go on: each is read on its own. */
const Page = z.object({ items: z.array(z.looseObject({ token: z.string().min(1) })) });

/** What was answered since, form by form. `after` is the form's place and the last answer seen of it. */
export async function reconcile(since: Date, context: Context<typeof manifest>, after = '0:'): Promise<Found> {
  const [, place = '', last = ''] = /^(\d+):(.*)$/.exec(after) ?? [];
  const form = context.settings.forms[Number(place)];
  // The settings have changed since the look back began.
  if (!form) return { facts: [] };
  const query = new URLSearchParams({
    since: String(Math.floor(since.getTime() / 1_000)),
    page_size: String(PAGE),
    ...(last && { before: last }),
  });
  const { items } = read(Page, await openTypeform(context)('GET', `/forms/${form.id}/responses?${query}`));
  const oldest = items.at(-1)?.token;
  if (oldest !== undefined && oldest === last) throw new Permanent('Typeform answered the same page again');
  const next =
    items.length === PAGE
      ? `${place}:${oldest}`
      : Number(place) + 1 < context.settings.forms.length
        ? `${Number(place) + 1}:`
        : undefined;
  return {
    ...(await found(
      items,
      (item) => answered(form.id, shape(Response, item), context),
      ({ token }) => `the answer ${token} to the form ${form.id}`,
    )),
    ...(next !== undefined && { next }),
  };
}
