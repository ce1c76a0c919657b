import * as z from 'zod';
import { defineConnector } from '../contract.ts';
import { Unauthorized } from '../kit/errors.ts';
import { read } from '../kit/read.ts';
import { ACCOUNT, openHubSpot } from './api.ts';
import manifest from './manifest.ts';
import { sink } from './sink.ts';
import { source } from './source.ts';

const Account = z.object({ portalId: z.int(), companyCurrency: z.string(), timeZone: z.string() });

export default defineConnector(manifest, { sink, source }, async (context) => {
  const { portalId, companyCurrency, timeZone } = read(Account, await openHubSpot(context)('GET', ACCOUNT));
  const { settings } = context;
  if (String(portalId) !== settings.portalId)
    throw new Unauthorized(`the key is of account ${portalId}, and portalId says ${settings.portalId}`);
  const words = `HubSpot account ${portalId}, in ${companyCurrency} and ${timeZone}`;
  return companyCurrency === settings.currency ? words : `${words}; the setting currency says ${settings.currency}`;
});
