import { describe, expect, it } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { Temporal } from 'temporal-polyfill';
import { configOf } from '../../lib/cloud/bundles.ts';
import { APP_FUNCTIONS } from '../../lib/cloud/functions.ts';
import type { Manifest } from '../../lib/connectors/contract.ts';
import { type ConnectorId, manifests } from '../../lib/connectors/manifests.ts';
import acuraNorth from '../../merchants/acura-north.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant, type MerchantInput, use } from '../../merchants/merchant.ts';
import { operations } from '../../scripts/generate/openapi.ts';
import { fixtures } from '../connectors/fixtures/index.ts';
import { Stacks } from './stacks.ts';

const merchant = (input: MerchantInput) => checkMerchant(input, `${input.id}.ts`);
const cafe = new Stacks(merchant(artCafe));
const copy = new Stacks(merchant(artCafe), 'dev');
const everyShop = [
  ['the café', cafe],
  ['the dealership', new Stacks(merchant(acuraNorth))],
  ['a copy of the café', copy],
] as const;

describe('what a vendor bears at the same time', () => {
  const settings = { spreadsheetId: '1'.repeat(44) };
  const stacks = new Stacks(
    merchant({
      ...artCafe,
      id: 'sheets',
      connectors: [use('google-sheets', settings, ['points.earned']), use('slack', {}, ['fraud.flagged'])],
    }),
  );
  const worker = (name: string) => {
    const [found] = stacks
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => properties.FunctionName === `sheets-${name}`);
    if (!found) throw new Error(`no function ${name}`);
    return found;
  };
  const mappingOf = (name: string) =>
    stacks
      .ofType('AWS::Lambda::EventSourceMapping')
      .find(({ properties }) => stacks.behind(properties.FunctionName).id === worker(name).id);
  const throttled = (name: string) =>
    stacks
      .ofType('AWS::CloudWatch::Alarm')
      .filter(
        ({ properties }) =>
          properties.MetricName === 'Throttles' && stacks.behind(properties.Dimensions[0].Value).id === worker(name).id,
      );

  it('is what its manifest says', () => {
    expect(worker('deliver-slack').properties.ReservedConcurrentExecutions).toBeUndefined();
    expect(mappingOf('deliver-slack')?.properties.ScalingConfig).toEqual({
      MaximumConcurrency: manifests.slack.limits.concurrency,
    });
    expect(throttled('deliver-slack')).toHaveLength(1);
  });

  it('is one, where it says one: a mapping takes no fewer than two, so the function lets in one', () => {
    expect(manifests['google-sheets'].limits.concurrency).toBe(1);
    expect(worker('deliver-google-sheets').properties.ReservedConcurrentExecutions).toBe(1);
    expect(mappingOf('deliver-google-sheets')?.properties.ScalingConfig).toEqual({ MaximumConcurrency: 2 });
    // The second one that waits for the first is nothing that anybody need be woken for.
    expect(throttled('deliver-google-sheets')).toEqual([]);
  });
});

describe.each(everyShop)('%s', (_, stacks) => {
  it('does every work that can fail through a queue: rules and schedules never call a function', () => {
    const targets = [
      ...stacks.ofType('AWS::Events::Rule').flatMap(({ properties }) => properties.Targets),
      ...stacks.ofType('AWS::Scheduler::Schedule').map(({ properties }) => properties.Target),
    ];
    expect(targets.length).toBeGreaterThan(3);
    for (const target of targets) {
      const queue = stacks.behind(target.Arn);
      expect(queue.type).toBe('AWS::SQS::Queue');
      // What the queue itself would not take waits where that queue's own failures wait.
      expect(target.DeadLetterConfig.Arn).toEqual(queue.properties.RedrivePolicy.deadLetterTargetArn);
    }
  });

  it('gives a message six times its function’s time', () => {
    const queueSources = stacks
      .ofType('AWS::Lambda::EventSourceMapping')
      .filter(({ properties }) => stacks.behind(properties.EventSourceArn).type === 'AWS::SQS::Queue');
    expect(queueSources.length).toBeGreaterThan(4);
    for (const { properties } of queueSources) {
      const queue = stacks.behind(properties.EventSourceArn);
      const worker = stacks.behind(properties.FunctionName);
      expect(queue.properties.VisibilityTimeout).toBe(worker.properties.Timeout * 6);
      expect(properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
      expect(properties.ScalingConfig.MaximumConcurrency).toBeGreaterThanOrEqual(2);
    }
  });

  it('loses no message: every queue that is worked on has dead letters, which are kept longer and ring', () => {
    const watched = stacks
      .ofType('AWS::CloudWatch::Alarm')
      .filter(({ properties }) => properties.MetricName === 'ApproximateNumberOfMessagesVisible')
      .map(({ properties }) => stacks.behind(properties.Dimensions[0].Value).id);
    for (const { properties } of stacks.ofType('AWS::SQS::Queue').filter((queue) => queue.properties.RedrivePolicy)) {
      const dead = stacks.behind(properties.RedrivePolicy.deadLetterTargetArn);
      expect(dead.properties.MessageRetentionPeriod).toBeGreaterThan(properties.MessageRetentionPeriod);
      expect(dead.properties.FifoQueue).toBe(properties.FifoQueue);
      expect(watched).toContain(dead.id);
    }
  });

  it('rings for every function that fails or is refused, and for every queue that is late', () => {
    const rings = (metric: string) =>
      stacks
        .ofType('AWS::CloudWatch::Alarm')
        .filter(({ properties }) => properties.MetricName === metric)
        .map(({ properties }) => stacks.behind(properties.Dimensions[0].Value).id)
        .sort();
    const functions = stacks
      .ofType('AWS::Lambda::Function')
      .map(({ id }) => id)
      .sort();
    const worked = stacks
      .ofType('AWS::SQS::Queue')
      .filter(({ properties }) => properties.RedrivePolicy)
      .map(({ id }) => id)
      .sort();
    expect(rings('Errors')).toEqual(functions);
    expect(rings('Throttles')).toEqual(functions);
    expect(rings('ApproximateAgeOfOldestMessage')).toEqual(worked);
    // The relay, and what counts for the reports.
    expect(rings('IteratorAge')).toHaveLength(2);
    for (const { properties } of stacks.ofType('AWS::CloudWatch::Alarm')) {
      expect(properties.TreatMissingData).toBe('notBreaching');
      expect(stacks.behind(properties.AlarmActions[0]).type).toBe('AWS::SNS::Topic');
      expect(properties.AlarmDescription.length).toBeGreaterThan(20);
    }
  });

  it('rings by the names under which the functions count', () => {
    const counted = stacks
      .ofType('AWS::CloudWatch::Alarm')
      .filter(({ properties }) => properties.Namespace === 'Stampbook');
    const names = stacks.ofType('AWS::Lambda::Function').map(({ properties }) => properties.Environment.Variables);
    for (const { properties } of counted) {
      const [dimension] = properties.Dimensions;
      const counting = names.find((variables) => variables.POWERTOOLS_SERVICE_NAME === dimension.Value);
      expect({ dimension: dimension.Name, namespace: counting?.POWERTOOLS_METRICS_NAMESPACE }).toEqual({
        dimension: 'service',
        namespace: 'Stampbook',
      });
    }
    const sources = stacks
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => /-receive-/.test(properties.FunctionName));
    const tended = stacks
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => /-tend-/.test(properties.FunctionName));
    const told = stacks
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => /-deliver-/.test(properties.FunctionName));
    expect(counted.map(({ properties }) => properties.MetricName).sort()).toEqual(
      [
        'DeliveryUnknown',
        'LedgerCheckFailed',
        'LedgerCheckFailed',
        'MessageUnwritable',
        ...tended.map(() => 'FoundUnreadable'),
        ...sources.map(() => 'SignatureRejected'),
        ...tended.map(() => 'SubscriptionDiffers'),
        // Whoever asks anything of a vendor finds out.
        ...[...told, ...tended].map(() => 'VendorDown'),
      ].sort(),
    );
  });

  it('runs every function alike', () => {
    for (const { properties } of stacks.ofType('AWS::Lambda::Function')) {
      expect(properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        MemorySize: 512,
        Handler: 'index.handler',
      });
      expect(properties.Environment.Variables).toMatchObject({
        MERCHANT_ID: stacks.stage.stageName.replace(/-dev$/, ''),
        POWERTOOLS_SERVICE_NAME: properties.FunctionName,
        POWERTOOLS_LOG_LEVEL: 'INFO',
      });
      const log = stacks.behind(properties.LoggingConfig.LogGroup);
      expect(log.properties.LogGroupName).toBe(`/aws/lambda/${properties.FunctionName}`);
    }
  });

  it('keeps no log for ever', () => {
    for (const { properties } of stacks.ofType('AWS::Logs::LogGroup'))
      expect(properties.RetentionInDays).toBeLessThanOrEqual(90);
  });

  it('encrypts what waits and what is told', () => {
    for (const { id, properties } of stacks.ofType('AWS::SQS::Queue')) {
      expect({ id, encrypted: properties.SqsManagedSseEnabled }).toEqual({ id, encrypted: true });
    }
    const refusals = stacks.resources
      .filter(({ type }) => type === 'AWS::SQS::QueuePolicy' || type === 'AWS::SNS::TopicPolicy')
      .filter(({ properties }) => JSON.stringify(properties).includes('{"aws:SecureTransport":"false"}'));
    expect(refusals).toHaveLength(stacks.ofType('AWS::SQS::Queue').length + stacks.ofType('AWS::SNS::Topic').length);
  });

  it('is made of what the local cloud knows, below the limit of a stack', () => {
    expect([...new Set(stacks.resources.map(({ type }) => type))].sort()).toEqual(TYPES);
    for (const stack of Object.keys(stacks.templates)) {
      expect(stacks.resources.filter((resource) => resource.stack === stack).length).toBeLessThan(500);
    }
  });

  it('says whose it is', () => {
    const tags = (properties: { Tags?: { Key: string; Value: string }[] }) =>
      Object.fromEntries((properties.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
    for (const type of [
      'AWS::DynamoDB::Table',
      'AWS::Lambda::Function',
      'AWS::SQS::Queue',
      'AWS::SecretsManager::Secret',
    ]) {
      for (const { properties } of stacks.ofType(type)) {
        expect(tags(properties)).toEqual({
          'stampbook:merchant': stacks.stage.stageName.replace(/-dev$/, ''),
          'stampbook:stage': stacks.stage.stageName.endsWith('-dev') ? 'dev' : 'live',
        });
      }
    }
  });
});

const TYPES = [
  'AWS::ApiGatewayV2::Api',
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::DynamoDB::Table',
  'AWS::Events::EventBus',
  'AWS::Events::Rule',
  'AWS::IAM::Role',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::Lambda::Permission',
  'AWS::Logs::LogGroup',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::Queue',
  'AWS::SQS::QueuePolicy',
  'AWS::Scheduler::Schedule',
  'AWS::Scheduler::ScheduleGroup',
  'AWS::SecretsManager::Secret',
];

describe('what a merchant may not lose', () => {
  const tables = (stacks: Stacks) => stacks.ofType('AWS::DynamoDB::Table');

  it('outlives its stack, is protected, and can be set back in time', () => {
    expect(tables(cafe).map(({ properties }) => properties.TableName)).toEqual([
      'art-cafe-accounts',
      'art-cafe-entries',
      'art-cafe-members',
      'art-cafe-program',
      'art-cafe-reports',
    ]);
    for (const { deletionPolicy, properties } of tables(cafe)) {
      expect(deletionPolicy).toBe('Retain');
      expect(properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    }
    const { data, app, connectors } = cafe.stage;
    for (const stack of [data, app, ...connectors])
      expect({ stack: stack.node.id, protected: stack.terminationProtection }).toMatchObject({ protected: true });
  });

  it('is what the ledger reads and writes', () => {
    cafe.templates.data.hasResourceProperties('AWS::DynamoDB::Table', {
      TableName: 'art-cafe-accounts',
      KeySchema: [{ AttributeName: 'memberId', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: ['expiryDue', 'reviewDue', 'inactiveDue'].map((IndexName) => ({
        IndexName,
        KeySchema: [
          { AttributeName: IndexName, KeyType: 'HASH' },
          { AttributeName: 'memberId', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      })),
    });
    cafe.templates.data.hasResourceProperties('AWS::DynamoDB::Table', {
      TableName: 'art-cafe-members',
      GlobalSecondaryIndexes: ['birthdayDue', 'joinedDue'].map((IndexName) => ({
        IndexName,
        KeySchema: [
          { AttributeName: IndexName, KeyType: 'HASH' },
          { AttributeName: 'pk', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      })),
    });
    cafe.templates.data.hasResourceProperties('AWS::DynamoDB::Table', {
      TableName: 'art-cafe-entries',
      KeySchema: [
        { AttributeName: 'memberId', KeyType: 'HASH' },
        { AttributeName: 'key', KeyType: 'RANGE' },
      ],
      StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
    });
    cafe.templates.data.hasResourceProperties('AWS::DynamoDB::Table', {
      TableName: 'art-cafe-program',
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    });
  });

  it('goes without a trace in a copy', () => {
    for (const { id, deletionPolicy, properties } of copy.resources) {
      expect({ id, deletionPolicy: deletionPolicy ?? 'Delete' }).toEqual({ id, deletionPolicy: 'Delete' });
      expect(properties?.DeletionProtectionEnabled).not.toBe(true);
    }
    const { data, app, connectors } = copy.stage;
    for (const stack of [data, app, ...connectors])
      expect({ stack: stack.node.id, protected: stack.terminationProtection }).toMatchObject({ protected: false });
  });

  it('never meets its copy: no two share a name', () => {
    const names = (stacks: Stacks) =>
      stacks.resources.flatMap(({ type, properties }) =>
        ['TableName', 'QueueName', 'FunctionName', 'LogGroupName', 'Name', 'TopicName', 'DashboardName']
          .map((property) => properties?.[property])
          .filter((name) => typeof name === 'string' && !name.startsWith('{'))
          .map((name) => `${type} ${name}`),
      );
    const real = new Set(names(cafe));
    // The sweeps' names repeat: each stands in the group of its own stage.
    expect(names(copy).filter((name) => real.has(name) && !name.startsWith('AWS::Scheduler::Schedule '))).toEqual([]);
    expect(copy.stage.data.stackName).toBe('art-cafe-dev-data');
  });
});

describe('connectors', () => {
  const none = new Stacks(merchant({ ...artCafe, id: 'hermit', connectors: [] }));

  it('have nothing where none is named', () => {
    expect(none.resources.filter(({ stack }) => stack.startsWith('connectors'))).toEqual([]);
    expect(
      none
        .ofType('AWS::Lambda::Function')
        .map(({ properties }) => properties.FunctionName)
        .sort(),
    ).toEqual(APP_FUNCTIONS.map((name) => `hermit-${name}`).sort());
  });

  it('that members are answered through have a way out, also when they are told of nothing', () => {
    const quiet = new Stacks(
      merchant({
        ...artCafe,
        id: 'quiet',
        connectors: [use('twilio-sms', { messagingServiceSid: `MG${'0'.repeat(32)}` })],
      }),
    );
    const out = quiet.ofType('AWS::SQS::Queue').map(({ properties }) => properties.QueueName);
    expect(out).toContain('quiet-twilio-sms-outbound');
    const rules = quiet.ofType('AWS::Events::Rule').map(({ properties }) => properties.Name);
    expect(rules.filter((name) => /twilio|plan/.test(name))).toEqual([]);
    const planner = quiet
      .ofType('AWS::IAM::Role')
      .flatMap(({ properties }) => properties.Policies ?? [])
      .map((policy) => JSON.stringify(policy));
    expect(planner.filter((policy) => policy.includes('quiet-twilio-sms-outbound'))).not.toEqual([]);
  });

  it('have what their role and their events ask for, and no more', () => {
    const functions = (stacks: Stacks) =>
      stacks
        .ofType('AWS::Lambda::Function')
        .filter(({ stack }) => stack.startsWith('connectors'))
        .map(({ properties }) => properties.FunctionName.replace(`${stacks.stage.stageName}-`, ''))
        .sort();
    const told = new Stacks(
      merchant({
        ...artCafe,
        id: 'shop',
        connectors: [use('shopify', { shop: 'a.myshopify.com' }), use('slack', {}, ['fraud.flagged'])],
      }),
    );
    expect(functions(told)).toEqual(['deliver-slack', 'receive-shopify', 'tend-shopify']);
    expect(told.ofType('AWS::SecretsManager::Secret').map(({ properties }) => properties.Name)).toEqual([
      'shop/shopify',
      'shop/slack',
    ]);
    expect(told.ofType('AWS::Events::Rule').map(({ properties }) => properties.EventPattern)).toEqual([
      { 'detail-type': ['fraud.flagged'] },
    ]);
    const untold = new Stacks(merchant({ ...artCafe, id: 'shop', connectors: [use('slack', {})] }));
    expect(functions(untold)).toEqual([]);
  });

  describe('all that there are', () => {
    const uses = Object.values(manifests).map(({ id, roles }: Manifest): MerchantInput['connectors'][number] => ({
      id: id as ConnectorId,
      settings: fixtures[id as ConnectorId].settings,
      on: roles.some((role) => role !== 'source') ? ['points.earned'] : [],
    }));
    const all = new Stacks(merchant({ ...artCafe, id: 'everything', messages: {}, connectors: uses }));
    const placesOf = (stacks: Stacks) =>
      Object.fromEntries(
        stacks.ofType('AWS::SecretsManager::Secret').map(({ stack, properties }) => [properties.Name, stack]),
      );

    it('are far from the 500 resources that a stack may hold', () => {
      const sizes = Map.groupBy(all.resources, ({ stack }) => stack);
      expect(new Set(Object.values(placesOf(all)))).toContain('connectors');
      for (const [stack, { length }] of sizes) expect({ stack, fits: length < 400 }).toEqual({ stack, fits: true });
    });

    it('stay where they are, whichever come before and after them: what has a name cannot move', () => {
      const some = uses.toReversed().filter((_, index) => index % 3 !== 0);
      const fewer = new Stacks(merchant({ ...artCafe, id: 'everything', messages: {}, connectors: some }));
      expect(placesOf(all)).toMatchObject(placesOf(fewer));
      expect(placesOf(cafe)).toMatchObject({
        'art-cafe/shopify': 'connectors',
        'art-cafe/slack': 'connectors',
        'art-cafe/stripe': 'connectors',
        'art-cafe/twilio-sms': 'connectors',
        'art-cafe/webhook': 'connectors',
      });
    });
  });

  it('fail closed until their secret is filled', () => {
    for (const { properties } of cafe.ofType('AWS::SecretsManager::Secret')) {
      expect(JSON.parse(properties.SecretString)).toEqual({ unset: true });
    }
  });

  it('are told at the pace of the manifest, in the time that it needs', () => {
    cafe.templates.connectors.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'art-cafe-deliver-webhook',
      Timeout: 40,
      Environment: {
        Variables: {
          CONNECTOR_ID: 'webhook',
          RECEIPT_URL: Match.anyValue(),
          QUEUE_URL: Match.anyValue(),
          SECRET_ARN: Match.anyValue(),
        },
      },
    });
  });

  it('know the address that was registered, which their proof is made over', () => {
    const [hookUrl] = cafe
      .ofType('AWS::Lambda::Function')
      .filter(({ properties }) => properties.FunctionName === 'art-cafe-receive-shopify')
      .map(({ properties }) => properties.Environment.Variables.HOOK_URL);
    const [endpoint, path] = hookUrl['Fn::Join'][1];
    expect(cafe.behind(endpoint).type).toBe('AWS::ApiGatewayV2::Api');
    expect(path).toBe('/webhooks/shopify');
  });
});

describe('the door', () => {
  it('has each route of the API’s document, those of the webhooks and of unsubscribing, and no other', () => {
    expect(
      cafe
        .ofType('AWS::ApiGatewayV2::Route')
        .map(({ properties }) => properties.RouteKey)
        .sort(),
    ).toEqual(
      [
        ...operations.map(({ route }) => route.key),
        'GET /v1/unsubscribe',
        'POST /v1/unsubscribe',
        ...['shopify', 'stripe', 'twilio-sms', 'webhook'].flatMap((id) => [
          `GET /webhooks/${id}`,
          `POST /webhooks/${id}`,
        ]),
      ].sort(),
    );
    for (const { properties } of cafe.ofType('AWS::ApiGatewayV2::Integration'))
      expect(properties.PayloadFormatVersion).toBe('2.0');
  });

  it('is throttled, and logs nothing that leads to a person', () => {
    const [stage] = cafe.ofType('AWS::ApiGatewayV2::Stage');
    expect(stage?.properties).toMatchObject({
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 },
    });
    expect(stage?.properties.AccessLogSettings.Format).not.toMatch(/path|query|sourceIp|userAgent|authorizer/i);
  });
});

describe('the journal’s relay', () => {
  it('gives up before the stream forgets, and writes down where', () => {
    cafe.templates.app.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 25,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10,
      MaximumRecordAgeInSeconds: 23 * 60 * 60,
      StartingPosition: 'TRIM_HORIZON',
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
  });
});

describe('sweeps', () => {
  it('run by the merchant’s own clock, outside the hour that clocks change', () => {
    expect(
      cafe
        .ofType('AWS::Scheduler::Schedule')
        .map(({ properties }) => [
          properties.ScheduleExpression,
          properties.ScheduleExpressionTimezone,
          properties.Target.Input,
        ]),
    ).toEqual([
      ['cron(30 4 * * ? *)', 'Europe/Berlin', '{"kind":"sweep","duty":"points"}'],
      ['rate(15 minutes)', 'Europe/Berlin', '{"kind":"sweep","duty":"reviews"}'],
      ['cron(32 4 * * ? *)', 'Europe/Berlin', '{"kind":"sweep","duty":"absences"}'],
      ['cron(35 4 * * ? *)', 'Europe/Berlin', '{"kind":"sweep","duty":"birthdays"}'],
      ['cron(40 4 * * ? *)', 'Europe/Berlin', '{"kind":"sweep","duty":"anniversaries"}'],
      ['cron(45 4 * * ? *)', 'Europe/Berlin', '{"kind":"sweep","duty":"monthly"}'],
      ['cron(50 4 * * ? *)', 'Europe/Berlin', '{"kind":"sweep","duty":"yearly"}'],
      ['cron(55 4 * * ? *)', 'Europe/Berlin', '{"kind":"sweep","duty":"statements"}'],
      ['cron(30 5 * * ? *)', 'Europe/Berlin', '{"kind":"audit"}'],
      ['cron(10 4 * * ? *)', 'Europe/Berlin', '{"kind":"subscribe"}'],
      ['rate(60 minutes)', 'Europe/Berlin', '{"kind":"reconcile"}'],
      ['cron(10 4 * * ? *)', 'Europe/Berlin', '{"kind":"subscribe"}'],
      ['rate(60 minutes)', 'Europe/Berlin', '{"kind":"reconcile"}'],
    ]);
  });

  // One of each kind of clock there is: most change at one or two, Athens and Kyiv at three, Chatham at a quarter to.
  it.each([
    ...['Europe/Berlin', 'Europe/Athens', 'Europe/Kyiv', 'Europe/Lisbon', 'Atlantic/Azores', 'America/New_York'],
    ...['America/Santiago', 'America/Havana', 'America/Nuuk', 'Africa/Cairo', 'Asia/Beirut'],
    ...['Australia/Lord_Howe', 'Pacific/Chatham', 'Pacific/Easter', 'Antarctica/Troll'],
  ])('at times that come once on every day, also in %s', (zone) => {
    const minutes = cafe.ofType('AWS::Scheduler::Schedule').flatMap(({ properties }) => {
      const [, minute, hour] = /^cron\((\d+) (\d+) /.exec(properties.ScheduleExpression) ?? [];
      return hour === undefined ? [] : [Number(hour) * 60 + Number(minute)];
    });
    expect(minutes.length).toBeGreaterThan(7);
    let at = Temporal.ZonedDateTime.from(`2027-01-01T12:00[${zone}]`);
    for (let change = 0; change < 4; change += 1) {
      const next = at.getTimeZoneTransition('next');
      if (!next) throw new Error(`${zone} changes no clock`);
      const [before, after] = [next.subtract({ nanoseconds: 1 }), next].map(({ hour, minute }) => hour * 60 + minute);
      const changed = [(before ?? 0) + 1, after ?? 0].sort((a, b) => a - b);
      const [from = 0, to = 0] = changed;
      // Midnight lies in between: what is skipped or repeated is around it.
      const isIn = (minute: number) =>
        to - from > 720 ? minute < from || minute >= to : minute >= from && minute < to;
      expect(minutes.filter(isIn)).toEqual([]);
      at = next;
    }
  });

  it('and look back at a source as often as the merchant wants, where it can be asked', () => {
    const shopify = { ...use('shopify', { shop: 'a.myshopify.com' }), reconcileEveryMinutes: 15 };
    const often = new Stacks(merchant({ ...artCafe, id: 'shop', connectors: [shopify] }));
    expect(
      often
        .ofType('AWS::Scheduler::Schedule')
        .filter(({ properties }) => properties.Name === 'reconcile-shopify')
        .map(({ properties }) => [properties.ScheduleExpression, often.behind(properties.GroupName).type]),
    ).toEqual([['rate(15 minutes)', 'AWS::Scheduler::ScheduleGroup']]);
  });

  it.each([
    ['five functions, where the merchant says nothing', undefined, 5],
    ['as many as it says', { functions: 50 }, 50],
  ])('are worked on by %s', (_, sweeps, functions) => {
    const { app } = sweeps ? new Stacks(merchant({ ...artCafe, sweeps })).templates : cafe.templates;
    const mappings = Object.entries(app.findResources('AWS::Lambda::EventSourceMapping'));
    const ofSweeps = mappings.filter(([id]) => id.startsWith('Sweeps'));
    expect(ofSweeps.map(([, { Properties }]) => [Properties.BatchSize, Properties.ScalingConfig])).toEqual([
      [10, { MaximumConcurrency: functions }],
    ]);
  });
});

describe('what a person needs stands in the outputs', () => {
  it.each([
    [
      'app',
      [
        'ApiUrl',
        'AuditParkedUrl',
        'DashboardUrl',
        'FactsParkedUrl',
        'PlanParkedUrl',
        'RelayDeadUrl',
        'SweepsParkedUrl',
        'TallyDeadUrl',
      ],
    ],
    ['data', ['AccountsTable', 'EntriesTable', 'MembersTable', 'ProgramTable', 'ReportsTable']],
    [
      'connectors',
      [
        'SecretsToFill',
        'ShopifyReceiveParkedUrl',
        'ShopifyTendParkedUrl',
        'ShopifyWebhookUrl',
        'SlackDeliverParkedUrl',
        'StripeReceiveParkedUrl',
        'StripeTendParkedUrl',
        'StripeWebhookUrl',
        'TwilioSmsDeliverParkedUrl',
        'TwilioSmsReceiveParkedUrl',
        'TwilioSmsWebhookUrl',
        'WebhookDeliverParkedUrl',
        'WebhookReceiveParkedUrl',
        'WebhookWebhookUrl',
      ],
    ],
  ] as const)('of %s', (stack, names) => {
    const { Outputs } = cafe.templates[stack].toJSON();
    expect(
      Object.keys(Outputs)
        .filter((name) => !name.startsWith('ExportsOutput'))
        .sort(),
    ).toEqual(names);
  });

  it('with the secrets to fill by their names', () => {
    expect(cafe.templates.connectors.findOutputs('SecretsToFill')).toMatchObject({
      SecretsToFill: { Value: 'art-cafe/shopify art-cafe/stripe art-cafe/webhook art-cafe/twilio-sms art-cafe/slack' },
    });
  });
});

describe('what a function knows of its merchant', () => {
  const { version, ...rest } = configOf(merchant(artCafe));

  it('is the checked file, with its defaults filled in', () => {
    expect(rest).toEqual(merchant(artCafe));
  });

  it('and a version that changes with the program and with nothing else', () => {
    expect(version).toMatch(/^[0-9a-f]{12}$/);
    const { name, ...others } = artCafe.program;
    const version2 = (program: MerchantInput['program']) =>
      configOf(merchant({ ...artCafe, name: 'Elsewhere', program })).version;
    expect(version2({ ...others, name })).toBe(version);
    expect(version2({ ...artCafe.program, caps: [{ id: 'daily', points: 1, per: 'day' }] })).not.toBe(version);
  });
});
