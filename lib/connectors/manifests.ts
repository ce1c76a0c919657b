import freshdesk from './freshdesk/manifest.ts';
import googleSheets from './google-sheets/manifest.ts';
import hubspot from './hubspot/manifest.ts';
import salesforce from './salesforce/manifest.ts';
import sendgrid from './sendgrid/manifest.ts';
import shopify from './shopify/manifest.ts';
import slack from './slack/manifest.ts';
import square from './square/manifest.ts';
import stripe from './stripe/manifest.ts';
import twilioSms from './twilio-sms/manifest.ts';
import typeform from './typeform/manifest.ts';
import webhook from './webhook/manifest.ts';
import whatsapp from './whatsapp/manifest.ts';
import woocommerce from './woocommerce/manifest.ts';
import zendesk from './zendesk/manifest.ts';

/** Every connector there is, as data. */
export const manifests = {
  freshdesk,
  'google-sheets': googleSheets,
  hubspot,
  salesforce,
  sendgrid,
  shopify,
  slack,
  square,
  stripe,
  'twilio-sms': twilioSms,
  typeform,
  webhook,
  whatsapp,
  woocommerce,
  zendesk,
} as const;
export type ConnectorId = keyof typeof manifests;
