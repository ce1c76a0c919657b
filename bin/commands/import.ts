import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  coverage,
  FIELDS,
  type Field,
  isField,
  mappingOf,
  type Preset,
  presets,
} from '../../lib/runtime/import/columns.ts';
import { openImport } from '../../lib/runtime/import/importing.ts';
import { type Counts, fingerprintOf, openCheckpoint } from '../../lib/runtime/import/progress.ts';
import { type DateOrder, readRow } from '../../lib/runtime/import/reading.ts';
import { openRefused } from '../../lib/runtime/import/refused.ts';
import { openRows } from '../../lib/runtime/import/rows.ts';
import { type Report, runImport } from '../../lib/runtime/import/run.ts';
import { openMembers } from '../../lib/runtime/members.ts';
import { ofMerchant, openMerchant, type Where } from '../merchant.ts';

/** Enough at once to hide the network; a table on demand takes four times as many writes a second from its first minute. */
const IN_FLIGHT = 32;
/** What is done again after a crash, and how often the checkpoint is written. */
const BATCH = 500;
/** So many reasons on the screen; all of them are in the file. */
const REASONS_SHOWN = 10;

interface Options extends Where {
  readonly preset: keyof typeof presets;
  readonly from?: string;
  readonly map: readonly (readonly [string, Field | ''])[];
  readonly tier: readonly (readonly [string, string])[];
  readonly dates: DateOrder;
  readonly outRefused?: string;
  readonly dryRun?: boolean;
  readonly withoutPoints?: boolean;
}

const pair = (text: string): readonly [string, string] => {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('two words with = between them');
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
};

const column = (text: string, before: Options['map']): Options['map'] => {
  const [name, field] = pair(text);
  if (field !== '' && !isField(field))
    throw new InvalidArgumentError(
      `there is no field ${field}: there are ${FIELDS.join(', ')}, consent.<channel>, identity.<system>`,
    );
  return [...before, [name, field as Field | '']];
};

const source = (text: string): string => {
  if (!/^[a-z][a-z0-9-]{1,40}$/.test(text)) throw new InvalidArgumentError('lower-case letters, digits and hyphens');
  return text;
};

export function importMembers(stampbook: Command): void {
  ofMerchant(stampbook.command('import <file>'))
    .description(
      'bring members, balances and histories along from another system: CSV, or one JSON object on each line',
    )
    .addOption(
      new Option('--preset <system>', 'whose names the columns have')
        .choices(Object.keys(presets))
        .default('stampbook'),
    )
    .option('--from <system>', 'what the journal calls it, where that is not the preset', source)
    .addOption(
      new Option('--map <column=field>', 'what a column holds; nothing after = leaves it out; may be said again')
        .argParser(column)
        .default([], 'by name'),
    )
    .addOption(
      new Option('--tier <theirs=ours>', 'which tier of the program is meant; may be said again')
        .argParser((text: string, before: Options['tier']) => [...before, pair(text)])
        .default([], 'by name'),
    )
    .addOption(new Option('--dates <order>', 'how dates are written').choices(['ymd', 'dmy', 'mdy']).default('ymd'))
    .option('--out-refused <file>', 'where refused rows go, with line and reason; otherwise beside the file')
    .option('--without-points', 'the file has no balances, and is meant to have none')
    .option('--dry-run', 'read and look everything up, and write nothing')
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const preset: Preset = presets[options.preset];
  const from = options.from ?? preset.from;
  const { merchant, client, tables, ledger, now } = await openMerchant(options);
  const tiers = new Map(options.tier.map(([theirs, ours]) => [theirs.toLowerCase(), ours]));
  for (const [theirs, ours] of tiers)
    if (!merchant.program.tiers.some(({ id }) => id === ours))
      throw new Error(
        `--tier "${theirs}=${ours}": the program has ${merchant.program.tiers.map(({ id }) => id).join(', ')}`,
      );

  const rows = await openRows(file);
  const mapping = mappingOf(preset, options.map);
  const { fields, ignored } = coverage(mapping, rows.columns);
  if (!fields.has('points') && !fields.has('transactionId') && !options.withoutPoints && rows.kind === 'csv')
    throw new Error('no column holds points: say --map <column>=points, or --without-points');
  if (ignored.length > 0) console.error(`not read: ${ignored.join(', ')}`);

  const reading = {
    mapping,
    from,
    program: merchant.program,
    tiers,
    dates: options.dates,
    country: merchant.country,
    now: now(),
  };
  const checkpoint = openCheckpoint(
    `${file}.checkpoint`,
    fingerprintOf(file, from, [...mapping], [...tiers], options.dates, tables.accounts, options.aws ?? false),
  );
  const outRefused = options.outRefused ?? `${file}.refused.${rows.kind}`;
  let stopping = false;
  const stop = () => {
    // Asked twice, it does not wait for anything: what was written is found again.
    if (stopping) process.exit(130);
    stopping = true;
    console.error('\nstopping after the rows that are under way …');
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);

  let shown = 0;
  const started = performance.now();
  let first: number | undefined;
  const { takeIn } = openImport({
    members: openMembers({ client, table: tables.members, timeZone: merchant.program.timeZone }),
    ledger,
    inFlight: IN_FLIGHT,
    dryRun: options.dryRun ?? false,
  });
  const report = await runImport({
    rows: rows.rows,
    read: (row) => readRow(row, reading),
    takeIn,
    ...(!options.dryRun && { checkpoint }),
    refused: (keepBytes) => openRefused(outRefused, rows, keepBytes),
    batch: BATCH,
    onRefused: ({ line }, because) => {
      shown += 1;
      if (shown <= REASONS_SHOWN) console.error(`${process.stderr.isTTY ? '\r' : ''}line ${line}: ${because}`);
      if (shown === REASONS_SHOWN + 1) console.error(`… and more, all of them in ${outRefused}`);
    },
    onProgress: ({ rows: done, counts }) => {
      first ??= done;
      if (!process.stderr.isTTY) return;
      const perSecond = Math.round(((done - first) / (performance.now() - started)) * 1_000);
      process.stderr.write(`\r${done} rows, ${perSecond} a second, ${counts.refused} refused `);
    },
    isStopped: () => stopping,
  });
  if (process.stderr.isTTY) process.stderr.write('\r');
  for (const line of told(report, options.dryRun ?? false, outRefused)) console.log(line);
  process.exitCode = report.stopped ? 130 : report.counts.refused > 0 ? 1 : 0;
}

const SENTENCES: Readonly<Record<keyof Counts, string>> = {
  'moved-in': 'members moved in',
  joined: 'joined a member who was here already',
  history: 'lines of history written',
  'was-there': 'had been brought along before',
  'passed-over': 'passed over: blocked, or guests without points',
  refused: 'refused',
};

function* told({ rows, counts, leftOut, stopped, resumedAt }: Report, dryRun: boolean, outRefused: string) {
  if (dryRun) yield 'a dry run: nothing was written; this is what would come of it';
  if (resumedAt > 0) yield `gone on after row ${resumedAt}`;
  yield `${rows} rows`;
  for (const [kind, count] of Object.entries(counts))
    if (count > 0) yield `  ${count} ${SENTENCES[kind as keyof Counts]}`;
  for (const [field, count] of Object.entries(leftOut))
    yield `  ${count} came in without their ${field}: it could not be read`;
  if (counts.refused > 0) yield `refused rows, with line and reason: ${outRefused}`;
  if (stopped) yield 'stopped: the same command goes on from here';
}
