import type { EventType, ProgramEventType } from '../loyalty/events.ts';
import type { Manifest } from './contract.ts';
import { manifests } from './manifests.ts';

interface Used {
  readonly id: string;
  /** The events that it is told. */
  readonly on: readonly (EventType | ProgramEventType)[];
}

/** Of the merchant's connectors, those that write to members when that happens. */
export const channelsFor = (connectors: readonly Used[], event: EventType): readonly string[] =>
  connectors.filter(({ id, on }) => on.includes(event) && channelIds.has(id)).map(({ id }) => id);

const channelIds: ReadonlySet<string> = new Set(
  Object.values(manifests)
    .filter(({ roles }: Manifest) => roles.includes('channel'))
    .map(({ id }) => id),
);
