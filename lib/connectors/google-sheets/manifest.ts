import * as z from 'zod';
import { Currency } from '../../loyalty/money.ts';
import { defineManifest } from '../contract.ts';
import { decodeKey } from '../kit/standard-webhooks.ts';

const Tab = z.string().min(1).max(100);
const TOKEN_URL = 'https://oauth2.googleapis.com/token';

export default defineManifest({
  id: 'google-sheets',
  title: 'Google Sheets',
  roles: ['source', 'sink'],
  apiVersion: 'v4',
  hears: ['row.added'],
  shares: ['standing'],
  settings: z.strictObject({
    spreadsheetId: z
      .string()
      .regex(/^[\w-]{20,100}$/, 'what stands in the spreadsheet’s address between /d/ and /edit')
      .describe('What stands in the spreadsheet’s address between `/d/` and `/edit`. Rows of any other are refused.'),
    ledgerTab: Tab.default('Ledger').describe('The tab that gets a row for each event.'),
    membersTab: Tab.optional().describe('The tab that has a row for each member, with the balance. Absent: none.'),
    currency: Currency.optional().describe('Of amounts in rows that name none.'),
  }),
  secret: z.object({
    clientEmail: z.email().describe('`client_email` of the service account’s key.'),
    privateKey: z
      .string()
      .regex(
        /-----BEGIN (RSA )?PRIVATE KEY-----/,
        'a private key in PEM: private_key of the service account’s key file',
      )
      .describe('`private_key` of the same file.'),
    inboundKeys: z
      .array(
        z
          .string()
          .startsWith('whsec_')
          .refine((text) => decodeKey(text) !== undefined, 'whsec_ and base64 of 24 to 64 random bytes'),
      )
      .default([])
      .describe(
        'Standard Webhooks keys (`whsec_…`) that the script in the spreadsheet signs with. None: nothing is heard.',
      ),
  }),
  oauth: {
    grant: 'jwt_bearer',
    tokenUrl: TOKEN_URL,
    audience: TOKEN_URL,
    scope: 'https://www.googleapis.com/auth/spreadsheets',
    issuer: 'clientEmail',
  },
  limits: {
    // Rows that are appended by two at the same time overwrite one another.
    concurrency: 1,
    timeoutSeconds: 10,
    batch: 10,
    // Google allows a service account 60 writes a minute, and as many reads.
    perSecond: 1,
  },
});
