import type { Context, Manifest } from '../../connectors/contract.ts';
import { Unauthorized } from '../../connectors/kit/errors.ts';
import { openContext } from '../connector-context.ts';

export type Vendor<M extends Manifest> = ReturnType<typeof openVendor<M>>;

/** The one way in which anything is said to a connector's vendor. */
export function openVendor<M extends Manifest>(manifest: M) {
  const { context, renewed } = openContext(manifest);
  return {
    /** Throws while the secret is not filled in: then nothing has been tried. */
    ready: (key: string): Promise<Context<M>> => context(key),

    /** A refused credential may have been replaced since it was read: once more with the new one. */
    async ask<Answer>(around: Context<M>, act: (around: Context<M>) => Promise<Answer>): Promise<Answer> {
      try {
        return await act(around);
      } catch (error) {
        const again = error instanceof Unauthorized ? await renewed(around) : undefined;
        if (!again) throw error;
        return act(again);
      }
    },
  };
}
