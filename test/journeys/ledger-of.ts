import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Program } from '../../lib/loyalty/program.ts';
import { type Ledger, openLedger } from '../../lib/runtime/ledger.ts';
import artCafe from '../../merchants/art-cafe.ts';
import type { Shop } from './shop.ts';

export const tables = { accounts: 'art-cafe-accounts', entries: 'art-cafe-entries' };

/** The operator's way to the local cloud's tables. */
export function databaseOf(shop: Shop): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: shop.cloud.aws.endpoint,
    region: 'eu-central-1',
    credentials: shop.cloud.aws.operator,
  });
}

export const ledgerOf = (shop: Shop): Ledger =>
  openLedger({
    client: databaseOf(shop),
    tables,
    program: Program.parse(artCafe.program),
    version: 'journey',
    now: () => new Date(),
  });
