import { Duration, Stack } from 'aws-cdk-lib';
import type { IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Dashboard, GraphWidget, type IMetric, Metric, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Deployment } from './deployment.ts';
import { APP_FUNCTIONS, type FunctionName, functionsOf, isSource, physicalNameOf, receiverOf } from './functions.ts';
import { queueNamesOf, worksOf } from './queue-names.ts';
import { countedBy } from './shop-function.ts';

export interface ShopDashboardProps {
  readonly deployment: Deployment;
  readonly api: IHttpApi;
}

/**
 * One page: the door, the way of a sale, and each connector. Everything stands in it by its name, since the connectors'
 * stack is built after this one.
 */
export class ShopDashboard extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, { deployment, api }: ShopDashboardProps) {
    super(scope, id);
    const { prefix, merchant } = deployment;
    const functions = functionsOf(merchant);
    const sources = merchant.connectors.filter(isSource);
    const works = worksOf(merchant.connectors).map(({ work, fifo }) => queueNamesOf(prefix, work, fifo));
    const parked = [...works.map((work) => work.parked), `${prefix}-relay-dead`, `${prefix}-tally-dead`];
    const ofFunction = (metricName: string, statistic: string) => (name: FunctionName) =>
      metric('AWS/Lambda', metricName, statistic, { FunctionName: physicalNameOf(prefix, name) }, name);
    const ofQueue = (metricName: string) => (name: string) =>
      metric('AWS/SQS', metricName, 'Maximum', { QueueName: name }, name.slice(prefix.length + 1));
    const ofApi = (metricName: string, statistic: string) =>
      metric('AWS/ApiGateway', metricName, statistic, { ApiId: api.apiId }, metricName);

    const dashboard = new Dashboard(this, 'Page', {
      dashboardName: prefix,
      defaultInterval: Duration.hours(12),
      widgets: [
        [new TextWidget({ markdown: `# ${merchant.name}`, width: 24, height: 1 })],
        [
          graph('Calls', ofApi('Count', 'Sum'), ofApi('4xx', 'Sum'), ofApi('5xx', 'Sum')),
          graph('How long an answer takes (ms)', ofApi('Latency', 'p50'), ofApi('Latency', 'p99')),
          graph('The journal’s relay is behind by (ms)', ofFunction('IteratorAge', 'Maximum')('publish')),
        ],
        [
          graph('Oldest work (s)', ...works.map((work) => work.name).map(ofQueue('ApproximateAgeOfOldestMessage'))),
          graph('Parked', ...parked.map(ofQueue('ApproximateNumberOfMessagesVisible'))),
          graph(
            'Forged or unproven deliveries',
            ...sources.map((use) =>
              countedBy(physicalNameOf(prefix, receiverOf(use)), 'SignatureRejected', Duration.minutes(5)),
            ),
          ),
        ],
        [
          graph('Errors', ...functions.map(ofFunction('Errors', 'Sum'))),
          graph('Throttles', ...functions.map(ofFunction('Throttles', 'Sum'))),
          graph('Duration p99 (ms)', ...APP_FUNCTIONS.map(ofFunction('Duration', 'p99'))),
        ],
      ],
    });
    const { region } = Stack.of(this);
    this.url = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboard.dashboardName}`;
  }
}

const graph = (title: string, ...left: IMetric[]) => new GraphWidget({ title, left, width: 8, height: 6 });

const metric = (
  namespace: string,
  metricName: string,
  statistic: string,
  dimensionsMap: Record<string, string>,
  label: string,
) => new Metric({ namespace, metricName, statistic, dimensionsMap, label, period: Duration.minutes(5) });
