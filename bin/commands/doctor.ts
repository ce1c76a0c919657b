import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Command } from 'commander';
import { worksOf } from '../../lib/cloud/queue-names.ts';
import type { Manifest } from '../../lib/connectors/contract.ts';
import { manifests } from '../../lib/connectors/manifests.ts';
import { readBreaker } from '../../lib/runtime/breakers.ts';
import { openSigns } from '../../lib/runtime/signs.ts';
import { openDeadLetters } from '../dead-letters.ts';
import { diagnose, type Finding, queues, type Symptoms } from '../diagnosis.ts';
import { ofMerchant, openMerchant, type Where } from '../merchant.ts';
import { checked } from '../secret-form.ts';
import { openVault } from '../secrets.ts';
import { askVendor } from '../vendor-check.ts';

const MARKS: Readonly<Record<Finding['grade'], string>> = { well: 'ok', odd: '??', bad: '!!' };

export function doctor(stampbook: Command): void {
  ofMerchant(stampbook.command('doctor [connector]'))
    .description('look whether everything is well: secrets, credentials, webhooks, queues, vendors')
    .option('--offline', 'ask no vendor')
    .action(run);
}

async function run(only: string | undefined, { offline, ...where }: Where & { offline?: true }): Promise<void> {
  const { merchant, prefix, client, tables, connection, vendorGateway, now } = await openMerchant(where);
  const uses = merchant.connectors.filter(({ id }) => only === undefined || id === only);
  if (uses.length === 0 && only !== undefined)
    throw new Error(`${merchant.id} uses no ${only}: it uses ${merchant.connectors.map(({ id }) => id).join(', ')}`);
  const vault = openVault(new SecretsManagerClient(connection), prefix);
  const works = worksOf(merchant.connectors);
  const backlogs = await openDeadLetters({ client: new SQSClient(connection), prefix, works }).list();
  const at = { client, table: tables.program };

  async function symptomsOf(use: (typeof uses)[number]): Promise<Symptoms> {
    const manifest: Manifest = manifests[use.id];
    const { secret, value } = secretOf(manifest, await vault.read(use.id));
    const [vendor, signs, breaker] = await Promise.all([
      value && !offline ? askVendor(use, value, { ...at, gateway: vendorGateway(use.id), now }) : undefined,
      openSigns({ ...at, connector: use.id }).read(),
      readBreaker(at, use.id),
    ]);
    const own = backlogs.filter(({ connector }) => connector === use.id);
    return { manifest, secret, vendor, signs, breaker, backlogs: own, now: now() };
  }

  const findings = await Promise.all(
    uses.map(async (use): Promise<[string, readonly Finding[]]> => [use.id, diagnose(await symptomsOf(use))]),
  );
  if (only === undefined) {
    const engine = backlogs.filter(({ connector }) => connector === undefined);
    findings.unshift(['engine', queues(engine)]);
  }
  for (const [who, found] of findings) print(who, found);
  const bad = findings.flatMap(([, found]) => found).filter(({ grade }) => grade === 'bad');
  if (bad.length === 0) return console.log('\nall is well');
  console.log(`\n${bad.length} to be seen to`);
  process.exitCode = 1;
}

function secretOf({ secret: schema }: Manifest, value: Record<string, unknown> | undefined) {
  if (!value) return { secret: 'unset' } as const;
  try {
    return { secret: 'filled', value: checked(schema, value) } as const;
  } catch (error) {
    return { secret: { faults: (error as Error).message.replace(/\n\s*/g, ' ') } } as const;
  }
}

function print(who: string, findings: readonly Finding[]): void {
  console.log(`\n${who}`);
  const width = Math.max(0, ...findings.map(({ what }) => what.length));
  for (const { grade, what, words } of findings) console.log(`  ${MARKS[grade]}  ${what.padEnd(width)}  ${words}`);
}
