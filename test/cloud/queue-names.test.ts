import { describe, expect, it } from '@jest/globals';
import { queueNamesOf, worksOf } from '../../lib/cloud/queue-names.ts';
import acuraNorth from '../../merchants/acura-north.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant, type MerchantInput } from '../../merchants/merchant.ts';
import { Stacks } from './stacks.ts';

describe('the names by which queues are looked after', () => {
  it.each<[string, MerchantInput]>([
    ['the café', artCafe],
    ['the dealership', acuraNorth],
  ])('are those of all queues that %s has, with their dead letters', (_, input) => {
    const merchant = checkMerchant(input, input.id);
    const stacks = new Stacks(merchant);
    const deployed = stacks
      .ofType('AWS::SQS::Queue')
      .filter(({ properties }) => properties.RedrivePolicy)
      .map(({ properties }) => ({
        name: properties.QueueName,
        parked: stacks.behind(properties.RedrivePolicy.deadLetterTargetArn).properties.QueueName,
      }));
    const known = worksOf(merchant.connectors).map(({ work, fifo }) => queueNamesOf(merchant.id, work, fifo));
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect(known.toSorted(byName)).toEqual(deployed.toSorted(byName));
  });
});
