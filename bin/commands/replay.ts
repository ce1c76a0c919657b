import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { worthMinor } from '../../lib/loyalty/liability.ts';
import { formatAmount } from '../../lib/loyalty/money.ts';
import type { Program } from '../../lib/loyalty/program.ts';
import { gain, openTotals, type Totals } from '../../lib/loyalty/replay/totals.ts';
import { type Question, type Replayed, replay } from '../../lib/loyalty/replay.ts';
import { cell } from '../../lib/loyalty/spreadsheet.ts';
import { everyMember } from '../../lib/runtime/audit.ts';
import { openMembers } from '../../lib/runtime/members.ts';
import { readStory } from '../../lib/runtime/stories.ts';
import { asksForTags } from '../../lib/runtime/surroundings.ts';
import { forEachInFlight } from '../in-flight.ts';
import { ofMerchant, openMerchant, type Where } from '../merchant.ts';
import { readProgram } from '../program-file.ts';

const SHOWN = 20;
const DAY_MS = 86_400_000;

const days = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 3_650)
    throw new InvalidArgumentError('a whole number of days from 1 to 3650');
  return value;
};

export function replayProgram(stampbook: Command): void {
  ofMerchant(stampbook.command('replay'))
    .description('run a changed program over what happened, and print the difference; nothing is booked')
    .requiredOption('--program <file>', 'a merchant’s .ts or .json, or a program alone')
    .option('--days <n>', 'how many days of the journal are decided again', days, 90)
    .option('--csv <file>', 'write everybody’s difference there, as a table')
    .action(async (options: Where & { program: string; days: number; csv?: string }) => {
      const { client, tables, ledger, merchant, now: clock } = await openMerchant(options);
      const current = merchant.program;
      const changed = await readProgram(options.program, merchant);
      const now = clock();
      const question = { current, changed, since: new Date(now.getTime() - options.days * DAY_MS).toISOString() };
      const members = asksForTags(changed)
        ? openMembers({ client, table: tables.members, timeZone: current.timeZone })
        : undefined;

      const table = options.csv === undefined ? undefined : openTable(options.csv);
      const totals = openTotals(SHOWN);
      await forEachInFlight(everyMember(client, tables), async (memberId) => {
        const story = await readStory(ledger, memberId);
        if (!story) return undefined;
        const memberTags = (await members?.get(memberId))?.tags ?? [];
        // Our clock may be behind the ledger's.
        const until = [now.toISOString(), story.entries.at(-1)?.recordedAt ?? ''].sort().at(-1) ?? '';
        const one = replay({ ...story, ...(members && { memberTags }) }, { ...question, until });
        totals.add(one);
        await table?.add(one, question);
        return undefined;
      });
      await table?.end();
      console.log(report(totals.sum(), question));
      if (options.csv !== undefined) console.error(`everybody’s difference is in ${options.csv}`);
    });
}

const COLUMNS = ['spendable', 'pending', 'held', 'owed', 'tier', 'redeemed', 'refused'] as const;

function openTable(file: string) {
  const target = createWriteStream(file);
  const write = async (cells: readonly (string | number)[]) => {
    if (!target.write(`${cells.map(cell).join(',')}\n`)) await once(target, 'drain');
  };
  const head = ['memberId', 'difference', 'worth', ...COLUMNS.flatMap((what) => [what, `${what} changed`])];
  const begun = write(head);
  return {
    async add(one: Replayed, { current, changed }: Omit<Question, 'until' | 'since'>): Promise<void> {
      await begun;
      const worth = difference(one.booked.outstanding, one.changed.outstanding, current, changed) ?? '';
      await write([
        one.memberId,
        gain(one),
        worth,
        ...COLUMNS.flatMap((what) => [one.booked[what], one.changed[what]]),
      ]);
    },
    async end(): Promise<void> {
      target.end();
      await once(target, 'finish');
    },
  };
}

/** Each by what its own program says that a point is worth. */
function difference(booked: number, then: number, current: Program, changed: Program): string | undefined {
  const [a, b] = [worthMinor(booked, current), worthMinor(then, changed)];
  return a === undefined || b === undefined ? undefined : formatAmount(b - a, changed.currency);
}

function report(totals: Totals, { current, changed, since }: Omit<Question, 'until'>): string {
  const { booked, changed: then, largest } = totals;
  const rules = [...new Set([...Object.keys(booked.byRule), ...Object.keys(then.byRule)])].sort();
  const line = (name: string, a: number, b: number) => [name, String(a), String(b), signed(b - a)];
  const money = (points: number, program: Program) => {
    const worth = worthMinor(points, program);
    return worth === undefined ? 'unknown' : `${formatAmount(worth, program.currency)} ${program.currency}`;
  };
  const budgets = changed.rules.some(({ budgetPoints }) => budgetPoints !== undefined);
  return [
    `What was posted since ${since} decided again: ${totals.differing} of ${totals.members} members would have something else.`,
    ...(largest.length === 0
      ? []
      : [
          aligned([
            ['member', 'booked', 'changed', 'difference', 'tier'],
            ...largest.map((one) => [
              ...line(one.memberId, net(one.booked), net(one.changed)),
              one.booked.tier === one.changed.tier ? one.booked.tier : `${one.booked.tier} > ${one.changed.tier}`,
            ]),
          ]) + (totals.differing > largest.length ? `\n… and ${totals.differing - largest.length} more` : ''),
        ]),
    aligned([
      ['rule gives', 'booked', 'changed', 'difference'],
      ...rules.map((rule) => line(rule, booked.byRule[rule] ?? 0, then.byRule[rule] ?? 0)),
    ]),
    aligned([
      ['all members', 'booked', 'changed', 'difference'],
      line('redemptions had', booked.redeemed, then.redeemed),
      line('redemptions refused', booked.refused, then.refused),
      line('points that members owe', booked.owed, then.owed),
      line('liability in points', booked.outstanding, then.outstanding),
      [
        'liability in money, at most',
        money(booked.outstanding, current),
        money(then.outstanding, changed),
        difference(booked.outstanding, then.outstanding, current, changed) ?? 'unknown',
      ],
    ]),
    ...(budgets ? ['Budgets are those of all members: what they left of a sale is taken as it was booked.'] : []),
  ].join('\n\n');
}

const net = ({ spendable, pending, held }: Replayed['booked']): number => spendable + pending + held;
const signed = (value: number): string => (value > 0 ? `+${value}` : String(value));

/** Names to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
