import { defineConnector } from '../contract.ts';
import { Unauthorized } from '../kit/errors.ts';
import { type Answered, openSalesforce, query, recordsOf, together } from './api.ts';
import manifest from './manifest.ts';
import { sink } from './sink.ts';
import { source } from './source.ts';

export default defineConnector(manifest, { sink, source }, async (context) => {
  const call = await openSalesforce(context);
  const [answer] = await together([query('SELECT Id, Name, IsSandbox FROM Organization')], call);
  const [organization] = recordsOf(answer as Answered);
  const id = String(organization?.Id);
  if (id.slice(0, 15) !== context.settings.organizationId.slice(0, 15))
    throw new Unauthorized(`the app is of organization ${id}, and organizationId is another`);
  return `Salesforce organization ${id}${organization?.IsSandbox === true ? ', a sandbox' : ''}`;
});
