import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { Assembly } from '../template.ts';
import type { ScheduleDefinition } from './scheduler.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One call to AWS, as it went. */
export interface AwsCall {
  readonly at: string;
  /** The function's physical name; absent for the operator. */
  readonly function?: string;
  readonly service: string;
  readonly operation: string;
  /** The first ARN it touches. */
  readonly resource: string;
  /** `ok`, `fault:<kind>`, or the error's code, such as `AccessDeniedException`. */
  readonly outcome: string;
  readonly tookMs: number;
}

export interface QueueState {
  readonly name: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** The queue whose messages end here. */
  readonly deadLetterOf?: string;
}

export interface AwsFront {
  readonly endpoint: string;
  /** May do everything: the CLI, tests, set-up. Never hit by a fault, not counted, not told to subscribers. */
  readonly operator: Credentials;
  /** Held to the function's role. `process` tells one process of a function from another, for `kill`. */
  credentialsFor(functionName: string, process?: string): Credentials;
  /** For what AWS does in the function's name (polling its queue or stream): held to its role, else as the operator. */
  pollerCredentialsFor(functionName: string): Credentials;
  queues(): Promise<QueueState[]>;
  /** Moves the messages of a dead-letter queue back to where they came from, and says how many. */
  redrive(queueName: string): Promise<number>;
  /** Calls from functions that are being answered. */
  inFlight(): number;
  /** Every call from a function. Returns how to stop. */
  subscribe(listener: (call: AwsCall) => void): () => void;
  /** A `kill` fault has hit this process: end it with SIGKILL. */
  onKill(listener: (victim: { function: string; process?: string }) => void): void;
  readonly scheduler: { list(): readonly ScheduleDefinition[]; onChange(listener: () => void): void };
  /** Kills DynamoDB Local with SIGKILL and starts it again on the same data. */
  restartDynamoDb(): Promise<void>;
  stop(): Promise<void>;
}

export interface AwsOptions {
  readonly assembly: Assembly;
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly faults: Faults;
  /** 0 takes any that is free. Since the assembly's URLs hold the port, it is better to know it beforehand. */
  readonly port: number;
}

export function startAws(_options: AwsOptions): Promise<AwsFront> {
  throw new Error('to come');
}
