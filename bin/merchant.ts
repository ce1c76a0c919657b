import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Command, Option } from 'commander';
import { prefixOf } from '../lib/cloud/deployment.ts';
import { readMerchants } from '../lib/cloud/merchants.ts';
import { keptOffset } from '../lib/local/clock.ts';
import { openLedger } from '../lib/runtime/ledger.ts';
import { unlogged } from '../lib/runtime/unlogged.ts';
import { NOT_RUNNING, type Operator } from './operator.ts';

/** Which merchant a command is about, and where it lives. */
export interface Where {
  readonly merchant: string;
  readonly stage?: string;
  readonly aws?: boolean;
  readonly data: string;
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
    )
    .addOption(
      new Option('--data <directory>', 'where the local cloud keeps its data').default(join(ROOT, '.local'), '.local'),
    );

/** The merchant's file alone. */
export async function merchantOf({ merchant: id, stage }: Pick<Where, 'merchant' | 'stage'>) {
  const [merchant] = await readMerchants({ directory: join(ROOT, 'merchants'), merchant: id, stage });
  if (!merchant) throw new Error(`no merchant ${id}`);
  return merchant;
}

/** Opens the merchant's tables and queues. Throws a line that says what to do when nothing is there. */
export async function openMerchant({ merchant: id, stage, aws, data }: Where) {
  const merchant = await merchantOf({ merchant: id, stage });
  const prefix = prefixOf(merchant.id, stage);
  const { vendors, ...connection } = aws ? { vendors: undefined } : localConnection(data, prefix);
  const aheadMs = aws ? 0 : keptOffset(data).value.offsetMs;
  const tables = {
    accounts: `${prefix}-accounts`,
    entries: `${prefix}-entries`,
    members: `${prefix}-members`,
    program: `${prefix}-program`,
    reports: `${prefix}-reports`,
  };
  const client = new DynamoDBClient({ ...connection, ...unlogged });
  const now = () => new Date(Date.now() + aheadMs);
  return {
    merchant,
    prefix,
    tables,
    client,
    /** The shop's time: the local cloud's clock may have been moved. */
    now,
    /** For clients of other services. */
    connection,
    /** Where the local cloud stands in for a vendor. */
    vendorGateway: (connector: string) => vendors && `${vendors}/${connector}`,
    ledger: openLedger({ client, tables, program: merchant.program, version: 'operator', now }),
  };
}

function localConnection(directory: string, prefix: string) {
  const file = join(directory, 'operator.json');
  if (!existsSync(file)) throw new Error(NOT_RUNNING);
  const { endpoint, region, accessKeyId, secretAccessKey, stage, vendors } = JSON.parse(
    readFileSync(file, 'utf8'),
  ) as Operator;
  if (stage !== prefix)
    throw new Error(`the local cloud that is running is ${stage}’s: say --merchant ${stage}, or --aws`);
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey }, vendors };
}
