import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { type Command, Option } from 'commander';
import { bookkeeping, plainText } from '../../lib/loyalty/bookkeeping.ts';
import { type Entry, entryIdOf } from '../../lib/loyalty/entry.ts';
import { cell } from '../../lib/loyalty/spreadsheet.ts';
import { everyMember } from '../../lib/runtime/audit.ts';
import { ofMerchant, openMerchant, type Where } from '../merchant.ts';

const COLUMNS = [
  'entryId',
  'memberId',
  'seq',
  'kind',
  'source',
  'occurredAt',
  'recordedAt',
  'available',
  'pending',
  'held',
  'lifetime',
  'tier',
  'hash',
] as const;

/** Each member's entries in one form; every form begins anew with each member. */
const forms: Readonly<Record<string, { readonly head?: string; of(entries: readonly Entry[]): string }>> = {
  jsonl: { of: (entries) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('') },
  csv: {
    head: `${COLUMNS.join(',')}\n`,
    of: (entries) =>
      entries
        .map((entry) => {
          const row = { ...entry, ...entry.after, entryId: entryIdOf(entry), kind: entry.detail.kind };
          return `${COLUMNS.map((column) => cell(row[column])).join(',')}\n`;
        })
        .join(''),
  },
  hledger: { head: 'commodity 1000. PTS\n\n', of: (entries) => `${plainText(bookkeeping(entries))}\n` },
};

export function exportJournal(stampbook: Command): void {
  ofMerchant(stampbook.command('export'))
    .description('write the whole journal: as it is, as a table, or as plain-text accounting')
    .addOption(new Option('--format <format>', 'the form').choices(Object.keys(forms)).default('jsonl'))
    .option('--out <file>', 'where to; otherwise the standard output')
    .action(async ({ format, out, ...where }: Where & { format: string; out?: string }) => {
      const { client, tables, ledger } = await openMerchant(where);
      const form = forms[format];
      if (!form) throw new Error(`no form ${format}`);
      const target = out ? createWriteStream(out) : process.stdout;
      const write = async (text: string) => {
        if (text && !target.write(text)) await once(target, 'drain');
      };
      await write(form.head ?? '');
      let members = 0;
      for await (const id of everyMember(client, tables)) {
        await write(form.of(await ledger.entries(id)));
        members += 1;
        if (out && process.stderr.isTTY && members % 100 === 0) process.stderr.write(`\r${members} members`);
      }
      if (!out) return;
      target.end();
      await once(target, 'finish');
      console.error(`\r${members} members written to ${out}`);
    });
}
