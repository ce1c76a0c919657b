// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are CloudFormation's placeholders.
import { describe, expect, it } from '@jest/globals';
import { loadAssembly, UnknownInTemplate } from '../../lib/local/template.ts';
import { type Resources, type SmallStack, smallAssembly, temporaryFolder, writeAssembly } from './small-assembly.ts';

const table = {
  Type: 'AWS::DynamoDB::Table',
  Properties: { TableName: 'shop-accounts', KeySchema: [{ AttributeName: 'memberId', KeyType: 'HASH' }] },
};
const role = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } };

const resolved = (value: unknown, others: Resources = {}) => {
  const probe = { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'shop/probe', SecretString: value } };
  return smallAssembly({ 'shop-app': { Resources: { Probe: probe, ...others } } })
    .ofType('AWS::SecretsManager::Secret')
    .find(({ logicalId }) => logicalId === 'Probe')?.properties.SecretString;
};

describe('a stage is read from its templates', () => {
  it('with names as the template gives them, and ARNs made of them', () => {
    const assembly = smallAssembly({ 'shop-data': { Resources: { Accounts: table } } });
    expect(assembly.resources).toEqual([
      {
        logicalId: 'Accounts',
        stack: 'shop-data',
        file: expect.stringMatching(/shop-data\.template\.json$/),
        type: 'AWS::DynamoDB::Table',
        properties: table.Properties,
        physicalId: 'shop-accounts',
        arn: 'arn:aws:dynamodb:eu-central-1:000000000000:table/shop-accounts',
      },
    ]);
    expect(assembly.byArn('arn:aws:dynamodb:eu-central-1:000000000000:table/shop-accounts')?.logicalId).toBe(
      'Accounts',
    );
  });

  it('with names of its own where the template gives none, the same at each start', () => {
    const names = () =>
      smallAssembly({ 'shop-app': { Resources: { Queue: { Type: 'AWS::SQS::Queue' } } } }).resources[0]?.physicalId;
    expect(names()).toMatch(/^http:\/\/127\.0\.0\.1:4011\/000000000000\/shop-app-Queue-[0-9a-f]{8}$/);
    expect(names()).toBe(names());
  });

  it('with a function’s bundle where the asset is', () => {
    const lambda = {
      Type: 'AWS::Lambda::Function',
      Properties: { Code: { S3Bucket: { 'Fn::Sub': 'assets-${AWS::Region}' }, S3Key: 'abc.zip' }, Role: 'x' },
    };
    const [found] = smallAssembly({ 'shop-app': { Resources: { Accrue: lambda } } }).resources;
    expect(found?.properties.Code).toEqual({ directory: expect.stringMatching(/[\\/]asset\.abc$/) });
  });

  it('with references that lead from one stack to another', () => {
    const data: SmallStack = {
      Resources: { Accounts: table },
      Outputs: { Ref: { Value: { Ref: 'Accounts' }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}:Accounts' } } } },
    };
    const secret = {
      Type: 'AWS::SecretsManager::Secret',
      Properties: { Name: 'n', SecretString: { 'Fn::ImportValue': 'shop-data:Accounts' } },
    };
    const assembly = smallAssembly({ 'shop-app': { Resources: { Secret: secret } }, 'shop-data': data });
    expect(assembly.resources[0]?.properties.SecretString).toBe('shop-accounts');
    expect(assembly.outputs).toEqual({ Ref: 'shop-accounts' });
  });

  it('and another stage is refused with those there are', () => {
    const folder = temporaryFolder();
    writeAssembly(folder.path, {});
    const load = () => loadAssembly({ directory: folder.path, stage: 'kiosk', apiEndpoint: '', awsEndpoint: '' });
    expect(load).toThrow('no stage kiosk');
    expect(load).toThrow('there are shop');
    folder.remove();
  });
});

describe('intrinsics are resolved', () => {
  const api = { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'shop' } };
  const queue = { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'facts.fifo', FifoQueue: true } };
  it.each([
    ['Ref to a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-central-1'],
    ['Ref to a table', { Ref: 'Accounts' }, 'shop-accounts'],
    ['Ref to a queue', { Ref: 'Queue' }, 'http://127.0.0.1:4011/000000000000/facts.fifo'],
    ['GetAtt', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:eu-central-1:000000000000:facts.fifo'],
    [
      'GetAtt of a stream',
      { 'Fn::GetAtt': ['Accounts', 'StreamArn'] },
      'arn:aws:dynamodb:eu-central-1:000000000000:table/shop-accounts/stream/local',
    ],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Accounts' }]] }, 'a-shop-accounts'],
    [
      'Sub',
      { 'Fn::Sub': ['${Accounts} ${x} ${Queue.QueueName} ${!kept}', { x: 'y' }] },
      'shop-accounts y facts.fifo ${kept}',
    ],
    ['Select of Split', { 'Fn::Select': [1, { 'Fn::Split': ['-', { Ref: 'Accounts' }] }] }, 'accounts'],
    ['NoValue', { a: { Ref: 'AWS::NoValue' }, b: [1, { Ref: 'AWS::NoValue' }] }, { b: [1] }],
    ['the endpoint of the API', { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] }, 'http://127.0.0.1:4010'],
    [
      'the API’s URL put together by hand',
      {
        'Fn::Join': [
          '',
          [
            'https://',
            { Ref: 'Api' },
            '.execute-api.',
            { Ref: 'AWS::Region' },
            '.',
            { Ref: 'AWS::URLSuffix' },
            '/webhooks/shopify',
          ],
        ],
      },
      'http://127.0.0.1:4010/webhooks/shopify',
    ],
  ])('%s', (_, value, expected) => {
    expect(resolved(value, { Accounts: table, Queue: queue, Api: api })).toEqual(expected);
  });
});

describe('what it does not know stops the start, with file, logical id and property', () => {
  const refusal = (resources: Resources, sections: Record<string, unknown> = {}) => {
    try {
      smallAssembly({ 'shop-app': { ...sections, Resources: resources } });
    } catch (error) {
      expect(error).toBeInstanceOf(UnknownInTemplate);
      return (error as Error).message.replaceAll(/^.*[\\/]/gm, '');
    }
    throw new Error('was not refused');
  };

  it.each([
    [
      'a type',
      { Cache: { Type: 'AWS::DAX::Cluster' } },
      'Cache (AWS::DAX::Cluster): the type is not known to the local cloud',
    ],
    [
      'a property',
      { Queue: { Type: 'AWS::SQS::Queue', Properties: { Colour: 'red' } } },
      'Queue (AWS::SQS::Queue): the property Colour is not known to the local cloud',
    ],
    [
      'a condition',
      { Role: { ...role, Condition: 'Maybe' } },
      'Role (AWS::IAM::Role): Condition is not known to the local cloud',
    ],
    [
      'an intrinsic',
      { Role: { ...role, Properties: { RoleName: { 'Fn::FindInMap': ['a', 'b', 'c'] } } } },
      'Fn::FindInMap is not known to the local cloud',
    ],
    [
      'a reference to nothing',
      { Role: { ...role, Properties: { Path: { Ref: 'Nowhere' } } } },
      'there is no Nowhere to refer to',
    ],
    [
      'an attribute',
      { Role: { ...role, Properties: { Path: { 'Fn::GetAtt': ['Role', 'RoleId'] } } } },
      'Role (AWS::IAM::Role): the attribute RoleId is not known to the local cloud',
    ],
    [
      'a dynamic reference',
      { Role: { ...role, Properties: { Path: '{{resolve:ssm:key}}' } } },
      'the dynamic reference {{resolve:ssm:key}} is not known to the local cloud',
    ],
    [
      'code that is no asset',
      { Accrue: { Type: 'AWS::Lambda::Function', Properties: { Code: { ZipFile: 'exports' } } } },
      'Accrue (AWS::Lambda::Function): Code {"ZipFile":"exports"} is no asset of this assembly',
    ],
  ] satisfies [string, Resources, string][])('%s', (_, resources, message) => {
    expect(refusal(resources)).toBe(`shop-app.template.json: ${message}`);
  });

  it('a section', () => {
    expect(refusal({}, { Transform: 'x' })).toBe(
      'shop-app.template.json: the section Transform is not known to the local cloud',
    );
  });

  it('all of it at once', () => {
    expect(refusal({ A: { Type: 'A' }, B: { Type: 'B' } }).split('\n')).toHaveLength(2);
  });

  it('but not tags, alarms or what CDK says about itself', () => {
    const resources = {
      Metadata: { Type: 'AWS::CDK::Metadata', Condition: 'Somewhere' },
      Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: 'bell', Anything: 1 } },
      Queue: { Type: 'AWS::SQS::Queue', Properties: { Tags: [] }, DeletionPolicy: 'Retain', DependsOn: 'Alarm' },
    };
    expect(smallAssembly({ 'shop-app': { Resources: resources } }).resources).toHaveLength(2);
  });
});
