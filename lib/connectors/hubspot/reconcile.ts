import * as z from 'zod';
import type { Context, Found } from '../contract.ts';
import { found } from '../kit/facts.ts';
import { read } from '../kit/read.ts';
import { DEALS, openHubSpot } from './api.ts';
import type manifest from './manifest.ts';
import { AT_ONCE, readDeals } from './read-back.ts';

const Deals = z.object({
  results: z.array(z.object({ id: z.string().regex(/^\d{1,20}$/) })),
  paging: z.object({ next: z.object({ after: z.string() }).optional() }).nullish(),
});

/** The deals that have changed since, won and lost: each looked up as a delivery would have it. */
export async function reconcile(since: Date, context: Context<typeof manifest>, after?: string): Promise<Found> {
  const call = openHubSpot(context);
  const { results, paging } = read(
    Deals,
    await call('POST', `${DEALS}/search`, {
      filterGroups: [
        { filters: [{ propertyName: 'hs_lastmodifieddate', operator: 'GTE', value: String(since.getTime()) }] },
      ],
      sorts: ['hs_lastmodifieddate'],
      properties: ['dealstage'],
      limit: AT_ONCE,
      after: after ?? '0',
    }),
  );
  const deals = await readDeals(
    results.map(({ id }) => id),
    { call, settings: context.settings },
  );
  return {
    ...(await found(
      deals,
      ({ facts }) => facts(),
      ({ id }) => id,
    )),
    ...(paging?.next && { next: paging.next.after }),
  };
}
