import { setTimeout as wait } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { Account } from '../loyalty/account.ts';
import type { Fault } from '../loyalty/verify.ts';
import { auditMember } from './audit.ts';
import { fromAccountItem } from './items.ts';
import type { Ledger } from './ledger.ts';

/** Parts of the Accounts table that are gone through at the same time. */
const SEGMENTS = 4;

/** `audit`: begin one, which is called by the day unless it is given a name. `segment`: go on with a part of the table. */
export const AuditMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('audit'), run: z.string().min(1).max(40).optional() }),
  z.object({
    kind: z.literal('segment'),
    run: z.string().min(1).max(40),
    segment: z.int().min(0),
    /** How many messages came before it in its segment. */
    step: z.int().min(0),
    after: z.string().optional(),
    members: z.int().min(0),
    broken: z.int().min(0),
  }),
]);
export type AuditMessage = z.output<typeof AuditMessage>;
type SegmentMessage = Extract<AuditMessage, { kind: 'segment' }>;

/** What came of an audit. Absent `finishedAt`: it is still on its way. */
export interface AuditReport {
  readonly run: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly members?: number;
  readonly broken?: number;
}

/** Reports are for the books of the year before; how far a segment came, for the nights in which somebody may look. */
const KEEP_DAYS = { report: 800, progress: 60 };

/** Where a whole table is wrong, some of the members say it as well as all of them. */
const BROKEN_KEPT = 100;

const PAGE = 100;
const IN_FLIGHT = 8;
/** A transaction's two items may be seen a moment apart. */
const SECOND_LOOK_MS = 200;

export interface AuditsOptions {
  readonly client: DynamoDBClient;
  readonly tables: { readonly accounts: string; readonly program: string };
  readonly journal: Pick<Ledger, 'account' | 'entries'>;
  readonly queue: { readonly client: SQSClient; readonly url: string };
  /** Told at once, so that the bell rings before the night is over. */
  readonly tell: (fault: Fault) => void;
  readonly page?: number;
  readonly now?: () => Date;
}

/**
 * Rebuilds every balance from its entries, in parts of the table that are gone through at the same time, each in as many
 * messages as it takes. A message that comes twice, or back after its function died in the middle, repeats what it did
 * and changes nothing: rows are written with what is so, and a step that has been passed is not gone again. Members are
 * found by their accounts; an account that was deleted is found by `stampbook verify`, which reads the whole journal.
 */
export function openAudits({
  client,
  tables,
  journal,
  queue,
  tell,
  page = PAGE,
  now = () => new Date(),
}: AuditsOptions) {
  const reportKey = (run: string) => ({ pk: { S: 'A' }, sk: { S: run } });
  const progressKey = (run: string, segment: number) => ({ pk: { S: `A#${run}` }, sk: { S: `segment#${segment}` } });
  const ttl = (days: number) => Math.floor(now().getTime() / 1000) + days * 86_400;

  const put = (row: Record<string, unknown>, days: number, onlyNew = false) =>
    client.send(
      new PutItemCommand({
        TableName: tables.program,
        Item: marshall({ ...row, ttl: ttl(days) }, { removeUndefinedValues: true }),
        ...(onlyNew && { ConditionExpression: 'attribute_not_exists(pk)' }),
      }),
    );

  async function send(messages: readonly AuditMessage[]): Promise<void> {
    const Entries = messages.map((message, index) => ({ Id: String(index), MessageBody: JSON.stringify(message) }));
    const { Failed = [] } = await queue.client.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
    if (Failed.length > 0) throw new Error(`the audit queue refused ${Failed.length} messages: ${Failed[0]?.Code}`);
  }

  /** Once more when something is wrong: two reads are not of one moment. */
  async function proved(account: Account): Promise<Fault | undefined> {
    if (!(await auditMember(journal, account.memberId, account))) return undefined;
    await wait(SECOND_LOOK_MS);
    return auditMember(journal, account.memberId);
  }

  /** A page of a segment: the members in it, those that are broken, and where the next page begins. */
  async function checkPage(segment: number, after: string | undefined) {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new ScanCommand({
        TableName: tables.accounts,
        Segment: segment,
        TotalSegments: SEGMENTS,
        Limit: page,
        ConsistentRead: true,
        ...(after !== undefined && { ExclusiveStartKey: { memberId: { S: after } } }),
      }),
    );
    const accounts = Items.map(fromAccountItem);
    const faults: Fault[] = [];
    const left = accounts.values();
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, async () => {
        for (const account of left) {
          const fault = await proved(account);
          if (fault) faults.push(fault);
        }
      }),
    );
    return { members: accounts.length, faults, next: LastEvaluatedKey?.memberId?.S };
  }

  async function progressOf(run: string, segment: number) {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tables.program, Key: progressKey(run, segment), ConsistentRead: true }),
    );
    return Item && (unmarshall(Item) as { step: number; done?: boolean });
  }

  /** Whoever is the last to end a segment ends the audit. When two end at once both do, and write the same. */
  async function finish(run: string): Promise<AuditReport | undefined> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tables.program,
        KeyConditionExpression: 'pk = :run AND begins_with(sk, :segment)',
        ExpressionAttributeValues: { ':run': { S: `A#${run}` }, ':segment': { S: 'segment#' } },
        ConsistentRead: true,
      }),
    );
    const segments = Items.map((item) => unmarshall(item) as { done?: boolean; members: number; broken: number });
    if (segments.filter(({ done }) => done).length < SEGMENTS) return undefined;
    const sum = (what: 'members' | 'broken') => segments.reduce((total, segment) => total + segment[what], 0);
    const { Attributes = {} } = await client.send(
      new UpdateItemCommand({
        TableName: tables.program,
        Key: reportKey(run),
        UpdateExpression: 'SET members = :members, broken = :broken, finishedAt = if_not_exists(finishedAt, :now)',
        ExpressionAttributeValues: marshall({
          ':members': sum('members'),
          ':broken': sum('broken'),
          ':now': now().toISOString(),
        }),
        ReturnValues: 'ALL_NEW',
      }),
    );
    return reportOf(unmarshall(Attributes));
  }

  return {
    /** Begins an audit; one of that name that has begun goes on as it does. */
    async begin(run: string): Promise<void> {
      const { pk, sk } = reportKey(run);
      try {
        await put({ pk: pk.S, sk: sk.S, startedAt: now().toISOString() }, KEEP_DAYS.report, true);
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
      await send(
        Array.from({ length: SEGMENTS }, (_, segment) => ({
          kind: 'segment' as const,
          run,
          segment,
          step: 0,
          members: 0,
          broken: 0,
        })),
      );
    },

    /** Goes on while there is time, page by page; what is left then becomes a message. The report, once all is done. */
    async goOn(message: SegmentMessage, hasTime: () => boolean): Promise<AuditReport | undefined> {
      const { run, segment, step } = message;
      const { pk, sk } = progressKey(run, segment);
      const passed = await progressOf(run, segment);
      // It may have died between its last row and the report.
      if (passed && passed.step > step) return passed.done ? finish(run) : undefined;
      let { after, members, broken } = message;
      do {
        const checked = await checkPage(segment, after);
        for (const fault of checked.faults) {
          tell(fault);
          broken += 1;
          if (broken <= BROKEN_KEPT)
            await put({ pk: pk.S, sk: `broken#${fault.memberId}`, ...fault }, KEEP_DAYS.progress);
        }
        members += checked.members;
        after = checked.next;
      } while (after !== undefined && hasTime());
      // First the message and then the row: whoever dies between the two repeats this step, and the next one is gone twice.
      if (after !== undefined) await send([{ ...message, step: step + 1, after, members, broken }]);
      await put(
        { pk: pk.S, sk: sk.S, step: step + 1, members, broken, ...(after === undefined && { done: true }) },
        KEEP_DAYS.progress,
      );
      return after === undefined ? finish(run) : undefined;
    },
  };
}

const reportOf = ({ sk, startedAt, finishedAt, members, broken }: Record<string, unknown>): AuditReport =>
  ({ run: sk, startedAt, finishedAt, members, broken }) as AuditReport;
