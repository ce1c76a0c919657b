import * as z from 'zod';
import type { Connector } from '../contract.ts';
import { Unauthorized } from '../kit/errors.ts';
import { shape } from '../kit/read.ts';
import { openAdmin } from './admin.ts';
import type manifest from './manifest.ts';

/** Asks the shop for its name. */
export const check: Connector<typeof manifest>['check'] = async (context) => {
  const admin = await openAdmin(context);
  const { shop } = shape(Answer, await admin('query Shop { shop { name myshopifyDomain currencyCode } }', {}));
  if (shop.myshopifyDomain !== context.settings.shop)
    throw new Unauthorized(
      `the token is of ${shop.myshopifyDomain}, and the setting shop says ${context.settings.shop}`,
    );
  return `${shop.name} (${shop.myshopifyDomain}), in ${shop.currencyCode}`;
};

const Answer = z.object({
  shop: z.object({ name: z.string(), myshopifyDomain: z.string(), currencyCode: z.string() }),
});
