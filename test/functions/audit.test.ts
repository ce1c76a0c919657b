import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { folded } from '../../lib/loyalty/as-of.ts';
import { type AuditMessage, openAudits } from '../../lib/runtime/audits.ts';
import { fromAccountItem, toAccountItem, toEntryItem } from '../../lib/runtime/items.ts';
import { deliver, startWorld, type World } from './world.ts';

let world: World;
let audit: Parameters<typeof deliver>[0];
let shop: typeof import('../../lib/runtime/shop.ts');
let written: jest.SpiedFunction<typeof process.stdout.write>[];

const MEMBERS = Array.from({ length: 12 }, (_, index) => `m_${index}`);

beforeAll(async () => {
  world = await startWorld();
  ({ handler: audit } = await import('../../functions/audit.ts'));
  shop = await import('../../lib/runtime/shop.ts');
  for (const memberId of MEMBERS)
    for (const orderId of ['1', '2', '3'])
      await shop.ledger().sale(memberId, {
        type: 'sale',
        factId: orderId,
        source: 'till',
        occurredAt: '2026-11-10T12:00:00Z',
        identities: [],
        orderId: `${memberId}-${orderId}`,
        currency: 'EUR',
        netMinor: 1000,
        grossMinor: 1000,
        lines: [],
      });
}, 60_000);
afterAll(() => world.stop());
beforeEach((): void => {
  world.forget();
  written = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation(() => true),
  );
  for (const stream of written) stream.mockClear();
});
afterAll(() => {
  jest.restoreAllMocks();
});

const queued = () => world.sent('audit').map(({ body }) => JSON.parse(body) as AuditMessage);
const said = () => written.flatMap((stream) => stream.mock.calls.map(([text]) => String(text))).join('\n');
const rows = async (pk: string) =>
  (await world.rows('program')).filter((row) => row.pk === pk).sort((a, b) => String(a.sk).localeCompare(String(b.sk)));
const report = async (run: string) => (await rows('A')).find(({ sk }) => sk === run);

/** An audit as its queue would bring it, each message as often as that. */
async function run(name: string, times = 1): Promise<AuditMessage[]> {
  world.forget();
  const done: AuditMessage[] = [];
  let messages: AuditMessage[] = [{ kind: 'audit', run: name }];
  while (messages.length > 0) {
    for (let time = 0; time < times; time += 1)
      expect(
        await deliver(
          audit,
          messages.map((body, index) => ({ body, id: `m${index}` })),
        ),
      ).toEqual([]);
    done.push(...messages);
    messages = queued();
    world.forget();
  }
  return done;
}

describe('the audit of the ledger', () => {
  it('proves everybody, and says so', async () => {
    await run('good');
    expect(await report('good')).toEqual({
      pk: 'A',
      sk: 'good',
      startedAt: expect.any(String),
      finishedAt: expect.any(String),
      members: 12,
      broken: 0,
      ttl: expect.any(Number),
    });
    expect(said()).not.toContain('LedgerCheckFailed');
  });

  it('is called by the day in the merchant’s zone when the schedule begins it', async () => {
    expect(await deliver(audit, [{ body: { kind: 'audit' } }])).toEqual([]);
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin' }).format(new Date());
    expect(queued()).toEqual(
      [0, 1, 2, 3].map((segment) => ({ kind: 'segment', run: day, segment, step: 0, members: 0, broken: 0 })),
    );
  });

  it('counts nobody twice when every message comes three times', async () => {
    await run('often', 3);
    expect(await report('often')).toMatchObject({ members: 12, broken: 0, finishedAt: expect.any(String) });
    expect(await rows('A#often')).toHaveLength(4);
  });

  it('goes on page by page, in as many messages as it takes, and after a function that died', async () => {
    const { sqs } = await import('../../lib/runtime/sqs.ts');
    const { client, tables } = world;
    const over = (connection: DynamoDBClient) =>
      openAudits({
        client: connection,
        tables,
        journal: shop.ledger(),
        queue: { client: sqs, url: String(process.env.QUEUE_AUDIT_URL) },
        tell: () => {},
        page: 2,
      });
    // It has sent what is left, and not yet written how far it came.
    const dying = over({
      send: (command: object) =>
        command instanceof PutItemCommand ? Promise.reject(new Error('died')) : client.send(command as PutItemCommand),
    } as DynamoDBClient);
    const alive = over(client);
    const noTime = () => false;
    await alive.begin('paged');
    let steps = 0;
    for (let messages = queued(); messages.length > 0; messages = queued()) {
      world.forget();
      for (const message of messages) {
        if (message.kind !== 'segment') continue;
        steps += 1;
        await dying.goOn(message, noTime).catch(() => {});
        await alive.goOn(message, noTime);
      }
    }
    expect(steps).toBeGreaterThan(6);
    expect(await report('paged')).toMatchObject({ members: 12, broken: 0, finishedAt: expect.any(String) });
  });

  it('is finished by whoever finds it done, when the last one died before it could say so', async () => {
    const [before] = [await report('good')];
    const { tables, client } = world;
    await client.send(
      new PutItemCommand({
        TableName: tables.program,
        Item: { pk: { S: 'A' }, sk: { S: 'good' }, startedAt: { S: String(before?.startedAt) } },
      }),
    );
    const last = { kind: 'segment', run: 'good', segment: 3, step: 0, members: 0, broken: 0 };
    expect(await deliver(audit, [{ body: last }])).toEqual([]);
    expect(await report('good')).toMatchObject({ members: 12, broken: 0, finishedAt: expect.any(String) });
  });
});

describe('the bell rings for', () => {
  const itemOf = async (memberId: string) => {
    const item = (await world.images('accounts')).find((one) => one.memberId?.S === memberId);
    if (!item) throw new Error('no account');
    return item;
  };
  const putAccount = (Item: Awaited<ReturnType<typeof itemOf>>) =>
    world.client.send(new PutItemCommand({ TableName: world.tables.accounts, Item }));
  const entryOf = async (memberId: string, seq: number) => {
    const entry = (await shop.ledger().entries(memberId)).find((one) => one.seq === seq);
    if (!entry) throw new Error('no entry');
    return entry;
  };
  const putEntry = (entry: Awaited<ReturnType<typeof entryOf>>) =>
    world.client.send(new PutItemCommand({ TableName: world.tables.entries, Item: toEntryItem(entry) }));
  const removeEntry = ({ memberId, key }: { memberId: string; key: string }) =>
    world.client.send(
      new DeleteItemCommand({ TableName: world.tables.entries, Key: { memberId: { S: memberId }, key: { S: key } } }),
    );

  async function finds(name: string, fault: string, seq: number): Promise<void> {
    await run(name);
    expect(await report(name)).toMatchObject({ members: 12, broken: 1, finishedAt: expect.any(String) });
    expect((await rows(`A#${name}`))[0]).toMatchObject({ sk: 'broken#m_3', memberId: 'm_3', seq, fault });
    expect(said()).toContain('"LedgerCheckFailed":1');
    expect(said()).toContain(fault);
  }

  it('an entry that was changed', async () => {
    const entry = await entryOf('m_3', 2);
    await putEntry({ ...entry, occurredAt: '2026-11-10T12:00:01Z' });
    await finds('changed', 'the content is not what was hashed', 2).finally(() => putEntry(entry));
  });

  it('an entry that was removed', async () => {
    const entry = await entryOf('m_3', 2);
    await removeEntry(entry);
    await finds('removed', 'entry 2 is missing: 3 follows 1', 2).finally(() => putEntry(entry));
  });

  it('the newest entry that was removed', async () => {
    const entry = await entryOf('m_3', 3);
    await removeEntry(entry);
    await finds('newest', 'entry 3 is missing: the account counts 3', 3).finally(() => putEntry(entry));
  });

  it('entries that have changed places', async () => {
    const [second, third] = [await entryOf('m_3', 2), await entryOf('m_3', 3)];
    await putEntry({ ...second, seq: 3 });
    await putEntry({ ...third, seq: 2 });
    await finds('places', 'does not follow the entry before it', 2).finally(() =>
      Promise.all([putEntry(second), putEntry(third)]),
    );
  });

  it('an account that was changed', async () => {
    const item = await itemOf('m_3');
    const account = fromAccountItem(item);
    const richer = { ...account, lifetime: account.lifetime + 1 } as typeof account;
    await putAccount(toAccountItem(richer, world.merchant.program));
    await finds('account', 'the account is not the sum of its entries: lifetime', 3).finally(() => putAccount(item));
  });

  it('an account that was set back to what it was', async () => {
    const item = await itemOf('m_3');
    const early = (await shop.ledger().entries('m_3')).slice(0, 2);
    await putAccount(toAccountItem(folded(early), world.merchant.program));
    await finds('back', 'the account counts 2 of 3 entries', 3).finally(() => putAccount(item));
  });

  it('nothing while members are busy', async () => {
    const selling = Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        shop
          .ledger()
          .note('m_3', { kind: 'updated' }, { source: 'api', object: `b${index}`, at: '2026-11-10T12:00:00Z' }),
      ),
    );
    await run('busy');
    await selling;
    expect(await report('busy')).toMatchObject({ members: 12, broken: 0 });
  });
});

describe('a message that is none', () => {
  it.each(['{', '{"kind":"segment","run":"x"}', '{"kind":"audit","run":""}'])('%s is not done', async (body) => {
    expect(await deliver(audit, [{ id: 'odd', body }])).toEqual(['odd']);
  });
});
