import { SQSClient } from '@aws-sdk/client-sqs';
import { type Command, InvalidArgumentError } from 'commander';
import { worksOf } from '../../lib/cloud/queue-names.ts';
import { openDeadLetters } from '../dead-letters.ts';
import { ofMerchant, openMerchant, type Where } from '../merchant.ts';

const open = async (where: Where) => {
  const { merchant, prefix, connection } = await openMerchant(where);
  return openDeadLetters({ client: new SQSClient(connection), prefix, works: worksOf(merchant.connectors) });
};

const some = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000) throw new InvalidArgumentError('a number from 1 to 1000');
  return value;
};

export function dlq(stampbook: Command): void {
  const group = stampbook.command('dlq').description('what could not be done: why, and sending it round again');

  ofMerchant(group.command('list'))
    .description('how much is parked, and how much waits, in each queue')
    .action(async (where: Where) => {
      const all = await (await open(where)).list();
      console.table(
        Object.fromEntries(
          all.map(({ work, waiting, parked, missing }) => [
            work,
            missing ? { parked: 'not deployed' } : { parked, waiting },
          ]),
        ),
      );
    });

  ofMerchant(group.command('show <queue>'))
    .description('what is parked, with its reason; it stays where it is')
    .option('--limit <number>', 'how many at most', some, 20)
    .option('--bodies', 'the messages themselves too: they may be personal')
    .action(async (queue: string, { limit, bodies, ...where }: Where & { limit: number; bodies?: true }) => {
      const letters = await (await open(where)).show(queue, limit);
      if (letters.length === 0) return console.log(`nothing is parked of ${queue}`);
      for (const { id, parkedAt, about, reason, body } of letters)
        console.log(`${id}  ${parkedAt}  ${about}\n  ${reason}${bodies ? `\n  ${body}` : ''}`);
    });

  ofMerchant(group.command('redrive <queue>'))
    .description('send what is parked round again, once what was wrong is mended')
    .option('--message <id...>', 'these only, by the ids that show prints')
    .action(async (queue: string, { message, ...where }: Where & { message?: string[] }) => {
      const moved = await (await open(where)).redrive(queue, message);
      console.log(`${moved} message${moved === 1 ? '' : 's'} of ${queue} sent round again`);
      const missing = new Set(message).size - moved;
      if (message && missing > 0) throw new Error(`${missing} of those that were named are not parked there`);
    });
}
