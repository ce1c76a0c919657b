import { Command, InvalidArgumentError } from 'commander';
import { simulate } from './simulate.ts';
import { liveYears } from './years/live.ts';

/**
 * `npm run simulate -- --seed 7 --events 100000`: a busy year of the ledger. `npm run simulate -- --years 3`: the years of a
 * shop, day by day, with all that time does. The same seed lives the same. Exit code 1 when a promise broke.
 */

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('must be a whole number');
  return value;
};

const { seed, events, years, members } = new Command('simulate')
  .description('lives a time of many members by chance, with duplicates, delays, conflicts and lost answers')
  .option('--seed <n>', 'the same seed is the same life', whole, 1)
  .option('--events <n>', 'how many things are told in a year', whole, 100_000)
  .option('--years <n>', 'so many years instead, with sweeps, reminders, occasions and campaigns', whole)
  .option('--members <n>', 'by how many members; 200, or 1000 with --years', whole)
  .parse()
  .opts<{ seed: number; events: number; years?: number; members?: number }>();

const terminal = process.stderr.isTTY;
let shown = 0;
function show(line: string): void {
  const now = Date.now();
  if (!terminal || now - shown < 200) return;
  shown = now;
  process.stderr.write(`\r${line}`);
}

const report =
  years === undefined
    ? await simulate({
        seed,
        events,
        members: members ?? 200,
        onProgress: (told, at) => show(`${told} of ${events} told, ${at.toISOString().slice(0, 10)}`),
      })
    : await liveYears({
        seed,
        days: Math.round(years * 365.25),
        members: members ?? 1_000,
        onProgress: (day, told) => show(`${day}, ${told} told`),
      });
if (terminal) process.stderr.write('\r');
const { broken, kinds, ...counts } = report;
const words = Object.entries(counts).map(([what, n]) => (typeof n === 'number' ? `${n} ${what}` : `${what} ${n}`));
console.log(`seed ${seed}: ${words.join(', ')}`);
for (const [kind, n] of Object.entries(kinds).sort(([a], [b]) => a.localeCompare(b)))
  console.log(`  ${kind.padEnd(24)} ${n}`);
for (const one of broken.slice(0, 20)) console.error(`broken with seed ${seed}: ${one}`);
console.log(
  broken.length === 0 ? 'every promise held' : `${broken.length} promises broken; the same seed shows them again`,
);
process.exitCode = broken.length === 0 ? 0 : 1;
