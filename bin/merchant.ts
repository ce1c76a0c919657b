import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type Command, Option } from 'commander';
import { prefixOf } from '../lib/cloud/deployment.ts';
import { readMerchants } from '../lib/cloud/merchants.ts';
import { openLedger } from '../lib/runtime/ledger.ts';
import type { Operator } from './operator.ts';

/** Which merchant a command is about, and where it lives. */
export interface Where {
  readonly merchant: string;
  readonly stage?: string;
  readonly aws?: boolean;
}

const ROOT = join(import.meta.dirname, '..');

/** The options by which every command finds its merchant. */
export const ofMerchant = (command: Command): Command =>
  command
    .addOption(new Option('--merchant <id>', 'a file in merchants/').default('art-cafe'))
    .option('--stage <name>', 'an ephemeral copy, as deployed with -c stage=…')
    .option(
      '--aws',
      'in AWS, with the credentials and region of your shell; otherwise on the local cloud that is running',
    );

/** Opens the merchant's tables and queues. Throws a line that says what to do when nothing is there. */
export async function openMerchant({ merchant: id, stage, aws }: Where) {
  const [merchant] = await readMerchants({ directory: join(ROOT, 'merchants'), merchant: id, stage });
  if (!merchant) throw new Error(`no merchant ${id}`);
  const connection = aws ? {} : localConnection();
  const prefix = prefixOf(merchant.id, stage);
  const tables = {
    accounts: `${prefix}-accounts`,
    entries: `${prefix}-entries`,
    members: `${prefix}-members`,
    program: `${prefix}-program`,
  };
  const client = new DynamoDBClient(connection);
  const now = () => new Date();
  return {
    merchant,
    prefix,
    tables,
    client,
    sqs: new SQSClient(connection),
    ledger: openLedger({ client, tables, program: merchant.program, version: 'operator', now }),
  };
}

function localConnection() {
  const file = join(ROOT, '.local', 'operator.json');
  if (!existsSync(file)) throw new Error('the local cloud is not running: start it with npm start, or say --aws');
  const { endpoint, region, accessKeyId, secretAccessKey } = JSON.parse(readFileSync(file, 'utf8')) as Operator;
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}
