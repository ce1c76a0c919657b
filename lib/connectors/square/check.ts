import * as z from 'zod';
import type { Connector } from '../contract.ts';
import { read } from '../kit/read.ts';
import { openSquare } from './api.ts';
import { listOf } from './bodies.ts';
import { mainProgram } from './loyalty.ts';
import type manifest from './manifest.ts';

const Subscriptions = listOf('subscriptions', z.unknown());

export const check: Connector<typeof manifest>['check'] = async (context) => {
  const square = openSquare(context);
  const { merchantId, ledgerMode } = context.settings;
  if (ledgerMode !== 'ours') return `seller ${merchantId}, loyalty program ${await mainProgram(square)}`;
  const { items } = read(Subscriptions, await square('GET', '/v2/webhooks/subscriptions'));
  return `seller ${merchantId}, ${items.length} webhook subscriptions`;
};
