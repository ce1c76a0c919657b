import type { Manifest, SharedCode } from '../../connectors/contract.ts';
import type { LoyaltyEvent } from '../../loyalty/events.ts';
import { type Codes, isGiven } from '../codes.ts';

/** The code that came with a redeemed reward, for vendors that are shown codes, and only while it can be used. */
export function openSharedCodes({
  manifest: { shares },
  codes,
}: {
  manifest: Pick<Manifest, 'shares'>;
  codes: () => Pick<Codes, 'row'>;
}) {
  return {
    async of(event: LoyaltyEvent): Promise<SharedCode | undefined> {
      if (event.type !== 'reward.redeemed' || event.data.codeId === undefined || !shares?.includes('code'))
        return undefined;
      const row = await codes().row(event.data.codeId);
      if (!isGiven(row) || row.ended || !row.value) return undefined;
      const { code, value, validThrough } = row;
      return { code, value, validThrough };
    },
  };
}

export type SharedCodes = ReturnType<typeof openSharedCodes>;
