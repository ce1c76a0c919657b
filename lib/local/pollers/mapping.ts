import { type Assembly, type Resource, unknownIn } from '../template.ts';

/** An event source mapping of the template, with what it maps. */
export interface Mapping {
  readonly source: Resource;
  /** The source's own ARN: a queue's, or a table's stream. */
  readonly sourceArn: string;
  readonly function: Resource;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly maximumConcurrency: number;
  readonly reportsFailures: boolean;
  readonly stream: {
    readonly startingPosition: 'TRIM_HORIZON' | 'LATEST';
    readonly bisect: boolean;
    /** After the first; -1: without end. */
    readonly retries: number;
    /** -1: without end. */
    readonly maximumAgeSeconds: number;
    readonly onFailureArn: string | undefined;
  };
}

/** Something that takes work from a source to a function. */
export interface Poller {
  readonly mapping: Mapping;
  /** Batches that are being handled. */
  inFlight(): number;
  /** Looks at the source once more; true when there was nothing to do. */
  quiet(): Promise<boolean>;
  stop(): Promise<void>;
}

export function readMappings(assembly: Assembly): Mapping[] {
  const mappings = assembly
    .ofType('AWS::Lambda::EventSourceMapping')
    .filter(({ properties }) => properties.Enabled !== false);
  return mappings.map((resource) => {
    const given = resource.properties as {
      EventSourceArn?: string;
      FunctionName?: string;
      BatchSize?: number;
      MaximumBatchingWindowInSeconds?: number;
      FunctionResponseTypes?: string[];
      ScalingConfig?: { MaximumConcurrency?: number };
      StartingPosition?: string;
      BisectBatchOnFunctionError?: boolean;
      MaximumRetryAttempts?: number;
      MaximumRecordAgeInSeconds?: number;
      DestinationConfig?: { OnFailure?: { Destination?: string } };
    };
    const sourceArn = given.EventSourceArn ?? '';
    const source = assembly.byArn(sourceArn.replace(/\/stream\/.*$/, ''));
    if (!source) throw unknownIn(resource, `its source ${sourceArn} is not in the template`);
    const isStream = source.type === 'AWS::DynamoDB::Table';
    if (!isStream && source.type !== 'AWS::SQS::Queue')
      throw unknownIn(resource, `a ${source.type} is no known source`);
    const lambda = assembly
      .ofType('AWS::Lambda::Function')
      .find(({ arn, physicalId }) => arn === given.FunctionName || physicalId === given.FunctionName);
    if (!lambda) throw unknownIn(resource, `its function ${given.FunctionName} is not in the template`);
    const startingPosition = given.StartingPosition ?? 'TRIM_HORIZON';
    if (startingPosition !== 'TRIM_HORIZON' && startingPosition !== 'LATEST') {
      throw unknownIn(resource, `StartingPosition ${startingPosition} is not known`);
    }
    const unlike = given.FunctionResponseTypes?.find((type) => type !== 'ReportBatchItemFailures');
    if (unlike !== undefined) throw unknownIn(resource, `FunctionResponseTypes ${unlike} is not known`);
    const seconds = Number(lambda.properties.Timeout ?? 3);
    const hidden = Number(source.properties.VisibilityTimeout ?? 30);
    // AWS refuses such a mapping when it is made.
    if (!isStream && hidden < seconds) {
      throw unknownIn(source, `VisibilityTimeout ${hidden} is shorter than the ${seconds} s of ${lambda.logicalId}`);
    }
    return {
      source,
      sourceArn,
      function: lambda,
      batchSize: given.BatchSize ?? (isStream ? 100 : 10),
      windowSeconds: given.MaximumBatchingWindowInSeconds ?? 0,
      maximumConcurrency: given.ScalingConfig?.MaximumConcurrency ?? Number.POSITIVE_INFINITY,
      reportsFailures: given.FunctionResponseTypes !== undefined,
      stream: {
        startingPosition,
        bisect: given.BisectBatchOnFunctionError ?? false,
        retries: given.MaximumRetryAttempts ?? -1,
        maximumAgeSeconds: given.MaximumRecordAgeInSeconds ?? -1,
        onFailureArn: given.DestinationConfig?.OnFailure?.Destination,
      },
    };
  });
}

/**
 * What a function that reports failures says: the ids that failed, or `all` where its answer cannot be understood. That
 * is how Lambda reads it.
 */
export function reportedFailures(payload: unknown, ids: ReadonlySet<string>): readonly string[] | 'all' {
  if (payload === null || payload === undefined) return [];
  const failures = (payload as { batchItemFailures?: unknown }).batchItemFailures;
  if (failures === null || failures === undefined) return [];
  if (!Array.isArray(failures)) return 'all';
  const named = failures.map((failure) => (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  return named.every((id) => typeof id === 'string' && ids.has(id)) ? (named as string[]) : 'all';
}
