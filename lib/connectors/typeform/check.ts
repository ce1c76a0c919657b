import * as z from 'zod';
import type { Connector } from '../contract.ts';
import { read } from '../kit/read.ts';
import { openTypeform } from './api.ts';
import type manifest from './manifest.ts';

const Count = z.object({ total_items: z.int() });

/** Each form has to be there, and of this account. */
export const check: Connector<typeof manifest>['check'] = async (context) => {
  const typeform = openTypeform(context);
  const seen: string[] = [];
  for (const { id } of context.settings.forms) {
    const { total_items: count } = read(Count, await typeform('GET', `/forms/${id}/responses?page_size=1`));
    seen.push(`form ${id}, answered ${count} times`);
  }
  return seen.join('; ');
};
