import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';

/** The one door: tills and shops call it, vendors knock at it. */
export class ShopApi extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, { prefix, stage }: Deployment) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', { apiName: prefix, createDefaultStage: false });
    const log = new LogGroup(this, 'Log', {
      // Under this name API Gateway does not fill up the account's one log policy.
      logGroupName: `/aws/vendedlogs/http-apis/${prefix}`,
      retention: stage === undefined ? RetentionDays.THREE_MONTHS : RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      // A chain's busiest hour is some dozens a second; each API key has a bucket of its own below this.
      throttle: { rateLimit: 500, burstLimit: 1_000 },
      accessLogSettings: {
        destination: new LogGroupLogDestination(log),
        format: AccessLogFormat.custom(JSON.stringify(LOGGED)),
      },
    });
  }
}

/** The route and not the path or query, and no address: those lead to a person. */
const LOGGED = {
  at: '$context.requestTime',
  requestId: '$context.requestId',
  route: '$context.routeKey',
  status: '$context.status',
  latencyMs: '$context.responseLatency',
  functionMs: '$context.integrationLatency',
  bytes: '$context.responseLength',
  error: '$context.error.message',
  functionError: '$context.integrationErrorMessage',
};
