import { describe, expect, it } from '@jest/globals';
import { AccessDenied, readRoles } from '../../lib/local/roles.ts';
import { UnknownInTemplate } from '../../lib/local/template.ts';
import { type Resources, smallAssembly } from './small-assembly.ts';

const accounts = 'arn:aws:dynamodb:eu-central-1:000000000000:table/shop-accounts';
const queue = 'arn:aws:sqs:eu-central-1:000000000000:shop-outbound';

const withStatements = (Statement: unknown, more: Resources = {}) =>
  readRoles(
    smallAssembly({
      'shop-app': {
        Resources: {
          Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'accrue-role' } },
          Policy: {
            Type: 'AWS::IAM::Policy',
            Properties: { PolicyName: 'p', PolicyDocument: { Statement }, Roles: [{ Ref: 'Role' }] },
          },
          Accrue: {
            Type: 'AWS::Lambda::Function',
            Properties: {
              FunctionName: 'shop-accrue',
              Code: { S3Key: 'abc.zip' },
              Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
            },
          },
          ...more,
        },
      },
    }),
  );

const allow = (Action: unknown, Resource: unknown, more = {}) => ({ Effect: 'Allow', Action, Resource, ...more });
const deny = (Action: unknown, Resource: unknown) => ({ Effect: 'Deny', Action, Resource });

const may = (Statement: unknown, action = 'dynamodb:PutItem', resource = accounts): boolean => {
  try {
    withStatements(Statement).checkFunction('shop-accrue', { action, resource });
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(AccessDenied);
    return false;
  }
};

describe('a function may do what its role says', () => {
  it.each([
    ['exactly that', allow('dynamodb:PutItem', accounts), true],
    ['one action of several', [allow(['dynamodb:GetItem', 'dynamodb:PutItem'], [accounts])], true],
    ['an action in other letters, as IAM reads them', allow('dynamodb:putitem', accounts), true],
    ['a wildcard in the resource', allow('dynamodb:PutItem', `${accounts.slice(0, -3)}*`), true],
    ['a wildcard in the action', allow('dynamodb:Put*', accounts), true],
    ['another action', allow('dynamodb:GetItem', accounts), false],
    ['another resource', allow('dynamodb:PutItem', `${accounts}-old`), false],
    ['a resource in other letters', allow('dynamodb:PutItem', accounts.toUpperCase()), false],
    ['the index only', allow('dynamodb:PutItem', `${accounts}/index/*`), false],
    ['nothing', [], false],
    ['a deny beside the allow', [allow('dynamodb:*', '*'), deny('dynamodb:PutItem', accounts)], false],
    [
      'a condition that holds',
      allow('dynamodb:PutItem', accounts, { Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
      true,
    ],
    [
      'a condition that does not hold',
      allow('dynamodb:PutItem', accounts, { Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      false,
    ],
  ])('%s', (_, statements, expected) => {
    expect(may(statements)).toBe(expected);
  });

  it('and a refusal names function, action and resource', () => {
    const roles = withStatements([]);
    expect(() => roles.checkFunction('shop-accrue', { action: 'dynamodb:PutItem', resource: accounts })).toThrow(
      `User: arn:aws:sts::000000000000:assumed-role/accrue-role/shop-accrue is not authorized to perform: dynamodb:PutItem on resource: ${accounts} because no identity-based policy allows the dynamodb:PutItem action`,
    );
  });

  it.each([
    ['another part of a statement', allow('a:B', '*', { NotAction: 'x' }), 'NotAction'],
    [
      'another condition',
      allow('a:B', '*', { Condition: { StringEquals: { 'aws:username': 'x' } } }),
      'StringEquals aws:username',
    ],
  ])('%s stops the start', (_, statement, what) => {
    expect(() => withStatements(statement)).toThrow(UnknownInTemplate);
    expect(() => withStatements(statement)).toThrow(`Policy (AWS::IAM::Policy): `);
    expect(() => withStatements(statement)).toThrow(what);
  });

  it('and so does a managed policy that is not just logs', () => {
    const role = (ManagedPolicyArns: string[]) => ({
      R: { Type: 'AWS::IAM::Role', Properties: { ManagedPolicyArns } },
    });
    withStatements([], role(['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole']));
    expect(() => withStatements([], role(['arn:aws:iam::aws:policy/AdministratorAccess']))).toThrow(
      'AdministratorAccess',
    );
  });
});

describe('the bus may send to a queue when the queue’s policy lets it', () => {
  const rule = 'arn:aws:events:eu-central-1:000000000000:rule/shop/sms';
  const policy = (statement: Record<string, unknown>) =>
    withStatements([], {
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'shop-outbound' } },
      QueuePolicy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [{ Ref: 'Queue' }],
          PolicyDocument: {
            Statement: [
              statement,
              {
                ...deny('sqs:*', queue),
                Principal: { AWS: '*' },
                Condition: { Bool: { 'aws:SecureTransport': 'false' } },
              },
            ],
          },
        },
      },
    });
  const send = (statement: Record<string, unknown>) => () =>
    policy(statement).checkService('events.amazonaws.com', rule, { action: 'sqs:SendMessage', resource: queue });
  const grant = { ...allow('sqs:SendMessage', queue), Principal: { Service: 'events.amazonaws.com' } };

  it('for this rule', () => {
    expect(send({ ...grant, Condition: { ArnEquals: { 'aws:SourceArn': rule } } })).not.toThrow();
  });
  it.each([
    ['for another rule', { ...grant, Condition: { ArnEquals: { 'aws:SourceArn': `${rule}2` } } }],
    ['for another service', { ...grant, Principal: { Service: 's3.amazonaws.com' } }],
    ['for another action', { ...grant, Action: 'sqs:ReceiveMessage' }],
  ])('not %s', (_, statement) => {
    expect(send(statement)).toThrow(
      `events.amazonaws.com for ${rule} is not authorized to perform: sqs:SendMessage on resource: ${queue}`,
    );
  });
});

describe('a service acts under a role it is given', () => {
  it('within that role', () => {
    const roles = withStatements(allow('sqs:SendMessage', queue));
    const role = 'arn:aws:iam::000000000000:role/accrue-role';
    expect(() => roles.checkRole(role, 'nightly', { action: 'sqs:SendMessage', resource: queue })).not.toThrow();
    expect(() => roles.checkRole(role, 'nightly', { action: 'sqs:DeleteMessage', resource: queue })).toThrow(
      'accrue-role/nightly',
    );
    expect(() => roles.checkRole(`${role}-gone`, 'nightly', { action: 'sqs:SendMessage', resource: queue })).toThrow(
      AccessDenied,
    );
  });
});
