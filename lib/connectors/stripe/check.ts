import type { Connector } from '../contract.ts';
import type manifest from './manifest.ts';
import { eventsSince } from './read-back.ts';

/** Reads the events that have not happened yet: what lost ones are made up from, and what a key may be kept from. */
export const check: Connector<typeof manifest>['check'] = async (context) => {
  await eventsSince(context.now, context);
  const { account } = context.settings;
  const mode = context.secret.apiKey?.includes('_test_') ? 'a test key' : 'a live key';
  return `${mode} that may read events${account ? ` of ${account}` : ''}`;
};
