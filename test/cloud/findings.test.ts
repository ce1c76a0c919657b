import { describe, expect, it } from '@jest/globals';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import acuraNorth from '../../merchants/acura-north.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant } from '../../merchants/merchant.ts';
import { Stacks } from './stacks.ts';

const merchant = checkMerchant(artCafe, 'art-cafe.ts');
const cafe = new Stacks(merchant);
const copy = new Stacks(merchant, 'dev');

describe('AWS’s own security checks', () => {
  it.each([
    ['the café', cafe],
    ['the dealership', new Stacks(checkMerchant(acuraNorth, 'acura-north.ts'))],
    ['a copy of the café', copy],
  ])('find nothing unexplained in %s', (_, { stage }) => {
    expect(new AwsSolutionsChecks(new App()).validateScope(stage)).toEqual({ success: true, violations: [] });
  });

  it('are answered with these sentences', () => {
    const answered = new Map<string, Set<string>>();
    for (const { stage } of [cafe, copy]) {
      for (const construct of stage.node.findAll()) {
        for (const { type, data } of construct.node.metadata) {
          if (type !== Validations.ACKNOWLEDGED_RULES_METADATA_KEY) continue;
          for (const [rule, reason] of Object.entries(data as Record<string, string>)) {
            answered.set(rule, (answered.get(rule) ?? new Set()).add(reason));
          }
        }
      }
    }
    expect(Object.fromEntries([...answered].map(([rule, reasons]) => [rule, [...reasons]]))).toEqual({
      'Annotation::AwsSolutions-APIG4': [
        'The function itself asks for an API key with the right scope, kept as a hash.',
        'The link itself is signed, and does nothing but to say no for the member to whom it was sent.',
        'The sender proves itself by its signature over the raw body, checked before anything is parsed.',
      ],
      'Annotation::AwsSolutions-DDB3': ['A copy to try things on holds nothing that anybody would restore.'],
      'Annotation::AwsSolutions-IAM5[Resource::arn:aws:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/<Schedules>/campaign-*]':
        ['A campaign that staff write at run time has schedules of its own; only those, in this merchant’s group.'],
      'Annotation::AwsSolutions-IAM5[Resource::arn:aws:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/<Schedules>/message-*]':
        ['A message that waits for the morning has a schedule of its own; only those, in this merchant’s group.'],
      'Annotation::AwsSolutions-SMG4': [
        'The other side issues these credentials; only its own console can rotate them.',
      ],
      'Annotation::AwsSolutions-SQS3': ['It is itself where failed records go; a bell rings when it is not empty.'],
    });
  });
});
