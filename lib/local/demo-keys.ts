import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { openApiKeys } from '../runtime/api-keys.ts';
import { hashOfKey, keyRowKey, SCOPES } from '../runtime/keyring.ts';
import type { AwsFront } from './aws/front.ts';
import type { Endpoints } from './endpoints.ts';
import { region } from './known-resources.ts';

/** A key of each scope. Those of an earlier run are kept while their rows are there. */
export async function demoKeys(options: {
  readonly aws: AwsFront;
  readonly table: string;
  readonly before: Endpoints['keys'] | undefined;
  readonly now: () => Date;
}): Promise<Endpoints['keys']> {
  const { aws, table, before, now } = options;
  const client = new DynamoDBClient({ endpoint: aws.endpoint, region, credentials: aws.operator });
  const keys = openApiKeys({ client, table, now });
  const isKnown = async (key: string) => {
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: keyRowKey(hashOfKey(key)) }));
    return Item !== undefined;
  };
  try {
    const made = await Promise.all(
      SCOPES.map(async (scope) => {
        const old = before?.[scope];
        if (old !== undefined && (await isKnown(old))) return [scope, old];
        // One source for all of them: a refund at the desk finds the sale of the till.
        const { key } = await keys.create({ scope, name: `demo ${scope}`, source: 'till' });
        return [scope, key];
      }),
    );
    return Object.fromEntries(made);
  } finally {
    client.destroy();
  }
}
