import { enableCompileCache } from 'node:module';
import { Command } from 'commander';
import { NOT_RUNNING } from './operator.ts';

// What a command loads is compiled once, and not at each call: half the time until it says something.
enableCompileCache();

/** Each command in a file of its own, loaded only when it is asked for: one of them starts a cloud, the others do not. */
const commands: Readonly<Record<string, () => Promise<(stampbook: Command) => void>>> = {
  start: async () => (await import('./commands/start.ts')).start,
  verify: async () => (await import('./commands/verify.ts')).verify,
  import: async () => (await import('./commands/import.ts')).importMembers,
  export: async () => (await import('./commands/export.ts')).exportJournal,
  unpack: async () => (await import('./commands/unpack.ts')).unpack,
  replay: async () => (await import('./commands/replay.ts')).replayProgram,
  report: async () => (await import('./commands/report.ts')).report,
  keys: async () => (await import('./commands/keys.ts')).keys,
  dlq: async () => (await import('./commands/dlq.ts')).dlq,
  secret: async () => (await import('./commands/secret.ts')).fillSecret,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
};

const asked = commands[process.argv[2] ?? ''];
const stampbook = new Command('stampbook').description('A loyalty engine that a merchant owns').showHelpAfterError();
for (const load of asked ? [asked] : Object.values(commands)) (await load())(stampbook);

try {
  await stampbook.parseAsync();
} catch (error) {
  console.error(process.env.DEBUG ? error : wordsFor(error as NodeJS.ErrnoException));
  process.exit(1);
}

function wordsFor({ code, name, message }: NodeJS.ErrnoException): string {
  // Its address is still known when it was stopped.
  if (code === 'ECONNREFUSED') return NOT_RUNNING;
  return name === 'ResourceNotFoundException' ? `${message}: is the merchant deployed there?` : message;
}
