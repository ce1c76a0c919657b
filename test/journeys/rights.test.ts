import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eachTemplate, openShop, type Shop } from './shop.ts';

/** A function may do what its role in the template says, on this machine too. */

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ alter: (assembly) => takeAway(assembly, 'art-cafe-sales', 'dynamodb:PutItem') });
}, 300_000);
afterAll(() => shop?.stop());

it('one grant less, and the call is refused, naming function, action and resource', async () => {
  const { phone } = await shop.enrol();
  const answer = await shop.sell('no-right', phone, '10.00');
  expect(answer.status).toBe(500);
  // The answer may be here before the log's last line is on the disk.
  await shop.until(async () =>
    /art-cafe-sales.*is not authorized to perform.*dynamodb:PutItem.*table\/art-cafe-(accounts|entries)/s.test(
      readFileSync(join(shop.directory, 'data', 'logs', 'sales.log'), 'utf8'),
    ),
  );
});

/** Takes one action out of the policies of one function's role. */
function takeAway(assembly: string, functionName: string, action: string): void {
  let taken = 0;
  eachTemplate(assembly, ({ Resources }) => {
    const all = Object.values(Resources);
    const fn = all.find(
      ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.FunctionName === functionName,
    );
    const role = fn?.Properties.Role?.['Fn::GetAtt']?.[0];
    if (!role) return;
    const documents = all.flatMap((one) => [
      ...(one === Resources[role] ? (one.Properties.Policies ?? []).map((policy) => policy.PolicyDocument) : []),
      ...(one.Properties.PolicyDocument && JSON.stringify(one.Properties.Roles ?? '').includes(role)
        ? [one.Properties.PolicyDocument]
        : []),
    ]);
    for (const statement of documents.flatMap((document) => document.Statement)) {
      const actions = [statement.Action].flat();
      if (!actions.includes(action)) continue;
      statement.Action = actions.filter((name) => name !== action);
      taken += 1;
    }
  });
  if (taken === 0) throw new Error(`${functionName} has no ${action} to take away`);
}
