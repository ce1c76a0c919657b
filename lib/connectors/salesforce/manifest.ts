import * as z from 'zod';
import { Currency } from '../../loyalty/money.ts';
import { defineManifest } from '../contract.ts';

const Name = z.string().regex(/^[A-Za-z]\w{0,79}$/, 'an API name, such as "Loyalty_Points__c"');
/** `null`: there is no such field, and it is left out. */
const Field = Name.nullable();
const OrganizationId = /^00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$/;
const UserId = /^005[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$/;

const TOKEN_URL = 'https://{host}/services/oauth2/token';

const process = (name: string, parameter: string, journalType: string) =>
  z
    .strictObject({
      name: z.string().min(1).max(80).default(name).describe('The process’s own name in Salesforce.'),
      parameter: Name.default(parameter).describe('The parameter that takes the number of points.'),
      journalType: z.string().min(1).max(80).default(journalType),
    })
    .prefault({});

export default defineManifest({
  id: 'salesforce',
  title: 'Salesforce',
  roles: ['sink', 'source'],
  apiVersion: '67.0',
  hears: ['opportunity.won', 'opportunity.reopened', 'contact.changed'],
  shares: ['email', 'phone', 'name', 'standing'],
  settings: z.strictObject({
    host: z
      .string()
      .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*\.my\.salesforce\.com$/, 'My Domain’s host, such as "shop.my.salesforce.com"')
      .describe('My Domain’s own host, such as `shop.my.salesforce.com`.'),
    organizationId: z
      .string()
      .regex(OrganizationId, 'an organization’s id, such as "00D5g000000abcd"')
      .describe('The organization’s id (Setup › Company Information). Deliveries of any other are refused.'),
    currency: Currency.describe('The organization’s own currency: that of amounts that name none.'),
    signIn: z
      .enum(['login.salesforce.com', 'test.salesforce.com'])
      .default('login.salesforce.com')
      .describe('Whom a token by key is asked of: `test.salesforce.com` for a sandbox.'),
    record: z
      .strictObject({
        object: Name.default('Contact').describe(
          'Where a member’s standing is kept: `Contact`, or an object of your own.',
        ),
        key: Name.default('Loyalty_Member_Id__c').describe('Its text field for the member’s id: External ID, unique.'),
        fields: z
          .strictObject({
            points: Field.default('Loyalty_Points__c'),
            pending: Field.default('Loyalty_Points_Pending__c'),
            held: Field.default('Loyalty_Points_Held__c'),
            lifetime: Field.default('Loyalty_Points_Lifetime__c'),
            tier: Field.default('Loyalty_Tier__c'),
            visits: Field.default('Loyalty_Visits__c'),
            enrolledOn: Field.default('Loyalty_Enrolled_On__c'),
            nextExpiryOn: Field.default('Loyalty_Next_Expiry_On__c'),
            nextExpiryPoints: Field.default('Loyalty_Next_Expiry_Points__c'),
          })
          .prefault({})
          .describe('Which field holds what; `null` for what is not kept.'),
      })
      .prefault({})
      .describe('What of a member stands where.'),
    ledger: z
      .strictObject({
        object: Name.default('Loyalty_Points__c').describe('Your object for single entries.'),
        key: Name.default('Entry_Id__c').describe('Its text field for the entry’s id: External ID, unique.'),
        member: Name.default('Member__r').describe('The relationship’s name of its lookup to the member’s record.'),
        points: Name.default('Points__c'),
        balance: Name.default('Balance__c'),
        type: Name.default('Type__c'),
        occurredAt: Name.default('Occurred_At__c'),
      })
      .optional()
      .describe('A row for each entry that changes what a member can spend. Absent: none.'),
    loyaltyManagement: z
      .strictObject({
        program: z.string().min(1).max(80).describe('The loyalty program’s name in Salesforce.'),
        enrol: z.boolean().default(true).describe('Whether members are enrolled there when they are not yet.'),
        credit: process('CreditPointsToMembers', 'PointsToCredit', 'Accrual'),
        debit: process('DebitPointsFromMembers', 'PointsToDebit', 'Redemption'),
      })
      .optional()
      .describe('Journals in Loyalty Management, with the points that we have reckoned. Absent: none.'),
    opportunity: z
      .strictObject({
        memberId: Name.default('Loyalty_Member_Id__c'),
        email: Name.default('Contact_Email__c'),
        phone: Name.default('Contact_Phone__c'),
      })
      .prefault({})
      .describe('Outbound Messages only: formula fields of an opportunity that say whose it is.'),
    enrolContacts: z
      .boolean()
      .default(false)
      .describe(
        'Whether a contact that is no member becomes one. Otherwise only those with a member’s id are heard of.',
      ),
    integrationUserId: z
      .string()
      .regex(UserId, 'a user’s id, such as "0055g000000abcd"')
      .optional()
      .describe('The user that we run as: what it has changed itself is not heard of.'),
    onErasure: z
      .enum(['anonymise', 'unlink'])
      .default('anonymise')
      .describe(
        'When a member is erased: `anonymise` empties name, e-mail and phones of the contact, too; `unlink` only what we have written of points.',
      ),
  }),
  secret: z
    .object({
      clientId: z.string().min(10).describe('Consumer key of the External Client App.'),
      clientSecret: z.string().min(10).optional().describe('Its consumer secret; not needed with a key.'),
      username: z
        .string()
        .min(3)
        .max(80)
        .optional()
        .describe('With a key: the user that we run as, who has been authorised for the app.'),
      privateKey: z
        .string()
        .regex(/-----BEGIN (RSA )?PRIVATE KEY-----/, 'a private key in PEM')
        .optional()
        .describe('The private RSA key (PEM) whose certificate the app has, instead of the consumer secret.'),
      inboundSecrets: z
        .array(z.string().min(24))
        .default([])
        .describe(
          'What a Flow’s callout sends as `x-api-key`, an Outbound Message as `key`: 24 random letters and digits or more; while one is rotated, both.',
        ),
    })
    .refine(({ clientSecret, username, privateKey }) => clientSecret ?? (username && privateKey), {
      path: ['clientSecret'],
      error: 'a consumer secret, or a username and a private key',
    }),
  oauth: [
    {
      grant: 'jwt_bearer',
      tokenUrl: TOKEN_URL,
      issuer: 'clientId',
      subject: 'username',
      audience: 'https://{signIn}',
      base: 'instance_url',
    },
    { grant: 'client_credentials', tokenUrl: TOKEN_URL, clientAuth: 'body', base: 'instance_url' },
  ],
  limits: { concurrency: 2, timeoutSeconds: 15, batch: 10 },
});
