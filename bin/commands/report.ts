import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import type { Day } from '../../lib/loyalty/account.ts';
import { dayIn } from '../../lib/loyalty/calendar.ts';
import {
  csvOf,
  firstDayOf,
  GROUPINGS,
  GROUPINGS_OF,
  type Grouping,
  REPORTS,
  type ReportName,
} from '../../lib/loyalty/report-tables.ts';
import { everyMember } from '../../lib/runtime/audit.ts';
import { openCampaigns } from '../../lib/runtime/campaigns.ts';
import { openDeliveryCounts } from '../../lib/runtime/delivery-counts.ts';
import { recount } from '../../lib/runtime/recount.ts';
import { makeReport } from '../../lib/runtime/report-making.ts';
import { openReports } from '../../lib/runtime/reports.ts';
import { chart, intervals } from '../chart.ts';
import { ofMerchant, openMerchant, type Where } from '../merchant.ts';

interface Asked extends Where {
  readonly from?: Day;
  readonly to?: Day;
  readonly by?: Grouping;
  readonly format: 'chart' | 'csv' | 'json';
}

/** What each is about, for those who ask what there is. */
const SAYS: Readonly<Record<ReportName | 'rebuild', string>> = {
  points: 'issued, redeemed, expired, reversed … (--by day, month, source, location, staff, campaign, tier, reward)',
  liability: 'what is outstanding at the end of each day, in points and in money (--by day, month)',
  redemptions: 'what was spent of what was issued, as a rate (--by as points)',
  breakage: 'what the points of each month have become, and how much of them is expected to lapse',
  members: 'who joined, left, was active, stayed away, came back (--by day, month)',
  cohorts: 'of those who joined in a month, what they did in each month since',
  campaigns: 'what each campaign gave and sold, and its hold-out beside it',
  effects: 'what each campaign changed against its hold-out, with a 95 % interval',
  rewards: 'the most wanted first',
  deliveries: 'what came of what connectors were told (--by day, month)',
  rebuild: 'counts all journals again and compares every sum; counts what the stream never brought',
};

/** What the bars are about. Effects have an interval each. */
const MEASURE: Readonly<Record<Exclude<ReportName, 'effects'>, string>> = {
  points: 'issued',
  liability: 'outstanding',
  redemptions: 'redeemed',
  breakage: 'expired',
  members: 'active',
  cohorts: 'active',
  campaigns: 'members',
  rewards: 'redemptions',
  deliveries: 'delivered',
};

const day = (text: string): Day => {
  if (z.iso.date().safeParse(text).success) return text;
  throw new InvalidArgumentError('a day in the merchant’s zone, such as 2026-03-31');
};

export function report(stampbook: Command): void {
  ofMerchant(stampbook.command('report'))
    .description('what the program did, by day and by what it is about')
    .addArgument(new Argument('<name>', 'which').choices([...REPORTS, 'rebuild']))
    .option('--from <day>', 'the first day; otherwise thirty days up to the last, of months twelve', day)
    .option('--to <day>', 'the last day; otherwise today', day)
    .addOption(new Option('--by <what>', 'what a line is about').choices(GROUPINGS))
    .addOption(new Option('--format <format>', 'the form').choices(['chart', 'csv', 'json']).default('chart'))
    .addHelpText(
      'after',
      `\nReports:\n${Object.entries(SAYS)
        .map(([name, says]) => `  ${name.padEnd(12)} ${says}`)
        .join('\n')}\n\nWhat each column means: docs/reports.md`,
    )
    .action((name: ReportName | 'rebuild', asked: Asked) => (name === 'rebuild' ? rebuild(asked) : show(name, asked)));
}

async function open(where: Where) {
  const { client, tables, ledger, merchant, now } = await openMerchant(where);
  const { program } = merchant;
  const reports = openReports({ client, table: tables.reports, program, journal: ledger.entries });
  return { client, tables, ledger, program, reports, now };
}

async function show(name: ReportName, { from: first, to: last, by, format, ...where }: Asked): Promise<void> {
  if (by !== undefined && !GROUPINGS_OF[name].includes(by))
    throw new Error(
      GROUPINGS_OF[name].length > 0
        ? `--by: "${name}" can be told by ${GROUPINGS_OF[name].join(' or ')}`
        : `--by: "${name}" is told one way only`,
    );
  const { client, tables, program, reports, now } = await open(where);
  const to = last ?? dayIn(program.timeZone, now());
  const from = first ?? firstDayOf(name, to);
  if (to < from) throw new Error(`--to: ${to} is before ${from}`);
  const table = await makeReport(
    { name, from, to, by },
    {
      reports,
      campaigns: openCampaigns({ client, table: tables.program, program }).list,
      deliveries: openDeliveryCounts({ client, table: tables.program }).lines,
      program,
    },
  );
  if (format === 'json') console.log(JSON.stringify(table, null, 2));
  else if (format === 'csv') process.stdout.write(csvOf(table));
  else if (table.rows.length === 0) console.log(`nothing from ${from} to ${to}`);
  else if (name === 'effects')
    console.log(`${intervals(table.columns, table.rows)}\n\nas of ${to}; 95 % intervals around nothing`);
  else console.log(`${chart(table.columns, table.rows, MEASURE[name])}\n\n${from} to ${to}; bars: ${MEASURE[name]}`);
}

async function rebuild({ from, to, by, format, ...where }: Asked): Promise<void> {
  // It is of all days, or it proves nothing.
  const unheard = Object.entries({ from, to, by }).find(([, value]) => value !== undefined);
  if (unheard) throw new Error(`--${unheard[0]} is for reports: "rebuild" compares all there is`);
  if (format !== 'chart') throw new Error('--format is for reports: "rebuild" says what differs');
  const { client, tables, ledger, program, reports } = await open(where);
  const { members, entries, differences } = await recount({
    reports,
    program,
    entries: ledger.entries,
    everyMember: () => everyMember(client, tables),
  });
  for (const { of, measure, there, counted } of differences.slice(0, 20))
    console.error(`${of}: ${measure} is ${there} in the reports and ${counted} by the journal`);
  if (differences.length > 20) console.error(`and ${differences.length - 20} more`);
  if (differences.length > 0) process.exitCode = 1;
  else
    console.log(
      `${members} ${members === 1 ? 'member' : 'members'}, ${entries} ${entries === 1 ? 'entry' : 'entries'}: every sum is what the journal says`,
    );
}
