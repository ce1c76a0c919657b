import type { Merchant } from '../../merchants/merchant.ts';
import type { Manifest } from '../connectors/contract.ts';
import { type ConnectorId, manifests } from '../connectors/manifests.ts';

/** What every merchant runs, one file in `functions/` each. */
export const APP_FUNCTIONS = [
  'members',
  'sales',
  'activities',
  'redemptions',
  'rewards',
  'campaigns',
  'messages',
  'sharing',
  'unsubscribe',
  'staff',
  'accrue',
  'plan',
  'publish',
  'expire',
  'audit',
  'tally',
  'reports',
] as const;

/** A bundle's name. In a merchant's stage it also ends the function's. */
export type FunctionName = (typeof APP_FUNCTIONS)[number] | `${'receive' | 'deliver' | 'tend'}-${ConnectorId}`;

export type Use = Merchant['connectors'][number];

export const isSource = ({ id }: Use): boolean => (manifests[id] as Manifest).roles.includes('source');
/** Somebody sees to it that it tells us, or looks up what it told in vain. */
export const isTended = ({ id }: Use): boolean => {
  const { subscribes, reconcile }: Manifest = manifests[id];
  return subscribes === true || reconcile !== undefined;
};
/** It hears of events, which not every connector does that could; or members are answered through it. */
export const isTold = ({ id, on }: Use): boolean =>
  on.length > 0 || (manifests[id] as Manifest).roles.includes('channel');
export const receiverOf = ({ id }: Use) => `receive-${id}` as const;
export const delivererOf = ({ id }: Use) => `deliver-${id}` as const;
export const tenderOf = ({ id }: Use) => `tend-${id}` as const;

/** All of a merchant's functions. A connector that its file does not name has none. */
export const functionsOf = ({ connectors }: Pick<Merchant, 'connectors'>): readonly FunctionName[] => [
  ...APP_FUNCTIONS,
  ...connectors.filter(isSource).map(receiverOf),
  ...connectors.filter(isTold).map(delivererOf),
  ...connectors.filter(isTended).map(tenderOf),
];

/** Lambda takes no longer name; merchants are held to it before anything is built. */
export const PHYSICAL_NAME_MAX = 64;

export const physicalNameOf = (prefix: string, name: FunctionName): string => `${prefix}-${name}`;
