import type { IRule, IRuleTarget, RuleTargetConfig } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { WorkQueue } from './work-queue.ts';

/** A rule's way into a queue, and into its dead letters when the queue does not take the event. */
export class QueueTarget implements IRuleTarget {
  readonly #work: WorkQueue;

  constructor(work: WorkQueue) {
    this.#work = work;
  }

  bind(rule: IRule): RuleTargetConfig {
    const { queue, deadLetters } = this.#work;
    for (const to of [queue, deadLetters]) {
      to.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [to.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
        }),
      );
    }
    return { arn: queue.queueArn, deadLetterConfig: { arn: deadLetters.queueArn } };
  }
}
