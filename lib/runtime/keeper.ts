import { type Journal, openJournal } from './journal.ts';
import { absences } from './ledger/absences.ts';
import { messaging } from './ledger/messaging.ts';
import { reminding } from './ledger/reminding.ts';
import { stating } from './ledger/stating.ts';
import { commands, type LedgerOptions } from './till.ts';

export type Keeper = ReturnType<typeof openKeeper>;

/** What sweeps ask of a ledger beside what tills do. */
export const openKeeper = (options: LedgerOptions) => {
  const journal = openJournal(options);
  return { ...commands(journal, options), ...rounds(journal) };
};

/** What comes round, and nobody at a counter waits for. */
export const rounds = (journal: Journal) => ({
  ...stating(journal),
  ...reminding(journal),
  ...absences(journal),
  ...messaging(journal),
});
