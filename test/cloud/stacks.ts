import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { Bundles } from '../../lib/cloud/bundles.ts';
import { prefixOf } from '../../lib/cloud/deployment.ts';
import { MerchantStage } from '../../lib/cloud/merchant-stage.ts';
import type { Merchant } from '../../merchants/merchant.ts';

/** Code that nobody runs: the stacks are looked at, not started. */
const noCode: Bundles = { code: () => Code.fromInline('exports.handler = async () => {};') };

export interface Resource {
  readonly stack: string;
  readonly id: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is as loose as JSON is
  readonly properties: any;
  readonly deletionPolicy: string | undefined;
}

/** What the templates say. */
interface Said {
  readonly templates: { readonly data: Template; readonly app: Template; readonly connectors: Template };
  readonly resources: readonly Resource[];
  readonly exports: ReadonlyMap<string, unknown>;
}

/** One merchant's templates, and a way to ask them by the names that people use. */
export class Stacks {
  readonly stage: MerchantStage;
  #said: Said | undefined;

  constructor(merchant: Merchant, stage?: string) {
    const app = new App({ analyticsReporting: false, builtinCloudFormationValidation: false, context: CONTEXT });
    this.stage = new MerchantStage(app, { merchant, stage, prefix: prefixOf(merchant.id, stage), bundles: noCode });
  }

  /** Written when somebody asks for them, since that takes as long as all before it. */
  #read(): Said {
    this.#said ??= saidBy(this.stage);
    return this.#said;
  }

  get templates(): Said['templates'] {
    return this.#read().templates;
  }

  get resources(): readonly Resource[] {
    return this.#read().resources;
  }

  ofType(type: string): readonly Resource[] {
    return this.resources.filter((resource) => resource.type === type);
  }

  /** The resource that a reference in a template leads to, over the borders of stacks. */
  behind(reference: unknown): Resource {
    const { id } = this.#follow(reference);
    const found = this.resources.find((resource) => resource.id === id);
    if (!found) throw new Error(`nothing behind ${JSON.stringify(reference)}`);
    return found;
  }

  /** What people call it: `accounts`, `accounts/index/expiryDue`, `facts.fifo`, without the merchant's own prefix. */
  nameOf(reference: unknown): string {
    const { Join, rest } = joined(reference);
    // By its name alone, where the one is there before the other: there must be such a one.
    const resource = Join === undefined ? this.#named(rest) : this.behind(Join);
    if (Join === undefined) return this.nameOf({ Ref: resource.id });
    const name = NAMED_BY.map((property) => resource.properties[property]).find((value) => typeof value === 'string');
    return `${String(name ?? resource.id).replace(new RegExp(`^${this.stage.stageName}[-/]`), '')}${rest}`;
  }

  #named(name: string): Resource {
    const found = this.resources.find(({ properties }) => NAMED_BY.some((property) => properties?.[property] === name));
    if (!found) throw new Error(`nothing is called ${name}`);
    return found;
  }

  #follow(reference: unknown): { id: string } {
    const value = reference as { Ref?: string; 'Fn::GetAtt'?: [string, string]; 'Fn::ImportValue'?: string };
    if (value.Ref) return { id: value.Ref };
    if (value['Fn::GetAtt']) return { id: value['Fn::GetAtt'][0] };
    if (value['Fn::ImportValue']) return this.#follow(this.#read().exports.get(value['Fn::ImportValue']));
    throw new Error(`not a reference: ${JSON.stringify(reference)}`);
  }
}

function saidBy(stage: MerchantStage): Said {
  const [connectors, ...apart] = stage.connectors.map((stack) => [stack.node.id, Template.fromStack(stack)] as const);
  if (!connectors) throw new Error('no stack of connectors');
  const templates = {
    data: Template.fromStack(stage.data),
    app: Template.fromStack(stage.app),
    connectors: connectors[1],
  };
  const resources: Resource[] = [];
  const exports = new Map<string, unknown>();
  for (const [stack, template] of [...Object.entries(templates), ...apart]) {
    const { Resources = {}, Outputs = {} } = template.toJSON();
    // biome-ignore lint/suspicious/noExplicitAny: see above
    for (const [id, resource] of Object.entries<any>(Resources)) {
      resources.push({
        stack,
        id,
        type: resource.Type,
        properties: resource.Properties,
        deletionPolicy: resource.DeletionPolicy,
      });
    }
    // biome-ignore lint/suspicious/noExplicitAny: see above
    for (const output of Object.values<any>(Outputs)) {
      if (output.Export) exports.set(output.Export.Name, output.Value);
    }
  }
  return { templates, resources, exports };
}

const NAMED_BY = ['TableName', 'QueueName', 'FunctionName', 'LogGroupName', 'Name', 'TopicName'];

const CONTEXT = {
  '@aws-cdk/aws-iam:minimizePolicies': true,
  '@aws-cdk/core:target-partitions': ['aws'],
  // Where in our code each resource was made, which nobody asks here, took a quarter of the time.
  'aws:cdk:disable-creation-stack-traces': true,
};

/** An ARN with something after it, as CDK writes it. */
function joined(reference: unknown): { Join: unknown; rest: string } {
  const parts = (reference as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join']?.[1];
  if (typeof parts?.[0] === 'string') {
    // Spelled out: what is named begins with the first thing of ours.
    const own = parts.findIndex((part) => /^\{"(Ref":"(?!AWS::)|Fn::)/.test(JSON.stringify(part)));
    if (own === -1) return { Join: undefined, rest: String(parts.at(-1)).split(':').at(-1) ?? '' };
    return { Join: parts[own], rest: parts.slice(own + 1).join('') };
  }
  return parts ? { Join: parts[0], rest: parts.slice(1).join('') } : { Join: reference, rest: '' };
}
