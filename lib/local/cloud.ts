import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { DeleteScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import type { DeployedMerchant } from '../runtime/config.ts';
import { agreeing } from './agreeing.ts';
import type { LentDatabase } from './aws/dynamodb-process.ts';
import { type AwsCall, type AwsFront, startAws } from './aws/front.ts';
import { readJson, writeJson } from './aws/json-file.ts';
import { callAs } from './aws-call.ts';
import { type Clock, createClock, keptOffset } from './clock.ts';
import { createControl } from './control.ts';
import { forget, type Lock, lock } from './data-directory.ts';
import { demoKeys } from './demo-keys.ts';
import { openDoor, portBeside } from './door.ts';
import type { Endpoints } from './endpoints.ts';
import { createFaults, type Faults } from './faults.ts';
import { startFunctions } from './functions.ts';
import { createHttpApi, type HttpApi } from './http-api.ts';
import { keepIn } from './kept.ts';
import { region } from './known-resources.ts';
import { openOutbox, type Vendors } from './outbox.ts';
import { readMappings } from './pollers/mapping.ts';
import { startPollers } from './pollers/start.ts';
import { readRoles } from './roles.ts';
import { createSamples } from './samples.ts';
import { runSchedules } from './schedules.ts';
import { fillSecrets, type Given } from './secrets.ts';
import { createShow } from './show.ts';
import { watch } from './stillness.ts';
import { type Assembly, loadAssembly } from './template.ts';
import { createTrail } from './trail.ts';

export interface LocalCloud {
  readonly api: string;
  readonly endpoints: Endpoints;
  readonly aws: AwsFront;
  readonly clock: Clock;
  readonly faults: Faults;
  stop(): Promise<void>;
}

export interface LocalCloudOptions {
  /** A `cdk.out`. */
  readonly assemblyDirectory: string;
  readonly stage: string;
  readonly dataDirectory: string;
  /** 0 takes any that is free. */
  readonly port: number;
  /** Forgets what there was. */
  readonly fresh?: boolean;
  /** Where what the functions compile to is kept; absent: with the data. */
  readonly compileCache?: string;
  /** Says nothing on the console. */
  readonly quiet?: boolean;
  /** Functions that may be there at the same time: more of them start less often, and take more memory. */
  readonly processes?: number;
  /** Enrols a member whose phone the page shows. */
  readonly demo?: boolean;
  /** Who answers in a vendor's place; whoever is absent says yes to everything. */
  readonly vendors?: Vendors;
  /** Absent: a DynamoDB Local of its own, which keeps what it has. */
  readonly lent?: LentDatabase;
}

/**
 * Of one function; also how many batches of one queue are handled at once. Two at least, so that what runs at the same
 * time as itself does so here as well; more than the machine has cores would only take turns.
 */
const PROCESSES_PER_FUNCTION = Math.max(2, Math.min(4, availableParallelism()));
/** What runs is let finish for so long when the cloud is stopped. */
const GRACE_MS = 3_000;

/** Runs the stacks of one stage on this machine. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { dataDirectory } = options;
  const owned = await lock(dataDirectory);
  const started: (() => unknown)[] = [() => owned.release()];
  const stop = async () => {
    for (const end of started.toReversed()) await end();
    started.length = 0;
  };
  try {
    if (options.fresh) forget(dataDirectory);
    return await start(options, owned, started, stop);
  } catch (cause) {
    await stop();
    throw cause;
  }
}

async function start(
  options: LocalCloudOptions,
  owned: Lock,
  started: (() => unknown)[],
  stop: () => Promise<void>,
): Promise<LocalCloud> {
  const { dataDirectory } = options;
  const file = (name: string) => path.join(dataDirectory, name);
  const door = await openDoor(options.port);
  started.push(() => door.close());
  owned.at(door.url);
  const awsPort = await portBeside(Number(new URL(door.url).port));

  const assembly = loadAssembly({
    directory: options.assemblyDirectory,
    stage: options.stage,
    apiEndpoint: door.url,
    awsEndpoint: `http://127.0.0.1:${awsPort}`,
  });
  const keptClock = keptOffset(dataDirectory);
  const clock = createClock(keptClock.value.offsetMs);
  clock.onChange(() => keptClock.keep({ offsetMs: clock.offsetMs() }));
  const now = () => clock.now();
  const faults = createFaults();
  const trail = createTrail({ stage: assembly.stage, now });
  const print = (message: string) => {
    if (!options.quiet) console.warn(message);
  };
  const warn = (message: string) => {
    trail.trouble(message);
    print(message);
  };

  const aws = await startAws({ assembly, dataDirectory, clock, faults, port: awsPort, lent: options.lent });
  started.push(() => aws.stop());
  const operate = callAs(aws.endpoint, aws.operator);

  const functions = startFunctions({
    assembly,
    dataDirectory,
    compileCache: options.compileCache ?? file('compile-cache'),
    clock,
    awsEndpoint: aws.endpoint,
    region,
    credentialsFor: (name, process) => aws.credentialsFor(name, process),
    vendorGatewayFor: (connector) => `${door.url}/_vendor/${connector}`,
    perFunction: PROCESSES_PER_FUNCTION,
    ...(options.processes !== undefined && { processes: options.processes }),
  });
  started.push(() => functions.stop());
  aws.onKill(({ function: name, process }) => functions.kill(name, process).then(() => {}));

  const schedulerClient = new SchedulerClient({ endpoint: aws.endpoint, region, credentials: aws.operator });
  const merchant = readMerchant(assembly);
  const agreeable = agreeing({
    clock,
    settingsOf: (connector) => merchant.connectors.find(({ id }) => id === connector)?.settings,
    hookOf: (connector) => `${door.url}/webhooks/${connector}`,
  });
  const outbox = openOutbox({ file: file('outbox.jsonl'), clock, vendors: { ...agreeable, ...options.vendors } });
  const api = createHttpApi({ assembly, functions, clock });
  const schedules = runSchedules({
    assembly,
    scheduler: aws.scheduler,
    clock,
    roles: readRoles(assembly),
    operate,
    fired: keepIn<Record<string, string>>(file('schedule-runs.json'), {}),
    remove: async ({ name, group }) => {
      await schedulerClient.send(new DeleteScheduleCommand({ Name: name, GroupName: group }));
    },
    warn,
  });
  started.push(() => schedules.stop());

  const mappings = readMappings(assembly);
  const pollers = startPollers({
    mappings,
    assembly,
    dataDirectory,
    functions,
    aws,
    operate,
    clock,
    bound: PROCESSES_PER_FUNCTION,
    saw: trail.entry,
    warn,
  });
  started.push(() => Promise.race([Promise.all(pollers.map((poller) => poller.stop())), grace()]));

  const tables = tableNames(assembly);
  const given = await fillSecrets({ assembly, operate, warn });
  const endpoints: Endpoints = {
    api: door.url,
    portal: `${door.url}/portal`,
    local: `${door.url}/_local`,
    keys: await demoKeys({
      aws,
      table: tables.program,
      before: readJson<Endpoints>(file('endpoints.json'))?.keys,
      now,
    }),
    webhooks: webhooks(door.url, api, given),
  };

  const samples = createSamples({ merchant, endpoints, clock, smsAccount: given['twilio-sms']?.secret.accountSid });
  const show = createShow({
    assembly,
    merchant,
    clock,
    aws,
    functions,
    schedules,
    outbox,
    samples,
    trail,
    operate,
    tables,
  });
  started.push(() => show.stop());
  const stillness = watch({ aws, api, functions, outbox, schedules, pollers, mappings });
  aws.subscribe(trail.call);
  aws.subscribe(tellRefusals(print));
  api.subscribe(trail.exchange);
  functions.subscribe(trail.invocation);
  outbox.subscribe(trail.vendorCall);
  schedules.subscribe(trail.scheduleRun);

  const control = createControl({
    stage: assembly.stage,
    clock,
    faults,
    aws,
    api,
    outbox,
    schedules,
    stillness,
    samples,
    show,
    kill: (name) => functions.kill(name),
  });
  door.serve({ api, outbox, control, show });
  writeJson(file('endpoints.json'), endpoints);
  writeJson(file('operator.json'), {
    endpoint: aws.endpoint,
    region,
    ...aws.operator,
    stage: assembly.stage,
    vendors: `${door.url}/_vendor`,
  });
  started.push(() => rmSync(file('operator.json'), { force: true }));

  if (options.demo) {
    const { status, body } = await samples.enrolDemoMember();
    if (status >= 300 && status !== 409) warn(`the demo member was not enrolled: ${status} ${JSON.stringify(body)}`);
  }
  return { api: door.url, endpoints, aws, clock, faults, stop };
}

/** Each source that has a route of its own, and that we can sign for. */
function webhooks(url: string, api: HttpApi, given: Readonly<Record<string, Given>>): Endpoints['webhooks'] {
  return Object.fromEntries(
    Object.entries(given).flatMap(([connector, { signsWith: secret }]) =>
      secret !== undefined && api.routes.includes(`POST /webhooks/${connector}`)
        ? [[connector, { url: `${url}/webhooks/${connector}`, secret }]]
        : [],
    ),
  );
}

/** The merchant's file as the functions have it. */
function readMerchant(assembly: Assembly): DeployedMerchant {
  const [lambda] = assembly.ofType('AWS::Lambda::Function');
  const { directory } = (lambda?.properties.Code ?? {}) as { directory?: string };
  if (directory === undefined) throw new Error('the template has no function');
  return JSON.parse(readFileSync(path.join(directory, 'merchant.json'), 'utf8')) as DeployedMerchant;
}

function tableNames(assembly: Assembly) {
  const called = (end: string) => {
    const table = assembly.ofType('AWS::DynamoDB::Table').find(({ physicalId }) => physicalId.endsWith(`-${end}`));
    if (!table) throw new Error(`the template has no table whose name ends in -${end}`);
    return table.physicalId;
  };
  return { accounts: called('accounts'), members: called('members'), program: called('program') };
}

const grace = () => new Promise<void>((resolve) => setTimeout(resolve, GRACE_MS).unref());

/** What a role does not allow is the first thing to know: function, action and resource, once each. */
function tellRefusals(print: (message: string) => void): (call: AwsCall) => void {
  const told = new Set<string>();
  return ({ outcome, message = '' }) => {
    if (outcome !== 'AccessDeniedException' || told.has(message)) return;
    told.add(message);
    print(message);
  };
}
