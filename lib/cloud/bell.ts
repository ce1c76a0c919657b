import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

export interface Ring {
  readonly metric: IMetric;
  /** It rings above this, not at it. */
  readonly above: number;
  /** For whoever is woken: what happened, and where to look. */
  readonly because: string;
}

/** One alarm that tells the merchant's staff. Silence is good news: without data it does not ring. */
export function ring(scope: Construct, id: string, bell: ITopic, { metric, above, because }: Ring): Alarm {
  const alarm = new Alarm(scope, id, {
    metric,
    threshold: above,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    treatMissingData: TreatMissingData.NOT_BREACHING,
    alarmDescription: because,
  });
  alarm.addAlarmAction(new SnsAction(bell));
  return alarm;
}

/** How long one look takes, where nothing speaks for another time. */
export const glance = Duration.minutes(5);
