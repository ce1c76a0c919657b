import type { EventType, ProgramEventType } from '../loyalty/events.ts';
import type { Way } from '../loyalty/planning.ts';
import type { Manifest } from './contract.ts';
import { type ConnectorId, manifests } from './manifests.ts';

interface Used {
  readonly id: string;
  /** The events that it is told. */
  readonly on: readonly (EventType | ProgramEventType)[];
}

/** Of the merchant's connectors, those that write to members when that happens. */
export const channelsFor = (connectors: readonly Used[], event: EventType): readonly string[] =>
  connectors.filter(({ id, on }) => on.includes(event) && channelIds.has(id)).map(({ id }) => id);

/** The ways to the merchant's members, in the order of its file. */
export const waysThrough = (connectors: readonly Used[]): readonly Way[] =>
  connectors
    .filter(({ id }) => channelIds.has(id))
    .map(({ id, on }) => {
      const { channel = 'chat' }: Manifest = manifests[id as ConnectorId];
      return { connector: id, channel, on: new Set(on) };
    });

const channelIds: ReadonlySet<string> = new Set(
  Object.values(manifests)
    .filter(({ roles }: Manifest) => roles.includes('channel'))
    .map(({ id }) => id),
);
