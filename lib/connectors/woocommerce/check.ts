import type { Connector } from '../contract.ts';
import { openWooCommerce, webhooksOf } from './api.ts';
import type manifest from './manifest.ts';

/** Only who may administer the shop sees its webhooks, and only who does can set them up. */
export const check: Connector<typeof manifest>['check'] = async (context) => {
  const seen = await webhooksOf(openWooCommerce(context));
  return `${context.settings.site}, ${seen.length} webhooks`;
};
