import * as z from 'zod';
import type { Connector } from '../contract.ts';
import { read } from '../kit/read.ts';
import { openWooCommerce } from './api.ts';
import type manifest from './manifest.ts';

const Webhooks = z.array(z.object({ id: z.int() }));

/** Only who may administer the shop sees its webhooks, and only who does can set them up. */
export const check: Connector<typeof manifest>['check'] = async (context) => {
  const seen = read(Webhooks, await openWooCommerce(context)('GET', '/webhooks?per_page=100'));
  return `${context.settings.site}, ${seen.length} webhooks`;
};
