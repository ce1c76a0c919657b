import { merchant, setting } from './config.ts';
import { dynamodb } from './dynamodb.ts';
import { openJournal } from './journal.ts';
import { openReports, type Reports } from './reports.ts';

let opened: Reports | undefined;

/** The read model of the merchant that this function was deployed for. */
export function reports(): Reports {
  opened ??= openReports({
    client: dynamodb,
    table: setting('TABLE_REPORTS'),
    program: merchant().program,
    // Opened when a gap asks for it: who only reads reports has no right to the journal.
    journal: async (memberId) => {
      const { program, version } = merchant();
      const tables = { accounts: '', entries: setting('TABLE_ENTRIES') };
      return openJournal({ client: dynamodb, tables, program, version, now: () => new Date() }).entries(memberId);
    },
  });
  return opened;
}
