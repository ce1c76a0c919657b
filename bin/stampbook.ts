import { Command } from 'commander';

/** Each command in a file of its own, loaded only when it is asked for: one of them starts a cloud, the others do not. */
const commands: Readonly<Record<string, () => Promise<(stampbook: Command) => void>>> = {
  start: async () => (await import('./commands/start.ts')).start,
  verify: async () => (await import('./commands/verify.ts')).verify,
  export: async () => (await import('./commands/export.ts')).exportJournal,
  keys: async () => (await import('./commands/keys.ts')).keys,
};

const asked = commands[process.argv[2] ?? ''];
const stampbook = new Command('stampbook').description('A loyalty engine that a merchant owns').showHelpAfterError();
for (const load of asked ? [asked] : Object.values(commands)) (await load())(stampbook);

try {
  await stampbook.parseAsync();
} catch (error) {
  console.error(process.env.DEBUG ? error : (error as Error).message);
  process.exit(1);
}
