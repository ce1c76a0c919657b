import { text } from 'node:stream/consumers';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Command } from 'commander';
import type { Manifest } from '../../lib/connectors/contract.ts';
import { manifests } from '../../lib/connectors/manifests.ts';
import { openTerminal } from '../hidden-input.ts';
import { ofMerchant, openMerchant, type Where } from '../merchant.ts';
import { checked, fillForm } from '../secret-form.ts';
import { openVault } from '../secrets.ts';
import { askVendor } from '../vendor-check.ts';

interface Options extends Where {
  readonly stdin?: true;
  readonly anyway?: true;
}

export function fillSecret(stampbook: Command): void {
  ofMerchant(stampbook.command('secret <connector>'))
    .description('fill in what a vendor gave us, checked with a harmless call; what is typed is not shown')
    .option('--stdin', 'read it as JSON from the standard input instead of asking')
    .option('--anyway', 'write it also when the vendor refuses it')
    .action(run);
}

async function run(connector: string, { stdin, anyway, ...where }: Options): Promise<void> {
  const { merchant, prefix, client, tables, connection, vendorGateway, now } = await openMerchant(where);
  const use = merchant.connectors.find(({ id }) => id === connector);
  if (!use)
    throw new Error(
      `${merchant.id} uses no ${connector}: it uses ${merchant.connectors.map(({ id }) => id).join(', ')}`,
    );
  const { title, secret: schema }: Manifest = manifests[use.id];
  const vault = openVault(new SecretsManagerClient(connection), prefix);
  const present = await vault.read(use.id);
  const value = stdin ? checked(schema, jsonIn(await text(process.stdin))) : await asked(schema, present ?? {});

  const { kind, words } = await askVendor(use, value, {
    client,
    table: tables.program,
    gateway: vendorGateway(use.id),
    now,
  });
  if (kind === 'refused' && !anyway)
    throw new Error(`${title} refuses it: ${words}\nNothing was written. With --anyway it is written all the same.`);
  await vault.write(use.id, value);
  const said = {
    accepted: `${title} accepts it: ${words}`,
    refused: `${title} refuses it: ${words}`,
    unasked: `It was not checked: ${words}`,
    unclear: `It could not be checked now: ${words}`,
  };
  console.log(
    `${said[kind]}\n${vault.nameOf(use.id)} is written. Functions that run know it after five minutes at the latest.`,
  );
}

async function asked(schema: Manifest['secret'], present: Record<string, unknown>) {
  const terminal = openTerminal();
  try {
    return await fillForm(schema, present, terminal);
  } finally {
    terminal.close();
  }
}

function jsonIn(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    // What the parser says would quote it.
    throw new Error('the standard input is not JSON: an object with the fields of the secret');
  }
}
