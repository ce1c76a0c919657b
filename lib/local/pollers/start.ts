import path from 'node:path';
import type { AwsFront } from '../aws/front.ts';
import { type AwsCaller, callAs } from '../aws-call.ts';
import type { Clock } from '../clock.ts';
import type { Functions } from '../functions.ts';
import { keepIn } from '../kept.ts';
import type { Assembly } from '../template.ts';
import type { Mapping, Poller } from './mapping.ts';
import { pollQueue } from './queue.ts';
import { pollStream } from './stream.ts';

export interface PollersOptions {
  readonly mappings: readonly Mapping[];
  readonly assembly: Assembly;
  readonly dataDirectory: string;
  readonly functions: Functions;
  readonly aws: AwsFront;
  readonly operate: AwsCaller;
  readonly clock: Clock;
  /** How many batches of one queue are handled at once, at most. */
  readonly bound: number;
  /** The image of each row that a stream tells of. */
  saw(image: unknown): void;
  warn(message: string): void;
}

/** One for each event source mapping of the template. */
export function startPollers(options: PollersOptions): Poller[] {
  const { aws, functions, operate, clock, warn, bound } = options;
  const postponed = new Map<string, number>();
  const writes = new Set<{ readonly table: string; wake(): void }>();
  aws.subscribe(({ function: name, service, operation, resources }) => {
    if (service === 'sqs' && operation.startsWith('ChangeMessageVisibility'))
      postponed.set(name ?? '', performance.now());
    if (service === 'dynamodb' && /^(Put|Update|Delete|TransactWrite|BatchWrite)/.test(operation)) {
      for (const { table, wake } of writes) if (resources.includes(table)) wake();
    }
  });
  const queueUrl = (arn: string) => {
    const queue = options.assembly.byArn(arn);
    if (queue?.type !== 'AWS::SQS::Queue') throw new Error(`${arn} is no queue of the template`);
    return queue.physicalId;
  };
  return options.mappings.map((mapping) => {
    const name = mapping.function.physicalId;
    const call = callAs(aws.endpoint, aws.pollerCredentialsFor(name));
    if (mapping.source.type === 'AWS::SQS::Queue') {
      const lastPostponed = () => postponed.get(name) ?? Number.NEGATIVE_INFINITY;
      return pollQueue({ mapping, functions, call, operate, warn, bound, lastPostponed });
    }
    return pollStream({
      mapping,
      functions,
      clock,
      call,
      checkpoints: keepIn<Record<string, string>>(path.join(options.dataDirectory, 'streams', `${name}.json`), {}),
      onWrite(wake) {
        const one = { table: mapping.source.arn, wake };
        writes.add(one);
        return () => writes.delete(one);
      },
      queueUrl,
      saw: (record) => options.saw(record.dynamodb.NewImage),
      warn,
    });
  });
}
