import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { account, knownResources, type Properties, region } from './known-resources.ts';

/** One resource of the synthesised stacks, as it is on this machine. */
export interface Resource {
  readonly logicalId: string;
  /** The stack's name. */
  readonly stack: string;
  /** The template's path, for complaints. */
  readonly file: string;
  readonly type: string;
  /** Intrinsics resolved. A function's `Code` is `{ directory }`, the folder of its bundle. */
  readonly properties: Properties;
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

/** For what only the service that uses a property can tell. */
export const unknownIn = ({ file, logicalId, type }: Resource, what: string): UnknownInTemplate =>
  new UnknownInTemplate(`${file}: ${logicalId} (${type}): ${what}`);

export interface AssemblyOptions {
  /** `cdk.out`. */
  readonly directory: string;
  readonly stage: string;
  /** What stands for `https://<api>.execute-api.<region>.amazonaws.com`. */
  readonly apiEndpoint: string;
  readonly awsEndpoint: string;
}

interface Manifest {
  readonly artifacts?: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly displayName?: string;
        readonly properties?: {
          readonly directoryName?: string;
          readonly templateFile?: string;
          readonly stackName?: string;
          readonly file?: string;
        };
      }
    >
  >;
}

interface Assets {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path?: string };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}

interface Declaration {
  readonly Type: string;
  readonly Properties?: Properties;
}

interface Template {
  readonly Resources?: Readonly<Record<string, Declaration>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
}

interface Stack {
  readonly name: string;
  readonly file: string;
  readonly template: Template;
  /** Object key in the assets bucket → folder. */
  readonly assets: ReadonlyMap<string, string>;
}

const read = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;

/** Throws `UnknownInTemplate` on a resource type or property it does not know, naming all of them. */
export function loadAssembly(options: AssemblyOptions): Assembly {
  const directory = stageDirectory(options);
  const stacks = readStacks(directory);
  const faults = stacks.flatMap(unknownOf);
  if (faults.length > 0) throw new UnknownInTemplate(faults.join('\n'));

  const resolver = new Resolver(stacks, options);
  const resources = stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources ?? {})
      .filter(([, { Type }]) => Type !== 'AWS::CDK::Metadata')
      .map(([logicalId]) => resolver.resource(stack, logicalId)),
  );
  const byArn = new Map(resources.filter(({ arn }) => arn !== '').map((resource) => [resource.arn, resource]));
  return {
    stage: options.stage,
    directory,
    resources,
    outputs: resolver.outputs(),
    ofType: (type) => resources.filter((resource) => resource.type === type),
    byArn: (arn) => byArn.get(arn),
  };
}

function stageDirectory({ directory, stage }: AssemblyOptions): string {
  const { artifacts = {} } = read<Manifest>(join(directory, 'manifest.json'));
  const stages = Object.entries(artifacts).filter(([, { type }]) => type === 'cdk:cloud-assembly');
  const nameOf = (id: string) => id.replace(/^assembly-/, '');
  const found = stages.find(([id, { displayName }]) => displayName === stage || nameOf(id) === stage);
  const name = found?.[1].properties?.directoryName;
  if (name === undefined) {
    throw new Error(`no stage ${stage} in ${directory}: there are ${stages.map(([id]) => nameOf(id)).join(', ')}`);
  }
  return join(directory, name);
}

function readStacks(directory: string): Stack[] {
  const artifacts = Object.values(read<Manifest>(join(directory, 'manifest.json')).artifacts ?? {});
  const assets = new Map<string, string>();
  for (const { type, properties } of artifacts) {
    if (type !== 'cdk:asset-manifest' || properties?.file === undefined) continue;
    for (const { source, destinations } of Object.values(read<Assets>(join(directory, properties.file)).files ?? {})) {
      if (source.path === undefined) continue;
      for (const { objectKey } of Object.values(destinations)) assets.set(objectKey, join(directory, source.path));
    }
  }
  return artifacts.flatMap(({ type, properties }) => {
    if (type !== 'aws:cloudformation:stack' || properties?.templateFile === undefined) return [];
    const file = join(directory, properties.templateFile);
    const name = properties.stackName ?? properties.templateFile.replace(/\.template\.json$/, '');
    return [{ name, file, template: read<Template>(file), assets }];
  });
}

const knownSections = new Set([
  'AWSTemplateFormatVersion',
  'Conditions',
  'Description',
  'Metadata',
  'Outputs',
  'Parameters',
  'Resources',
  'Rules',
]);
const knownAttributes = new Set([
  'DeletionPolicy',
  'DependsOn',
  'Metadata',
  'Properties',
  'Type',
  'UpdatePolicy',
  'UpdateReplacePolicy',
]);

function unknownOf({ file, template }: Stack): string[] {
  const faults = Object.keys(template)
    .filter((section) => !knownSections.has(section))
    .map((section) => `${file}: the section ${section} is not known to the local cloud`);
  for (const [logicalId, declaration] of Object.entries(template.Resources ?? {})) {
    if (declaration.Type === 'AWS::CDK::Metadata') continue;
    const where = `${file}: ${logicalId} (${declaration.Type})`;
    const known = knownResources[declaration.Type];
    if (known === undefined) {
      faults.push(`${where}: the type is not known to the local cloud`);
      continue;
    }
    for (const attribute of Object.keys(declaration)) {
      if (!knownAttributes.has(attribute)) faults.push(`${where}: ${attribute} is not known to the local cloud`);
    }
    if (known.ignored === 'all') continue;
    const properties = new Set([...known.used, ...known.ignored]);
    for (const property of Object.keys(declaration.Properties ?? {})) {
      if (!properties.has(property)) faults.push(`${where}: the property ${property} is not known to the local cloud`);
    }
  }
  return faults;
}

/** Stands for `AWS::NoValue` until the property that holds it is dropped. */
const noValue = Symbol('no value');

const executeApi = /https:\/\/[a-z0-9]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com/g;

interface Identified extends Resource {
  readonly attributes: Readonly<Record<string, string>>;
}

/** Resolves intrinsics, across stacks, as CloudFormation would after a deployment. */
class Resolver {
  readonly #stacks: readonly Stack[];
  readonly #options: AssemblyOptions;
  readonly #exports = new Map<string, () => unknown>();
  readonly #resources = new Map<string, Resource>();
  /** Names need only a few of a resource's properties: they are known before the rest is resolved. */
  readonly #identities = new Map<string, Omit<Identified, 'properties'>>();

  constructor(stacks: readonly Stack[], options: AssemblyOptions) {
    this.#stacks = stacks;
    this.#options = options;
    for (const stack of stacks) {
      for (const { Value, Export } of Object.values(stack.template.Outputs ?? {})) {
        if (Export === undefined) continue;
        this.#exports.set(String(this.#resolve(Export.Name, stack)), () => this.#resolve(Value, stack));
      }
    }
  }

  resource(stack: Stack, logicalId: string): Resource {
    const key = `${stack.name}/${logicalId}`;
    const known = this.#resources.get(key);
    if (known !== undefined) return known;
    const { attributes: _, ...identity } = this.#identity(stack, logicalId);
    const declared = stack.template.Resources?.[logicalId]?.Properties ?? {};
    const properties = this.#resolve(declared, stack) as Record<string, unknown>;
    if (identity.type === 'AWS::Lambda::Function') properties.Code = this.#code(stack, identity, properties.Code);
    const resource = { ...identity, properties };
    this.#resources.set(key, resource);
    return resource;
  }

  outputs(): Record<string, string> {
    const entries = this.#stacks.flatMap((stack) =>
      Object.entries(stack.template.Outputs ?? {}).map(([name, { Value }]) => [
        name,
        String(this.#resolve(Value, stack)),
      ]),
    );
    return Object.fromEntries(entries);
  }

  #code(stack: Stack, identity: Omit<Resource, 'properties'>, code: unknown): { directory: string } {
    const { S3Key } = code as { S3Key?: string };
    const directory = S3Key === undefined ? undefined : stack.assets.get(S3Key);
    if (directory === undefined) {
      throw unknownIn({ ...identity, properties: {} }, `Code ${JSON.stringify(code)} is no asset of this assembly`);
    }
    return { directory };
  }

  #identity(stack: Stack, logicalId: string): Omit<Identified, 'properties'> {
    const key = `${stack.name}/${logicalId}`;
    const seen = this.#identities.get(key);
    if (seen !== undefined) return seen;
    const declaration = stack.template.Resources?.[logicalId];
    const known = knownResources[declaration?.Type ?? ''];
    if (declaration === undefined || known === undefined) {
      throw new UnknownInTemplate(`${stack.file}: there is no ${logicalId} to refer to`);
    }
    const names = Object.entries(declaration.Properties ?? {}).filter(([name]) => identifying.has(name));
    const { physicalId, arn, attributes } = known.identify({
      properties: this.#resolve(Object.fromEntries(names), stack) as Properties,
      generated: generatedName(stack.name, logicalId),
      awsEndpoint: this.#options.awsEndpoint,
      apiEndpoint: this.#options.apiEndpoint,
    });
    const identity = {
      logicalId,
      stack: stack.name,
      file: stack.file,
      type: declaration.Type,
      physicalId,
      arn: arn ?? '',
      attributes: attributes ?? {},
    };
    this.#identities.set(key, identity);
    return identity;
  }

  #resolve(value: unknown, stack: Stack): unknown {
    if (typeof value === 'string') {
      if (!value.includes('{{resolve:')) return value;
      throw new UnknownInTemplate(`${stack.file}: the dynamic reference ${value} is not known to the local cloud`);
    }
    if (Array.isArray(value)) {
      return value.map((item) => this.#resolve(item, stack)).filter((item) => item !== noValue);
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [only] = entries;
    if (entries.length === 1 && only !== undefined && (only[0] === 'Ref' || only[0].startsWith('Fn::'))) {
      return this.#intrinsic(only[0], only[1], stack);
    }
    return Object.fromEntries(
      entries.map(([name, item]) => [name, this.#resolve(item, stack)]).filter(([, item]) => item !== noValue),
    );
  }

  #intrinsic(name: string, argument: unknown, stack: Stack): unknown {
    switch (name) {
      case 'Ref':
        return this.#ref(String(argument), stack);
      case 'Fn::GetAtt': {
        const [logicalId, attribute] = Array.isArray(argument) ? argument : String(argument).split(/\.(.*)/);
        return this.#attribute(String(logicalId), String(attribute), stack);
      }
      case 'Fn::Join': {
        const [separator, parts] = argument as [string, unknown];
        return atApi((this.#resolve(parts, stack) as unknown[]).join(separator), this.#options);
      }
      case 'Fn::Sub':
        return atApi(this.#sub(argument, stack), this.#options);
      case 'Fn::Select': {
        const [index, list] = this.#resolve(argument, stack) as [number | string, unknown[]];
        return list[Number(index)];
      }
      case 'Fn::Split': {
        const [separator, source] = this.#resolve(argument, stack) as [string, string];
        return source.split(separator);
      }
      case 'Fn::ImportValue': {
        const exported = this.#exports.get(String(this.#resolve(argument, stack)));
        if (exported !== undefined) return exported();
        throw new UnknownInTemplate(`${stack.file}: no stack of this stage exports ${JSON.stringify(argument)}`);
      }
      default:
        throw new UnknownInTemplate(`${stack.file}: ${name} is not known to the local cloud`);
    }
  }

  #sub(argument: unknown, stack: Stack): string {
    const [pattern, given] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, Record<string, unknown>];
    return pattern.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      if (name in given) return String(this.#resolve(given[name], stack));
      const [logicalId, attribute] = name.split(/\.(.*)/);
      return attribute === undefined
        ? String(this.#ref(name, stack))
        : this.#attribute(String(logicalId), attribute, stack);
    });
  }

  #ref(name: string, stack: Stack): unknown {
    switch (name) {
      case 'AWS::Region':
        return region;
      case 'AWS::AccountId':
        return account;
      case 'AWS::Partition':
        return 'aws';
      case 'AWS::URLSuffix':
        return 'amazonaws.com';
      case 'AWS::StackName':
        return stack.name;
      case 'AWS::StackId':
        return `arn:aws:cloudformation:${region}:${account}:stack/${stack.name}/local`;
      case 'AWS::NoValue':
        return noValue;
      default:
        return this.#identity(stack, name).physicalId;
    }
  }

  #attribute(logicalId: string, attribute: string, stack: Stack): string {
    const identity = this.#identity(stack, logicalId);
    const value = attribute === 'Arn' && identity.arn !== '' ? identity.arn : identity.attributes[attribute];
    if (value !== undefined) return value;
    throw unknownIn({ ...identity, properties: {} }, `the attribute ${attribute} is not known to the local cloud`);
  }
}

/** The properties that names and ARNs are made of. */
const identifying = new Set([
  'AlarmName',
  'DashboardName',
  'EventBusName',
  'FifoQueue',
  'FunctionName',
  'GroupName',
  'LogGroupName',
  'Name',
  'QueueName',
  'RoleName',
  'StageName',
  'TableName',
  'TopicName',
]);

/** As CloudFormation names what the template leaves unnamed, but the same at every start. Functions allow 64 letters. */
function generatedName(stack: string, logicalId: string): string {
  const unique = createHash('sha1').update(`${stack}/${logicalId}`).digest('hex').slice(0, 8);
  return `${`${stack}-${logicalId}`.slice(0, 50)}-${unique}`;
}

const atApi = (text: string, { apiEndpoint }: AssemblyOptions): string => text.replace(executeApi, () => apiEndpoint);
