/** One resource of the synthesised stacks, as it is on this machine. */
export interface Resource {
  readonly logicalId: string;
  /** The stack's name. */
  readonly stack: string;
  readonly type: string;
  /** Intrinsics resolved. A function's `Code` is `{ directory }`, the folder of its bundle. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** What `Ref` gives. */
  readonly physicalId: string;
  /** Empty for what has none, such as a policy. */
  readonly arn: string;
}

/** The stacks of one stage. */
export interface Assembly {
  readonly stage: string;
  readonly directory: string;
  readonly resources: readonly Resource[];
  /** Of all stacks, by their names in the template. */
  readonly outputs: Readonly<Record<string, string>>;
  ofType(type: string): readonly Resource[];
  byArn(arn: string): Resource | undefined;
}

/** The template says something that the local cloud has no answer to: file, logical id, and what it is. */
export class UnknownInTemplate extends Error {
  override readonly name = 'UnknownInTemplate';
}

export interface AssemblyOptions {
  /** `cdk.out`. */
  readonly directory: string;
  readonly stage: string;
  /** What stands for `https://<api>.execute-api.<region>.amazonaws.com`. */
  readonly apiEndpoint: string;
  readonly awsEndpoint: string;
}

/** Throws `UnknownInTemplate` on a resource type or property it does not know. */
export function loadAssembly(_options: AssemblyOptions): Assembly {
  throw new Error('to come');
}
