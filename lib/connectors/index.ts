import type { Connector } from './contract.ts';
import type { ConnectorId, manifests } from './manifests.ts';

/** The code of every connector, loaded when it is needed. A function's bundle holds one of them. */
export const connectors: {
  readonly [Id in ConnectorId]: () => Promise<{ default: Connector<(typeof manifests)[Id]> }>;
} = {
  freshdesk: () => import('./freshdesk/index.ts'),
  'google-sheets': () => import('./google-sheets/index.ts'),
  hubspot: () => import('./hubspot/index.ts'),
  salesforce: () => import('./salesforce/index.ts'),
  sendgrid: () => import('./sendgrid/index.ts'),
  shopify: () => import('./shopify/index.ts'),
  slack: () => import('./slack/index.ts'),
  square: () => import('./square/index.ts'),
  stripe: () => import('./stripe/index.ts'),
  'twilio-sms': () => import('./twilio-sms/index.ts'),
  typeform: () => import('./typeform/index.ts'),
  webhook: () => import('./webhook/index.ts'),
  whatsapp: () => import('./whatsapp/index.ts'),
  woocommerce: () => import('./woocommerce/index.ts'),
  zendesk: () => import('./zendesk/index.ts'),
};
