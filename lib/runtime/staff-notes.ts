import {
  type DynamoDBClient,
  GetItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

/** What staff wrote, or a member said, in words of their own: personal, so that it lies beside the profile and goes with it. */
export interface StaffNote {
  readonly about: string;
  readonly text: string;
  readonly by: string;
  readonly at: string;
}

export type StaffNotes = ReturnType<typeof openStaffNotes>;

/** Their place among a member's rows. */
export const NOTE_PREFIX = 'N#';

const ATTEMPTS = 6;

export function openStaffNotes({ client, table }: { client: DynamoDBClient; table: string }) {
  const noteKey = (memberId: string, about: string) => ({ pk: `M#${memberId}`, sk: `${NOTE_PREFIX}${about}` });
  const profileKey = (memberId: string) => ({ pk: `M#${memberId}`, sk: 'P' });

  return {
    /** The first words stay. `false` when the member is gone: nobody may be remembered after an erasure. */
    async write(memberId: string, { about, text, by, at }: StaffNote): Promise<boolean> {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await client.send(
            new TransactWriteItemsCommand({
              TransactItems: [
                {
                  ConditionCheck: {
                    TableName: table,
                    Key: marshall(profileKey(memberId)),
                    ConditionExpression: 'attribute_exists(pk)',
                  },
                },
                {
                  Put: {
                    TableName: table,
                    Item: marshall({ ...noteKey(memberId, about), about, text, by, at }),
                    ConditionExpression: 'attribute_not_exists(pk)',
                  },
                },
              ],
            }),
          );
          return true;
        } catch (error) {
          if (!(error instanceof TransactionCanceledException)) throw error;
          const [profile, note] = error.CancellationReasons ?? [];
          if (profile?.Code === 'ConditionalCheckFailed') return false;
          if (note?.Code === 'ConditionalCheckFailed') return true;
          if (attempt === ATTEMPTS) throw error;
        }
      }
    },

    async read(memberId: string, about: string): Promise<StaffNote | undefined> {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: marshall(noteKey(memberId, about)), ConsistentRead: true }),
      );
      if (!Item) return undefined;
      const { pk: _, sk: __, ...note } = unmarshall(Item);
      return note as StaffNote;
    },
  };
}
