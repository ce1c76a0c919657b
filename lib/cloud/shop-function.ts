import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type IFunction, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { type Access, allow } from './access.ts';
import { glance, ring } from './bell.ts';
import type { Deployment } from './deployment.ts';
import { type FunctionName, physicalNameOf } from './functions.ts';

export interface ShopFunctionProps {
  readonly deployment: Deployment;
  /** Which bundle it runs; also ends its physical name: `members`, `receive-shopify`. */
  readonly name: FunctionName;
  readonly timeout: Duration;
  readonly may: readonly Access[];
  readonly bell: ITopic;
  /** Never two of it at the same time. */
  readonly alone?: true;
}

/** A function, the role that holds it to what it was given, its log, and the bells for when it fails. */
export class ShopFunction extends Construct {
  readonly handler: IFunction;
  readonly functionName: string;

  constructor(scope: Construct, id: string, props: ShopFunctionProps) {
    super(scope, id);
    const { deployment, name } = props;
    this.functionName = physicalNameOf(deployment.prefix, name);

    const log = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${this.functionName}`,
      // The journal is the record. A log is for the weeks in which someone may still look.
      retention: deployment.stage === undefined ? RetentionDays.THREE_MONTHS : RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${this.functionName} may do, and nothing else`,
      inlinePolicies: {
        may: new PolicyDocument({
          statements: [
            // The group's ARN ends in a wildcard: Lambda names the streams in it as it likes.
            allow(['logs:CreateLogStream', 'logs:PutLogEvents'], log.logGroupArn),
            ...props.may.flatMap((access) => access.statements),
          ],
        }),
      },
    });

    this.handler = new LambdaFunction(this, 'Function', {
      functionName: this.functionName,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      // A third of a processor: below it, the SDK's start-up alone takes a till's patience.
      memorySize: 512,
      timeout: props.timeout,
      ...(props.alone && { reservedConcurrentExecutions: 1 }),
      handler: 'index.handler',
      code: deployment.bundles.code(deployment.merchant, name),
      // Closed to CDK, whose constructs would otherwise add to it what they think is needed.
      role: role.withoutPolicyUpdates(),
      logGroup: log,
      environment: {
        ...Object.assign({}, ...props.may.map((access) => access.environment)),
        MERCHANT_ID: deployment.merchant.id,
        POWERTOOLS_SERVICE_NAME: this.functionName,
        POWERTOOLS_METRICS_NAMESPACE: NAMESPACE,
        POWERTOOLS_LOG_LEVEL: 'INFO',
      },
    });

    ring(this, 'Failing', props.bell, {
      metric: this.handler.metricErrors({ period: glance, statistic: 'Sum' }),
      above: 0,
      because: `${this.functionName} threw or ran out of time: read its log`,
    });
    // One that works alone is refused whenever there is work for two.
    if (props.alone) return;
    ring(this, 'Throttled', props.bell, {
      metric: this.handler.metricThrottles({ period: glance, statistic: 'Sum' }),
      above: 0,
      because: `${this.functionName} was refused by Lambda: the account's concurrency is used up`,
    });
  }

  /** Rings when the function counts this more than `above` times within the period. */
  ringOn(
    id: string,
    bell: ITopic,
    metricName: string,
    props: { above: number; period: Duration; because: string },
  ): void {
    ring(this, id, bell, {
      metric: countedBy(this.functionName, metricName, props.period),
      above: props.above,
      because: props.because,
    });
  }
}

const NAMESPACE = 'Stampbook';

/** A metric that a function counts itself, by its name. */
export const countedBy = (functionName: string, metricName: string, period: Duration): Metric =>
  new Metric({ namespace: NAMESPACE, metricName, dimensionsMap: { service: functionName }, statistic: 'Sum', period });
