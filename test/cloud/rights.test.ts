import { describe, expect, it } from '@jest/globals';
import acuraNorth from '../../merchants/acura-north.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant } from '../../merchants/merchant.ts';
import { type Resource, Stacks } from './stacks.ts';

const cafe = new Stacks(checkMerchant(artCafe, 'art-cafe.ts'));
const dealership = new Stacks(checkMerchant(acuraNorth, 'acura-north.ts'));

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

const statementsOf = ({ type, properties }: Resource): readonly Statement[] => {
  if (type === 'AWS::IAM::Role') {
    // biome-ignore lint/suspicious/noExplicitAny: a template is as loose as JSON is
    return properties.Policies.flatMap((policy: any) => policy.PolicyDocument.Statement);
  }
  return properties.PolicyDocument?.Statement ?? [];
};

/** What a function may do, a line for each thing: `accounts: GetItem PutItem`. */
function rightsOf(stacks: Stacks, name: string): Record<string, string> {
  const lambda = stacks
    .ofType('AWS::Lambda::Function')
    .find((one) => one.properties.FunctionName === `${stacks.stage.stageName}-${name}`);
  if (!lambda) throw new Error(`no function ${name}`);
  const rights = new Map<string, Set<string>>();
  for (const { Action, Resource } of statementsOf(stacks.behind(lambda.properties.Role))) {
    for (const resource of [Resource].flat()) {
      const actions = rights.get(stacks.nameOf(resource)) ?? new Set();
      for (const action of [Action].flat()) actions.add(action.replace(/^.*:/, ''));
      rights.set(stacks.nameOf(resource), actions);
    }
  }
  return Object.fromEntries([...rights].map(([thing, actions]) => [thing, [...actions].sort().join(' ')]));
}

const log = (name: string) => ({ [`/aws/lambda/art-cafe-${name}`]: 'CreateLogStream PutLogEvents' });
const journal = { accounts: 'GetItem PutItem', entries: 'GetItem PutItem Query' };
const consume = 'DeleteMessage GetQueueAttributes ReceiveMessage';

describe('a function may do this, and nothing else', () => {
  it.each([
    [
      'members',
      {
        ...journal,
        members: 'DeleteItem GetItem PutItem Query',
        program: 'DeleteItem GetItem Query UpdateItem',
        'facts.fifo': 'SendMessage',
      },
    ],
    ['sales', { ...journal, members: 'GetItem', program: 'GetItem PutItem Query UpdateItem' }],
    ['activities', { ...journal, members: 'GetItem', program: 'GetItem Query UpdateItem' }],
    ['redemptions', { ...journal, members: 'GetItem', program: 'DeleteItem GetItem PutItem Query UpdateItem' }],
    ['rewards', { ...journal, members: 'GetItem', program: 'DeleteItem GetItem PutItem Query UpdateItem' }],
    [
      'campaigns',
      {
        accounts: 'GetItem Scan',
        entries: 'GetItem Query',
        members: 'GetItem',
        program: 'GetItem PutItem Query UpdateItem',
        sweeps: 'SendMessage',
        'art-cafe/campaign-*': 'CreateSchedule DeleteSchedule',
        [cafe.ofType('AWS::IAM::Role').find(({ id }) => id.startsWith('SchedulerRole'))?.id ?? '']: 'PassRole',
      },
    ],
    ['messages', { members: 'GetItem', program: 'DeleteItem GetItem PutItem Query UpdateItem', plan: 'SendMessage' }],
    [
      'sharing',
      {
        accounts: 'GetItem PutItem',
        entries: 'ConditionCheckItem GetItem PutItem Query',
        members: 'GetItem',
        program: 'GetItem PutItem UpdateItem',
      },
    ],
    [
      'staff',
      {
        ...journal,
        members: 'ConditionCheckItem GetItem PutItem',
        program: 'DeleteItem GetItem PutItem Query UpdateItem',
      },
    ],
    [
      'accrue',
      {
        ...journal,
        members: 'DeleteItem GetItem PutItem',
        program: 'DeleteItem GetItem PutItem Query UpdateItem',
        'facts.fifo': `${consume} SendMessage`,
        'facts-parked.fifo': 'SendMessage',
        plan: 'SendMessage',
      },
    ],
    [
      'plan',
      {
        members: 'GetItem',
        program: 'GetItem PutItem Query UpdateItem',
        'facts.fifo': 'SendMessage',
        plan: `${consume} SendMessage`,
        'twilio-sms-outbound': 'GetQueueUrl SendMessage',
        'art-cafe/message-*': 'CreateSchedule DeleteSchedule',
        [cafe.ofType('AWS::IAM::Role').find(({ id }) => id.startsWith('SchedulerRole'))?.id ?? '']: 'PassRole',
      },
    ],
    ['unsubscribe', { program: 'UpdateItem', 'facts.fifo': 'SendMessage' }],
    [
      'publish',
      {
        entries: 'DescribeStream GetRecords GetShardIterator ListStreams',
        events: 'PutEvents',
        program: 'DeleteItem GetItem PutItem Query',
        'facts.fifo': 'SendMessage',
        'relay-dead': 'SendMessage',
      },
    ],
    [
      'tally',
      {
        entries: 'DescribeStream GetRecords GetShardIterator ListStreams Query',
        reports: 'BatchGetItem PutItem UpdateItem',
        'tally-dead': 'SendMessage',
      },
    ],
    ['reports', { reports: 'Query', members: 'BatchGetItem', program: 'GetItem Query UpdateItem' }],
    [
      'expire',
      {
        ...journal,
        accounts: 'GetItem PutItem Scan UpdateItem',
        'accounts/index/expiryDue': 'Query Scan',
        'accounts/index/inactiveDue': 'Query Scan',
        'accounts/index/reviewDue': 'Query Scan',
        members: 'BatchGetItem GetItem',
        reports: 'GetItem Query',
        'members/index/birthdayDue': 'Query Scan',
        'members/index/joinedDue': 'Query Scan',
        program: 'GetItem PutItem Query UpdateItem',
        sweeps: `${consume} SendMessage`,
        events: 'PutEvents',
      },
    ],
    [
      'audit',
      {
        accounts: 'GetItem Scan',
        entries: 'Query',
        program: 'GetItem PutItem Query UpdateItem',
        audit: `${consume} SendMessage`,
      },
    ],
    [
      'receive-shopify',
      {
        shopify: 'GetSecretValue',
        'facts.fifo': 'SendMessage',
        program: 'UpdateItem',
        'shopify-intake': consume,
        'shopify-intake-parked': 'SendMessage',
      },
    ],
    [
      'tend-shopify',
      {
        shopify: 'GetSecretValue',
        program: 'GetItem UpdateItem',
        'facts.fifo': 'SendMessage',
        'shopify-tending': `ChangeMessageVisibility ${consume.replace(' ReceiveMessage', '')} ReceiveMessage SendMessage`,
        'shopify-tending-parked': 'SendMessage',
      },
    ],
    [
      'deliver-twilio-sms',
      {
        'twilio-sms': 'GetSecretValue',
        members: 'GetItem',
        plan: 'SendMessage',
        program: 'GetItem PutItem UpdateItem',
        'facts.fifo': 'SendMessage',
        'twilio-sms-outbound': `ChangeMessageVisibility ${consume}`,
        'twilio-sms-outbound-parked': 'SendMessage',
      },
    ],
    [
      'deliver-slack',
      {
        slack: 'GetSecretValue',
        program: 'GetItem UpdateItem',
        'slack-outbound': `ChangeMessageVisibility ${consume}`,
        'slack-outbound-parked': 'SendMessage',
      },
    ],
  ])('%s', (name, rights) => {
    expect(rightsOf(cafe, name)).toEqual({ ...rights, ...log(name) });
  });

  it('and no two share a role', () => {
    const roles = cafe.ofType('AWS::Lambda::Function').map((one) => cafe.behind(one.properties.Role).id);
    expect(new Set(roles).size).toBe(roles.length);
  });

  it('and nobody changes or removes what the journal says', () => {
    for (const role of cafe.ofType('AWS::IAM::Role')) {
      for (const { Action, Resource } of statementsOf(role)) {
        const onEntries = [Resource].flat().some((resource) => cafe.nameOf(resource) === 'entries');
        if (onEntries) expect([Action].flat()).not.toContain('dynamodb:UpdateItem');
        if (onEntries) expect([Action].flat()).not.toContain('dynamodb:DeleteItem');
      }
    }
  });
});

/** Every wildcard there is, with its reason. A new one needs a line here. */
const WILDCARDS: readonly { readonly reason: string; readonly is: (statement: Statement) => boolean }[] = [
  {
    reason: 'a refusal, of whatever comes unencrypted',
    is: ({ Effect, Action, Condition }) =>
      Effect === 'Deny' &&
      ['sqs:*', 'sns:Publish'].includes(String(Action)) &&
      JSON.stringify(Condition) === '{"Bool":{"aws:SecureTransport":"false"}}',
  },
  {
    reason:
      'schedules of campaigns and of messages, of which nobody knows before what they will be called: all in the merchant’s group',
    is: ({ Effect, Action, Resource }) =>
      Effect === 'Allow' &&
      String(Action) === 'scheduler:CreateSchedule,scheduler:DeleteSchedule' &&
      /:schedule\/",\{"Ref":"Schedules"\},"\/(campaign|message)-\*"\]\]\}$/.test(JSON.stringify(Resource)),
  },
];

it('Scheduler may put messages into the queues that a schedule is for, and nothing else', () => {
  const roles = cafe.ofType('AWS::Scheduler::Schedule').map(({ properties }) => ({
    queue: cafe.nameOf(properties.Target.Arn),
    may: statementsOf(cafe.behind(properties.Target.RoleArn)).map(({ Action, Resource }) => [
      Action,
      [Resource]
        .flat()
        .map((one) => cafe.nameOf(one))
        .sort(),
    ]),
  }));
  const engine = ['audit', 'audit-parked', 'plan', 'plan-parked', 'sweeps', 'sweeps-parked'];
  for (const { queue, may } of roles)
    expect(may).toEqual([['sqs:SendMessage', engine.includes(queue) ? engine : [queue, `${queue}-parked`]]]);
  expect([...new Set(roles.map(({ queue }) => queue))]).toEqual([
    'sweeps',
    'audit',
    'shopify-tending',
    'stripe-tending',
  ]);
});

describe.each([
  ['café', cafe],
  ['dealership', dealership],
])('no wildcard without a reason: the %s', (_, stacks) => {
  const everywhere = stacks.resources.flatMap((resource) =>
    statementsOf(resource).map((statement) => [`${resource.stack}/${resource.id}`, statement] as const),
  );

  it.each(everywhere)('%s', (_path, statement) => {
    if (WILDCARDS.some(({ is }) => is(statement))) return;
    expect(statement.Effect).toBe('Allow');
    for (const action of [statement.Action].flat()) expect(action).toMatch(/^[a-z]+:[A-Za-z]+$/);
    // A reference to one resource of ours, perhaps to an index of it: no text, in which a wildcard could hide.
    for (const resource of [statement.Resource].flat()) expect(stacks.nameOf(resource)).not.toContain('*');
    expect(JSON.stringify(statement.Principal ?? {})).not.toContain('*');
    if (statement.Principal) expect(statement.Condition).toBeDefined();
  });

  it('knows every kind of policy there is', () => {
    const withPolicies = stacks.resources.filter(({ properties }) =>
      /Policy(Document)?"|Policies"/.test(JSON.stringify(properties ?? {})),
    );
    expect([...new Set(withPolicies.map(({ type }) => type))].sort()).toEqual([
      'AWS::IAM::Role',
      'AWS::SNS::TopicPolicy',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
    ]);
  });

  it('passes a role to schedules, and to nothing else', () => {
    const passing = everywhere.flatMap(([, statement]) =>
      [statement.Action].flat().includes('iam:PassRole') ? [statement.Condition] : [],
    );
    // Campaigns, and messages that wait.
    expect(passing).toEqual([0, 1].map(() => ({ StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } })));
  });

  it('lets nobody be whom they are not', () => {
    for (const { properties } of stacks.ofType('AWS::IAM::Role')) {
      expect(properties.ManagedPolicyArns).toBeUndefined();
      for (const { Principal, Condition } of properties.AssumeRolePolicyDocument.Statement) {
        expect(['lambda.amazonaws.com', 'scheduler.amazonaws.com']).toContain(Principal.Service);
        if (Principal.Service === 'scheduler.amazonaws.com')
          expect(Condition).toEqual({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } });
      }
    }
  });
});
