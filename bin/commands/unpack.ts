import type { Command } from 'commander';
import { unpackExport } from '../../lib/runtime/unpack.ts';
import { merchantOf, ofMerchant, type Where } from '../merchant.ts';

export function unpack(stampbook: Command): void {
  ofMerchant(stampbook.command('unpack'))
    .description('make flat rows of what DynamoDB exported of the accounts or the entries, for SQL over files')
    .argument('<directory>', 'the files of the export, as they lie in the bucket')
    .requiredOption('--out <directory>', 'where to: the folders entries and balances')
    .action(async (directory: string, { out, ...where }: Where & { out: string }) => {
      const { program } = await merchantOf(where);
      const { entries, balances } = await unpackExport(directory, out, program);
      console.error(`${entries} rows of entries and ${balances} of balances written to ${out}`);
    });
}
