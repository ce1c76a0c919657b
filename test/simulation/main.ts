import { Command, InvalidArgumentError } from 'commander';
import { simulate } from './simulate.ts';

/** `npm run simulate -- --seed 7 --events 100000`: the same seed lives the same year. Exit code 1 when a promise broke. */

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('must be a whole number');
  return value;
};

const options = new Command('simulate')
  .description('lives a year of many members by chance, with duplicates, delays, conflicts and lost answers')
  .option('--seed <n>', 'the same seed is the same year', whole, 1)
  .option('--events <n>', 'how many things are told', whole, 100_000)
  .option('--members <n>', 'by how many members', whole, 200)
  .parse()
  .opts<{ seed: number; events: number; members: number }>();

let shown = 0;
const report = await simulate({
  ...options,
  onProgress: (told, at) => {
    if (!process.stderr.isTTY || told - shown < 500) return;
    shown = told;
    process.stderr.write(`\r${told} of ${options.events} told, ${at.toISOString().slice(0, 10)}`);
  },
});
if (process.stderr.isTTY) process.stderr.write('\r');
const { broken, kinds, ...counts } = report;
console.log(
  `seed ${options.seed}: ${Object.entries(counts)
    .map(([what, n]) => `${n} ${what}`)
    .join(', ')}`,
);
for (const [kind, n] of Object.entries(kinds).sort(([a], [b]) => a.localeCompare(b)))
  console.log(`  ${kind.padEnd(24)} ${n}`);
for (const one of broken.slice(0, 20)) console.error(`broken: ${one}`);
console.log(
  broken.length === 0 ? 'every promise held' : `${broken.length} promises broken; the same seed shows them again`,
);
process.exitCode = broken.length === 0 ? 0 : 1;
