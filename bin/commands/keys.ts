import { type Command, InvalidArgumentError, Option } from 'commander';
import { openApiKeys } from '../../lib/runtime/api-keys.ts';
import type { Scope } from '../../lib/runtime/keyring.ts';
import { ofMerchant, openMerchant, type Where } from '../merchant.ts';

const open = async (where: Where) => {
  const { client, tables, now } = await openMerchant(where);
  return openApiKeys({ client, table: tables.program, now });
};

const hours = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || value > 24 * 30)
    throw new InvalidArgumentError('a number of hours from 0 to 720');
  return value;
};

export function keys(stampbook: Command): void {
  const group = stampbook.command('keys').description('API keys of tills, shops and staff');

  ofMerchant(group.command('create'))
    .description('make a key; it is shown once')
    .addOption(new Option('--scope <scope>', 'what it may do').choices(['pos', 'staff', 'admin']).makeOptionMandatory())
    .requiredOption('--name <name>', 'who holds it: "till 3"')
    .option(
      '--source <source>',
      'stands in the ledger for what its holder tells; one for all tills that share order numbers',
      'api',
    )
    .action(async ({ scope, name, source, ...where }: Where & { scope: Scope; name: string; source: string }) => {
      const { key, keyId } = await (await open(where)).create({ scope, name, source });
      console.log(`${key}\n\nkey ${keyId}: keep it now, it is not shown again`);
    });

  ofMerchant(group.command('list'))
    .description('all keys, without the keys themselves')
    .action(async (where: Where) => {
      const all = await (await open(where)).list();
      console.table(
        Object.fromEntries(all.map(({ keyId, ...rest }) => [keyId, { ...rest, expiresAt: rest.expiresAt ?? '' }])),
      );
    });

  ofMerchant(group.command('rotate <keyId>'))
    .description('make a key with the same rights; the old one stops after the overlap')
    .option('--overlap-hours <hours>', 'how long both work', hours, 24)
    .action(async (keyId: string, { overlapHours, ...where }: Where & { overlapHours: number }) => {
      const made = await (await open(where)).rotate(keyId, overlapHours);
      console.log(
        `${made.key}\n\nkey ${made.keyId}: keep it now, it is not shown again\n${keyId} works until ${made.oldExpiresAt}`,
      );
    });

  ofMerchant(group.command('revoke <keyId>'))
    .description('end a key; functions that have seen it forget it within a minute')
    .action(async (keyId: string, where: Where) => {
      await (await open(where)).revoke(keyId);
      console.log(`${keyId} is revoked`);
    });
}
