import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openShop, type Shop } from './shop.ts';

/** A function may do what its role in the template says, on this machine too. */

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ alter: (assembly) => takeAway(assembly, 'art-cafe-sales', 'dynamodb:PutItem') });
}, 120_000);
afterAll(() => shop?.stop());

it('one grant less, and the call is refused, naming function, action and resource', async () => {
  const { phone } = await shop.enrol();
  const answer = await shop.sell('no-right', phone, '10.00');
  expect(answer.status).toBe(500);
  const log = readFileSync(join(shop.directory, 'data', 'logs', 'sales.log'), 'utf8');
  expect(log).toMatch(
    /art-cafe-sales.*is not authorized to perform.*dynamodb:PutItem.*table\/art-cafe-(accounts|entries)/s,
  );
});

interface Statement {
  Action: string | string[];
}
interface TemplateResource {
  readonly Type: string;
  // What each type has in it is the template's business; only these are looked at.
  readonly Properties: {
    readonly FunctionName?: string;
    readonly Role?: { readonly 'Fn::GetAtt'?: readonly [string, string] };
    readonly Roles?: unknown;
    readonly Policies?: readonly { readonly PolicyDocument: { readonly Statement: Statement[] } }[];
    readonly PolicyDocument?: { readonly Statement: Statement[] };
  };
}

/** Takes one action out of the policies of one function's role. */
function takeAway(assembly: string, functionName: string, action: string): void {
  let taken = 0;
  const files = readdirSync(assembly, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.template.json'))) {
    const path = join(assembly, file);
    const template = JSON.parse(readFileSync(path, 'utf8')) as { Resources: Record<string, TemplateResource> };
    const all = Object.values(template.Resources);
    const fn = all.find((one) => one.Type === 'AWS::Lambda::Function' && one.Properties.FunctionName === functionName);
    const role = fn?.Properties.Role?.['Fn::GetAtt']?.[0];
    if (!role) continue;
    const documents = all.flatMap((one) => [
      ...(one === template.Resources[role]
        ? (one.Properties.Policies ?? []).map((policy) => policy.PolicyDocument)
        : []),
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
    writeFileSync(path, JSON.stringify(template));
  }
  if (taken === 0) throw new Error(`${functionName} has no ${action} to take away`);
}
