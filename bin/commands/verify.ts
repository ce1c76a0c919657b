import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { asOf, type Moment, outstanding, owed } from '../../lib/loyalty/as-of.ts';
import { worthText } from '../../lib/loyalty/liability.ts';
import { checkMember, type Fault } from '../../lib/loyalty/verify.ts';
import { everyMember, readJournal } from '../../lib/runtime/audit.ts';
import { forEachInFlight } from '../in-flight.ts';
import { ofMerchant, openMerchant, type Where } from '../merchant.ts';

const moment = (text: string): Moment => {
  if (z.union([z.iso.date(), z.iso.datetime({ offset: true })]).safeParse(text).success) return text;
  throw new InvalidArgumentError(
    'a day in the merchant’s zone such as 2026-03-31, or a time such as 2026-03-31T18:00:00Z',
  );
};

export function verify(stampbook: Command): void {
  ofMerchant(stampbook.command('verify'))
    .description('prove every balance from its entries: chain, gaps, sums')
    .option('--member <id>', 'this member only')
    .option(
      '--as-of <moment>',
      'and say what the balances were at that time: a day, which means its end, or a time',
      moment,
    )
    .action(async (options: Where & { member?: string; asOf?: Moment }) => {
      const { client, tables, ledger, merchant } = await openMerchant(options);
      const { program } = merchant;
      let fault: Fault | undefined;
      const then = { members: 0, available: 0, pending: 0, held: 0, outstanding: 0, owed: 0 };
      const members = options.member ? [options.member] : everyMember(client, tables);
      const checked = await forEachInFlight(members, async (memberId) => {
        const { account, entries } = await readJournal(ledger, memberId);
        fault ??= checkMember(memberId, entries, account);
        if (fault) return 'enough';
        if (options.asOf === undefined) return undefined;
        const standing = asOf(entries, options.asOf, program.timeZone);
        if (standing.account.seq > 0) then.members += 1;
        then.available += standing.spendable;
        then.pending += standing.account.pending;
        then.held += standing.account.held;
        then.outstanding += outstanding(standing);
        then.owed += owed(standing);
        return undefined;
      });
      if (fault) {
        console.error(
          `broken: member ${fault.memberId}, entry ${fault.seq}${fault.key ? ` (${fault.key})` : ''}: ${fault.fault}`,
        );
        process.exitCode = 1;
        return;
      }
      if (checked === 0) {
        console.error('there are no members yet');
        return;
      }
      console.log(
        `${checked} ${checked === 1 ? 'member' : 'members'} verified: every chain is whole and every balance is the sum of its entries`,
      );
      if (options.asOf === undefined) return;
      const worth = worthText(then.outstanding, program);
      console.log(
        `as of ${options.asOf}: ${then.members} ${then.members === 1 ? 'member' : 'members'} with ${then.available} points available, ${then.pending} pending, ${then.held} held; ` +
          `outstanding ${then.outstanding} points${worth ? `, worth ${worth} at most` : ''}; members owe ${then.owed}`,
      );
    });
}
