import type { Manifest } from '../connectors/contract.ts';
import { manifests } from '../connectors/manifests.ts';
import type { EventType } from '../loyalty/events.ts';
import type { DeployedMerchant } from './config.ts';

/** Connectors that write to members when that happens. */
export const channelsFor = (
  { connectors }: Pick<DeployedMerchant, 'connectors'>,
  event: EventType,
): readonly string[] => connectors.filter(({ id, on }) => on.includes(event) && channelIds.has(id)).map(({ id }) => id);

const channelIds: ReadonlySet<string> = new Set(
  Object.values(manifests)
    .filter(({ roles }: Manifest) => roles.includes('channel'))
    .map(({ id }) => id),
);
