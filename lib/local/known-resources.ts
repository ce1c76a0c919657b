import { createHash } from 'node:crypto';

/** Where everything is, as far as ARNs go. */
export const region = 'eu-central-1';
export const account = '000000000000';

export type Properties = Readonly<Record<string, unknown>>;

/** Who a resource is: its own properties (resolved), and the names it has if the template gives none. */
interface Naming {
  readonly properties: Properties;
  /** Unique and the same at each start. */
  readonly generated: string;
  readonly awsEndpoint: string;
  readonly apiEndpoint: string;
}

interface Identity {
  readonly physicalId: string;
  readonly arn?: string;
  /** What `Fn::GetAtt` gives, besides `Arn`. */
  readonly attributes?: Readonly<Record<string, string>>;
}

interface Known {
  /** Properties that the local cloud acts upon. */
  readonly used: readonly string[];
  /** Properties without a meaning on one machine. `all`: the whole type is scenery here. */
  readonly ignored: readonly string[] | 'all';
  identify(naming: Naming): Identity;
}

const text = (value: unknown): string => String(value);
const named = (property: string, { properties, generated }: Naming): string => text(properties[property] ?? generated);
const arn = (service: string, resource: string): string => `arn:aws:${service}:${region}:${account}:${resource}`;
const global = (service: string, resource: string): string => `arn:aws:${service}::${account}:${resource}`;
const short = (name: string, length: number): string => createHash('sha1').update(name).digest('hex').slice(0, length);
/** The bus of a rule may be given by name or by ARN. */
export const busName = (value: unknown): string => text(value ?? 'default').replace(/^.*:event-bus\//, '');

/** A resource that is only ever referred to by what `Ref` gives. */
const unnamed = ({ generated }: Naming): Identity => ({ physicalId: generated });

export const knownResources: Readonly<Record<string, Known>> = {
  'AWS::DynamoDB::Table': {
    used: [
      'TableName',
      'AttributeDefinitions',
      'KeySchema',
      'GlobalSecondaryIndexes',
      'StreamSpecification',
      'TimeToLiveSpecification',
    ],
    ignored: [
      'BillingMode',
      'OnDemandThroughput',
      'PointInTimeRecoverySpecification',
      'DeletionProtectionEnabled',
      'SSESpecification',
      'TableClass',
      'ContributorInsightsSpecification',
      'Tags',
    ],
    identify(naming) {
      const physicalId = named('TableName', naming);
      const table = arn('dynamodb', `table/${physicalId}`);
      return { physicalId, arn: table, attributes: { StreamArn: streamArnOf(table) } };
    },
  },
  'AWS::SQS::Queue': {
    used: [
      'QueueName',
      'FifoQueue',
      'ContentBasedDeduplication',
      'DeduplicationScope',
      'VisibilityTimeout',
      'DelaySeconds',
      'ReceiveMessageWaitTimeSeconds',
      'MaximumMessageSize',
      'RedrivePolicy',
    ],
    // Retention too: nothing is lost for its age on a machine that is switched off at night and whose clock jumps.
    ignored: [
      'MessageRetentionPeriod',
      'FifoThroughputLimit',
      'RedriveAllowPolicy',
      'SqsManagedSseEnabled',
      'KmsMasterKeyId',
      'KmsDataKeyReusePeriodSeconds',
      'Tags',
    ],
    identify(naming) {
      const suffix = naming.properties.FifoQueue === true ? '.fifo' : '';
      const name = text(naming.properties.QueueName ?? `${naming.generated}${suffix}`);
      const url = `${naming.awsEndpoint}/${account}/${name}`;
      return { physicalId: url, arn: arn('sqs', name), attributes: { QueueName: name, QueueUrl: url } };
    },
  },
  'AWS::SQS::QueuePolicy': { used: ['PolicyDocument', 'Queues'], ignored: [], identify: unnamed },
  'AWS::Lambda::Function': {
    used: [
      'FunctionName',
      'Code',
      'Handler',
      'Runtime',
      'Role',
      'Environment',
      'Timeout',
      'MemorySize',
      'ReservedConcurrentExecutions',
    ],
    ignored: [
      'Architectures',
      'Description',
      'EphemeralStorage',
      'LoggingConfig',
      'RuntimeManagementConfig',
      'RecursiveLoop',
      'TracingConfig',
      'Tags',
    ],
    identify(naming) {
      const physicalId = named('FunctionName', naming);
      return { physicalId, arn: arn('lambda', `function:${physicalId}`) };
    },
  },
  'AWS::Lambda::EventSourceMapping': {
    used: [
      'BatchSize',
      'BisectBatchOnFunctionError',
      'DestinationConfig',
      'Enabled',
      'EventSourceArn',
      'FunctionName',
      'FunctionResponseTypes',
      'MaximumBatchingWindowInSeconds',
      'MaximumRecordAgeInSeconds',
      'MaximumRetryAttempts',
      'ParallelizationFactor',
      'ScalingConfig',
      'StartingPosition',
    ],
    ignored: ['MetricsConfig', 'Tags'],
    identify: unnamed,
  },
  'AWS::Lambda::Permission': {
    used: ['Action', 'FunctionName', 'Principal', 'SourceArn', 'SourceAccount'],
    ignored: [],
    identify: unnamed,
  },
  'AWS::IAM::Role': {
    used: ['AssumeRolePolicyDocument', 'ManagedPolicyArns', 'Policies', 'RoleName'],
    ignored: ['Description', 'MaxSessionDuration', 'Path', 'Tags'],
    identify(naming) {
      const physicalId = named('RoleName', naming);
      return { physicalId, arn: global('iam', `role/${physicalId}`) };
    },
  },
  'AWS::IAM::Policy': { used: ['PolicyDocument', 'PolicyName', 'Roles'], ignored: [], identify: unnamed },
  'AWS::Events::EventBus': {
    used: ['Name'],
    ignored: ['Description', 'LogConfig', 'Tags'],
    identify(naming) {
      const name = named('Name', naming);
      return { physicalId: name, arn: arn('events', `event-bus/${name}`), attributes: { Name: name } };
    },
  },
  'AWS::Events::Rule': {
    used: ['Name', 'EventBusName', 'EventPattern', 'State', 'Targets'],
    ignored: ['Description', 'Tags'],
    identify(naming) {
      const name = named('Name', naming);
      const bus = busName(naming.properties.EventBusName);
      const path = bus === 'default' ? name : `${bus}/${name}`;
      return { physicalId: path.replace('/', '|'), arn: arn('events', `rule/${path}`) };
    },
  },
  'AWS::Scheduler::Schedule': {
    used: [
      'Name',
      'GroupName',
      'ScheduleExpression',
      'ScheduleExpressionTimezone',
      'StartDate',
      'EndDate',
      'State',
      'Target',
    ],
    // A run may come late within its window; here it comes on time.
    ignored: ['Description', 'FlexibleTimeWindow', 'KmsKeyArn'],
    identify(naming) {
      const name = named('Name', naming);
      return {
        physicalId: name,
        arn: arn('scheduler', `schedule/${text(naming.properties.GroupName ?? 'default')}/${name}`),
      };
    },
  },
  'AWS::Scheduler::ScheduleGroup': {
    used: ['Name'],
    ignored: ['Tags'],
    identify(naming) {
      const name = named('Name', naming);
      return { physicalId: name, arn: arn('scheduler', `schedule-group/${name}`) };
    },
  },
  'AWS::ApiGatewayV2::Api': {
    used: ['Name', 'ProtocolType'],
    ignored: ['Description', 'Tags'],
    identify({ generated, apiEndpoint }) {
      const physicalId = short(generated, 10);
      return {
        physicalId,
        arn: `arn:aws:apigateway:${region}::/apis/${physicalId}`,
        attributes: { ApiEndpoint: apiEndpoint, ApiId: physicalId },
      };
    },
  },
  'AWS::ApiGatewayV2::Stage': {
    used: ['ApiId', 'StageName', 'AutoDeploy', 'DefaultRouteSettings', 'RouteSettings'],
    ignored: ['AccessLogSettings', 'Description', 'Tags'],
    identify: (naming) => ({ physicalId: named('StageName', naming) }),
  },
  'AWS::ApiGatewayV2::Route': {
    used: ['ApiId', 'RouteKey', 'Target', 'AuthorizationType'],
    ignored: ['OperationName'],
    identify: ({ generated }) => ({ physicalId: short(generated, 7) }),
  },
  'AWS::ApiGatewayV2::Integration': {
    used: ['ApiId', 'IntegrationType', 'IntegrationUri', 'PayloadFormatVersion', 'TimeoutInMillis'],
    ignored: ['Description', 'IntegrationMethod'],
    identify: ({ generated }) => ({ physicalId: short(generated, 7) }),
  },
  'AWS::SecretsManager::Secret': {
    used: ['Name', 'SecretString', 'GenerateSecretString'],
    ignored: ['Description', 'KmsKeyId', 'Tags'],
    identify(naming) {
      const name = named('Name', naming);
      // Secrets Manager adds six letters of its own, which policies by name have to allow for.
      const secret = arn('secretsmanager', `secret:${name}-${short(name, 6)}`);
      return { physicalId: secret, arn: secret, attributes: { Id: secret } };
    },
  },
  'AWS::SNS::Topic': {
    used: ['TopicName'],
    ignored: ['DisplayName', 'KmsMasterKeyId', 'Tags'],
    identify(naming) {
      const name = named('TopicName', naming);
      const topic = arn('sns', name);
      return { physicalId: topic, arn: topic, attributes: { TopicArn: topic, TopicName: name } };
    },
  },
  'AWS::SNS::TopicPolicy': { used: [], ignored: ['PolicyDocument', 'Topics'], identify: unnamed },
  'AWS::SNS::Subscription': { used: [], ignored: ['Endpoint', 'Protocol', 'TopicArn'], identify: unnamed },
  'AWS::CloudWatch::Alarm': {
    used: [],
    ignored: 'all',
    identify(naming) {
      const name = named('AlarmName', naming);
      return { physicalId: name, arn: arn('cloudwatch', `alarm:${name}`) };
    },
  },
  'AWS::CloudWatch::Dashboard': {
    used: [],
    ignored: 'all',
    identify: (naming) => ({ physicalId: named('DashboardName', naming) }),
  },
  'AWS::Logs::LogGroup': {
    used: [],
    ignored: 'all',
    identify(naming) {
      const name = named('LogGroupName', naming);
      return { physicalId: name, arn: arn('logs', `log-group:${name}:*`) };
    },
  },
};

/**
 * The label that AWS puts at the end of a stream's ARN is a time of day, known only once the table is made. Here the
 * template's ARN ends in this word, and the front puts in the real one.
 */
export const streamArnOf = (tableArn: string): string => `${tableArn}/stream/local`;
