import * as z from 'zod';
import type { Connector } from '../contract.ts';
import { read } from '../kit/read.ts';
import { openSquare } from './api.ts';
import { Nothing } from './bodies.ts';
import { mainProgram } from './loyalty.ts';
import type manifest from './manifest.ts';

const Subscriptions = z.union([z.object({ subscriptions: z.array(z.unknown()) }), Nothing]);

export const check: Connector<typeof manifest>['check'] = async (context) => {
  const square = openSquare(context);
  const { merchantId, ledgerMode } = context.settings;
  if (ledgerMode !== 'ours') return `seller ${merchantId}, loyalty program ${await mainProgram(square)}`;
  const answer = read(Subscriptions, await square('GET', '/v2/webhooks/subscriptions'));
  const count = 'subscriptions' in answer ? answer.subscriptions.length : 0;
  return `seller ${merchantId}, ${count} webhook subscriptions`;
};
