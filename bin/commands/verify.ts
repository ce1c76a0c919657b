import type { Command } from 'commander';
import type { Fault } from '../../lib/loyalty/verify.ts';
import { auditMember, everyMember } from '../../lib/runtime/audit.ts';
import { ofMerchant, openMerchant, type Where } from '../merchant.ts';

/** How many members are read at once: enough to hide the network, too few to throttle a table on demand. */
const IN_FLIGHT = 16;

export function verify(stampbook: Command): void {
  ofMerchant(stampbook.command('verify'))
    .description('prove every balance from its entries: chain, gaps, sums')
    .option('--member <id>', 'this member only')
    .action(async (options: Where & { member?: string }) => {
      const { client, tables, ledger } = await openMerchant(options);
      const members = options.member ? [options.member] : everyMember(client, tables);
      let checked = 0;
      let fault: Fault | undefined;
      const queue = Array.isArray(members) ? members[Symbol.iterator]() : members;
      const progress = () => process.stderr.isTTY && process.stderr.write(`\r${checked} members`);
      await Promise.all(
        Array.from({ length: IN_FLIGHT }, async () => {
          for (let next = await queue.next(); !next.done && !fault; next = await queue.next()) {
            const found = await auditMember(ledger, next.value);
            checked += 1;
            if (checked % 100 === 0) progress();
            fault ??= found;
          }
        }),
      );
      if (process.stderr.isTTY) process.stderr.write('\r');
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
    });
}
