import { bundles } from './bundles.ts';
import { cloud } from './cloud.ts';
import { delivery } from './delivery.ts';
import { importing } from './import.ts';
import { posting } from './posting.ts';
import { type Figure, isWithin, report } from './report.ts';
import { rules } from './rules.ts';
import { sweeps } from './sweeps.ts';
import { synth } from './synth.ts';

/** `npm run bench [-- section …]`: the budgets of docs/architecture.md, measured in one run on one machine. */

const sections: Readonly<Record<string, () => Promise<Figure[]>>> = {
  posting,
  rules,
  import: importing,
  sweeps,
  bundles,
  delivery,
  synth,
  cloud,
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in sections));
if (unknown) {
  console.error(`no section ${unknown}: there are ${Object.keys(sections).join(', ')}`);
  process.exit(1);
}
const figures: Figure[] = [];
for (const [name, measure] of Object.entries(sections)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`measuring ${name} …\n`);
  figures.push(...(await measure()));
}
report(figures, 'bench.json');
process.exitCode = figures.some((figure) => isWithin(figure) === false) ? 1 : 0;
