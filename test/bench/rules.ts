import { type Almanac, Engine, type NestedCondition } from 'json-rules-engine';
import { decideSale } from '../../lib/loyalty/accrue.ts';
import { minuteIn } from '../../lib/loyalty/calendar.ts';
import { newAccount } from '../../lib/loyalty/entry.ts';
import type { Line, SaleFact } from '../../lib/loyalty/facts.ts';
import { Program, type ProgramInput } from '../../lib/loyalty/program.ts';
import { sale } from '../ledger/world.ts';
import { type Figure, median } from './report.ts';

/** Fifty rules over a basket of ten lines, decided by us and by a rules engine that many take, to the same points. */

const RULES = 50;
// Many short rounds: whatever else the machine does meets both.
const ROUNDS = 60;
const OURS = 200;
const THEIRS = 10;

type Rule = ProgramInput['rules'][number];
type When = NonNullable<Rule['when']>[number];

/** Five kinds in turn: half of them apply. */
function ruleAt(at: number): Rule {
  const half = at % 2 === 0;
  const kinds: Rule[] = [
    {
      id: `category-${at}`,
      on: 'sale',
      when: [{ is: 'category-in', categories: [half ? `category-${at % 10}` : 'nothing'] }],
      earn: { kind: 'per-amount', points: at + 1, amount: '1.00', base: 'net' },
    },
    {
      id: `large-${at}`,
      on: 'sale',
      when: [
        { is: 'minimum-spend', amount: half ? '50.00' : '5000.00' },
        { is: 'weekday', days: ['mon', 'tue'] },
      ],
      earn: { kind: 'flat', points: 10 },
    },
    {
      id: `place-${at}`,
      on: 'sale',
      when: [{ is: 'location-in', locations: [half ? 'berlin' : 'bonn'] }],
      earn: { kind: 'flat', points: 3 },
    },
    {
      id: `article-${at}`,
      on: 'sale',
      when: [{ is: 'sku-in', skus: [half ? `sku-${at % 10}` : 'none'] }],
      earn: { kind: 'per-item', points: 2 },
    },
    {
      id: `hour-${at}`,
      on: 'sale',
      when: [
        { is: 'tag-in', tags: [half ? 'new' : 'old'] },
        { is: 'hours', from: '09:00', to: '18:00' },
      ],
      earn: { kind: 'per-amount', points: 1, amount: '2.00', base: 'net' },
    },
  ];
  return kinds[at % kinds.length] as Rule;
}

const program = Program.parse({
  name: 'Fifty rules',
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  startsOn: '2026-01-01',
  rules: Array.from({ length: RULES }, (_, at) => ruleAt(at)),
  tiers: [{ id: 'base', name: 'Base', from: 0 }],
  expiry: { kind: 'none' },
  rewards: [],
} satisfies ProgramInput);

const lines = Array.from({ length: 10 }, (_, at) => ({
  id: String(at + 1),
  sku: `sku-${at}`,
  category: `category-${at}`,
  tags: at % 2 === 0 ? ['new'] : [],
  quantity: 1 + (at % 2),
  netMinor: 1_000 + 17 * at,
  grossMinor: 1_000 + 17 * at,
}));
const basket = sale(
  'o',
  lines.reduce((sum, line) => sum + line.netMinor, 0),
  { lines, locationId: 'berlin' },
);

const account = newAccount('m', 'base');
const situation = { program, now: new Date(basket.occurredAt) };

function ours(): number {
  const { detail } = decideSale(account, basket, situation);
  return detail.kind === 'sale' ? detail.earned : Number.NaN;
}

/** The same rules as its documentation would have them: facts with parameters, conditions that all hold, an event each. */
function engine(): Engine {
  const made = new Engine();
  const countedLines = (fact: SaleFact, wanted: Record<string, string[]>): Line[] =>
    fact.lines.filter(
      ({ category = '', sku = '', tags = [] }) =>
        wanted.categories?.includes(category) ||
        wanted.skus?.includes(sku) ||
        tags.some((tag) => wanted.tags?.includes(tag)),
    );
  const sumOf = (of: (line: Line) => number) => async (params: Record<string, string[]>, almanac: Almanac) =>
    countedLines(await almanac.factValue<SaleFact>('sale'), params).reduce((sum, line) => sum + of(line), 0);
  made.addFact(
    'net',
    sumOf((line) => line.netMinor),
  );
  made.addFact(
    'pieces',
    sumOf((line) => line.quantity),
  );
  made.addFact('minute', async (_, almanac) => {
    const { occurredAt } = await almanac.factValue<SaleFact>('sale');
    return minuteIn(program.timeZone, occurredAt);
  });
  made.addFact('weekday', async (_, almanac) => {
    const { occurredAt } = await almanac.factValue<SaleFact>('sale');
    return new Date(occurredAt).getUTCDay();
  });
  for (const rule of program.rules)
    made.addRule({ conditions: { all: rule.when.flatMap(conditionsOf) }, event: { type: rule.id, params: { rule } } });
  return made;
}

const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

function conditionsOf(condition: When): NestedCondition[] {
  switch (condition.is) {
    case 'category-in':
    case 'sku-in':
    case 'tag-in': {
      const { is: _, ...params } = condition;
      return [{ fact: 'net', params, operator: 'greaterThan', value: 0 }];
    }
    case 'minimum-spend':
      return [
        { fact: 'sale', path: '$.grossMinor', operator: 'greaterThanInclusive', value: Number(condition.amount) * 100 },
      ];
    case 'weekday':
      return [{ fact: 'weekday', operator: 'in', value: [1, 2] }];
    case 'location-in':
      return [{ fact: 'sale', path: '$.locationId', operator: 'in', value: condition.locations }];
    case 'hours':
      return [
        { fact: 'minute', operator: 'greaterThanInclusive', value: minutes(condition.from) },
        { fact: 'minute', operator: 'lessThan', value: minutes(condition.to) },
      ];
    default:
      throw new Error(`not in this benchmark: ${condition.is}`);
  }
}

async function theirs(made: Engine): Promise<number> {
  const { events, almanac } = await made.run({ sale: basket });
  let points = 0;
  for (const { params } of events) {
    if (!params) continue;
    const { earn, when } = params.rule as Program['rules'][number];
    const { is: _, ...wanted } = when[0] as When;
    if (earn.kind === 'flat') points += earn.points;
    else if (earn.kind === 'per-item') points += (await almanac.factValue<number>('pieces', wanted)) * earn.points;
    else
      points += Math.floor(
        ((await almanac.factValue<number>('net', wanted)) * earn.points) / (Number(earn.amount) * 100),
      );
  }
  return points;
}

/** How many decisions in a second, and against theirs. */
export async function rules(): Promise<Figure[]> {
  const made = engine();
  const [a, b] = [ours(), await theirs(made)];
  if (a !== b) throw new Error(`the two do not decide the same: ${a} and ${b} points`);
  const ratios: number[] = [];
  const perSecond: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const mine = performance.now();
    for (let run = 0; run < OURS; run += 1) ours();
    const mineMs = (performance.now() - mine) / OURS;
    const other = performance.now();
    for (let run = 0; run < THEIRS; run += 1) await theirs(made);
    const otherMs = (performance.now() - other) / THEIRS;
    if (round < 10) continue; // both warm up
    ratios.push(otherMs / mineMs);
    perSecond.push(1_000 / mineMs);
  }
  return [
    {
      name: 'decisions on ten lines under fifty rules, one core',
      value: Math.round(median(perSecond)),
      unit: 'per second',
    },
    {
      name: 'the same with json-rules-engine, against ours',
      value: median(ratios),
      unit: 'times as long',
      budget: { atLeast: 20 },
    },
  ];
}
