import { openJournal } from './journal.ts';
import { rounds } from './keeper.ts';
import { merging } from './ledger/merging.ts';
import { opening } from './ledger/opening.ts';
import { sharing } from './ledger/sharing.ts';
import { staff } from './ledger/staff.ts';
import { commands, type LedgerOptions } from './till.ts';

export type Ledger = ReturnType<typeof openLedger>;

/** Opens a merchant's ledger: every command of it, each posted once. */
export function openLedger(options: LedgerOptions) {
  const journal = openJournal(options);
  return {
    ...commands(journal, options),
    ...rounds(journal),
    ...sharing(journal),
    ...staff(journal),
    ...opening(journal),
    ...merging(journal),
  };
}
