import { dayIn } from '../lib/loyalty/calendar.ts';
import { AuditMessage, openAudits } from '../lib/runtime/audits.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { openJournal } from '../lib/runtime/journal.ts';
import { count, log } from '../lib/runtime/log.ts';
import { sqs } from '../lib/runtime/sqs.ts';
import { worker } from '../lib/runtime/worker.ts';

function audits() {
  const { program, version } = merchant();
  const accounts = setting('TABLE_ACCOUNTS');
  const tables = { accounts, entries: setting('TABLE_ENTRIES') };
  return openAudits({
    client: dynamodb,
    tables: { accounts, program: setting('TABLE_PROGRAM') },
    // It only reads: what the ledger's commands would need is not asked for.
    journal: openJournal({ client: dynamodb, tables, program, version, now: () => new Date() }),
    queue: { client: sqs, url: setting('QUEUE_AUDIT_URL') },
    tell: ({ memberId, seq, key, fault }) => {
      count('LedgerCheckFailed');
      log.error('a balance is not the sum of its entries', { memberId, seq, key, fault });
    },
  });
}

/** Enough for a page of the largest members, and to say where it stopped. */
const RESERVE_MS = 30_000;

/** Proves the ledger, every night: each balance from its entries. */
export const handler = worker(async ({ body }, context) => {
  const message = AuditMessage.parse(JSON.parse(body));
  if (message.kind === 'audit') {
    await audits().begin(message.run ?? dayIn(merchant().program.timeZone, new Date()));
    return;
  }
  const report = await audits().goOn(message, () => context.getRemainingTimeInMillis() > RESERVE_MS);
  if (report) log.info('audited', { ...report });
});
