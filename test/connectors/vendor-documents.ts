import type { ConnectorId } from '../../lib/connectors/manifests.ts';
import { withWhatWasLeftOut } from './fixtures/hubspot-api.ts';
import { unfolded } from './fixtures/salesforce-api.ts';
import { loosened as sendgrid } from './fixtures/sendgrid-document.ts';
import { withWhatWasLeftOut as squareDocument } from './fixtures/square-api.ts';
import { loosened as whatsapp } from './fixtures/whatsapp-document.ts';
import { completed as withTickets } from './fixtures/zendesk.ts';
import type { Call, OpenApi } from './openapi.ts';

/** What the vendor has written down about its API, by machine to be read. */
export interface Described {
  /** In `shared/vendor-specs`. */
  readonly documents: readonly string[];
  /** Where a document says less than the vendor's own pages, or contradicts itself: what is known beside it. */
  readonly completed?: Readonly<Record<string, (document: OpenApi) => OpenApi>>;
  /** The calls that a call is made of. */
  readonly unfolded?: (call: Call) => readonly Call[];
}

/** The extract holds what is done with cells. Google's own document has `spreadsheets.get`, with these parameters. */
function withSpreadsheets(document: OpenApi): OpenApi {
  const text = { schema: { type: 'string' } };
  return {
    ...document,
    paths: {
      ...document.paths,
      '/spreadsheets/{spreadsheetId}': {
        get: {
          parameters: [
            { name: 'spreadsheetId', in: 'path', required: true, ...text },
            { name: 'fields', in: 'query', ...text },
          ],
          responses: { 200: {} },
        },
      },
    },
  };
}

/** The extract holds tickets and users. Webhooks are in a document of their own at Zendesk, with these parameters. */
function withWebhooks(document: OpenApi): OpenApi {
  const paged = { name: 'page[size]', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } };
  const { paths } = document;
  return {
    ...document,
    paths: { ...paths, '/api/v2/webhooks': { get: { parameters: [paged], responses: { 200: {} } } } },
  };
}

/** What a connector's requests are held against; or why there is nothing. */
export const vendorDocuments: Readonly<Partial<Record<ConnectorId, Described | { readonly none: string }>>> = {
  freshdesk: { none: 'Freshdesk publishes none' },
  'google-sheets': { documents: ['google-sheets.json'], completed: { 'google-sheets.json': withSpreadsheets } },
  hubspot: { documents: ['hubspot.json'], completed: { 'hubspot.json': withWhatWasLeftOut } },
  salesforce: { documents: ['salesforce.json'], unfolded },
  sendgrid: {
    documents: [
      'sendgrid-mail.json',
      'sendgrid-contacts.json',
      'sendgrid-custom-fields.json',
      'sendgrid-suppressions.json',
      'sendgrid-webhooks.json',
    ],
    completed: { 'sendgrid-contacts.json': sendgrid },
  },
  shopify: { none: 'the Admin API is GraphQL, whose schema only a shop gives out' },
  slack: { none: 'an incoming webhook is an address that takes JSON' },
  square: {
    documents: ['square-commerce.json', 'square-loyalty.json'],
    completed: { 'square-commerce.json': squareDocument },
  },
  stripe: { none: 'of Stripe’s document only the examples of what it sends are at hand' },
  'twilio-sms': { documents: ['twilio-sms.json', 'twilio-messaging-services.json'] },
  typeform: { none: 'Typeform publishes none' },
  webhook: { none: 'the other side is the merchant’s own; the envelope is that of Standard Webhooks' },
  whatsapp: { documents: ['whatsapp.json'], completed: { 'whatsapp.json': whatsapp } },
  woocommerce: { none: 'a shop describes itself by what is installed in it' },
  zendesk: {
    documents: ['zendesk.json'],
    completed: { 'zendesk.json': (document) => withWebhooks(withTickets(document)) },
  },
};
