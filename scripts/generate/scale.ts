import { SHARDS } from '../../lib/runtime/items.ts';
import { MEASURED, OURS } from './scale/measured.ts';
import { batchSeconds, NIGHTS, type Outcome, type Shop, simulate } from './scale/night.ts';
import { MAPPING, PARTITION, TABLE_WRITE_UNITS } from './scale/quotas.ts';

/** The tables of docs/scale.md: its text is written by hand, what stands between the marks is reckoned. */

const SHOPS: readonly Shop[] = [
  { members: 1e6, functions: OURS.functions, shards: SHARDS },
  { members: 1e7, functions: OURS.functions, shards: SHARDS },
  { members: 1e7, functions: 50, shards: SHARDS },
  { members: 1e7, functions: 100, shards: SHARDS },
  { members: 1e8, functions: 500, shards: SHARDS, warm: TABLE_WRITE_UNITS },
  { members: 1e8, functions: 1_000, shards: SHARDS, warm: TABLE_WRITE_UNITS },
];

const NAMES = { ordinary: 'ordinary', month: 'first of a month', worst: '1 January' } as const;

export function scaleDoc(text: string): string {
  return replaced(replaced(text, 'members', membersTable()), 'nights', nightsTable());
}

function replaced(text: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name}: reckoned by npm run generate -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`docs/scale.md has no place for its ${name}: put ${begin} and ${end} back`);
  return `${text.slice(0, from)}${begin}\n\n${table}\n\n${text.slice(to)}`;
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** What one member costs, and the most that each limit lets through. */
function membersTable(): string {
  const thousands = (value: number): string => Math.floor(value).toLocaleString('en');
  return table(
    ['due for', 'calls', 'read units', 'write units', 'in indexes', 'a function, /s', 'index shards, /s', 'table, /s'],
    Object.entries(MEASURED).map(([name, work]) => [
      name,
      String(work.requests),
      String(work.readUnits),
      String(work.writeUnits),
      String(work.indexUnits),
      thousands(OURS.batch / batchSeconds(work)),
      work.indexUnits === 0 ? '–' : thousands(SHARDS * PARTITION.writeUnits),
      thousands(TABLE_WRITE_UNITS / (work.writeUnits / 2)),
    ]),
  );
}

function nightsTable(): string {
  return table(
    [
      'members',
      'functions',
      'tables warmed to',
      'night',
      'due',
      'takes',
      'held up by',
      'in flight, at most',
      'dollars',
    ],
    SHOPS.flatMap((shop) =>
      (Object.keys(NIGHTS) as (keyof typeof NIGHTS)[]).map((name) => {
        const outcome = simulate(shop, NIGHTS[name]);
        return [
          millions(shop.members),
          String(Math.min(shop.functions, MAPPING.most)),
          shop.warm === undefined ? '–' : `${shop.warm.toLocaleString('en')}/s`,
          NAMES[name],
          millions(outcome.due),
          duration(outcome),
          outcome.limit,
          outcome.inFlight.toLocaleString('en'),
          outcome.dollars < 10 ? outcome.dollars.toFixed(2) : outcome.dollars.toFixed(0),
        ];
      }),
    ),
  );
}

const millions = (value: number): string => `${Number((value / 1e6).toPrecision(3))} m`;

function duration({ seconds }: Outcome): string {
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}`;
}
