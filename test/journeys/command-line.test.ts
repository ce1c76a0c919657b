import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Entry } from '../../lib/loyalty/entry.ts';
import { toEntryItem } from '../../lib/runtime/ledger.ts';
import { databaseOf, ledgerOf, tables } from './ledger-of.ts';
import { openShop, type Shop } from './shop.ts';

/** What ops do, from the command line, against the running shop. */

let shop: Shop;
let id: string;
beforeAll(async () => {
  shop = await openShop();
  const member = await shop.enrol();
  id = member.id;
  for (const order of ['1', '2', '3']) await shop.sell(`cli-${order}`, member.phone, '10.00');
}, 120_000);
afterAll(() => shop?.stop());

const ROOT = join(import.meta.dirname, '..', '..');
const stampbook = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['bin/stampbook.ts', ...args, '--data', join(shop.directory, 'data')],
    { cwd: ROOT, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  );
  return { status, stdout, stderr };
};

describe('stampbook verify', () => {
  let saved: Entry | undefined;
  let client: DynamoDBClient;
  const put = (entry: Entry) =>
    client.send(new PutItemCommand({ TableName: tables.entries, Item: toEntryItem(entry) }));
  const second = async () => {
    client = databaseOf(shop);
    saved = (await ledgerOf(shop).entries(id)).find(({ key }) => key.includes('cli-2'));
    if (!saved) throw new Error('the second sale is not there');
    return saved;
  };
  afterEach(async () => {
    if (saved) await put(saved);
    saved = undefined;
  });

  it('proves every balance', () => {
    expect(stampbook('verify')).toMatchObject({ status: 0, stdout: expect.stringContaining('1 member verified') });
  });

  it('exits with 1 and names the entry that was changed', async () => {
    const entry = await second();
    await put({ ...entry, change: { ...entry.change, lifetime: 1_000 as never } });
    expect(stampbook('verify', '--member', id)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        `member ${id}, entry ${entry.seq} (${entry.key}): the content is not what was hashed`,
      ),
    });
  });

  it('exits with 1 and names the entry that was removed', async () => {
    const { memberId, key, seq } = await second();
    await client.send(
      new DeleteItemCommand({ TableName: tables.entries, Key: { memberId: { S: memberId }, key: { S: key } } }),
    );
    expect(stampbook('verify')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`entry ${seq}: entry ${seq} is missing`),
    });
  });

  it('says what to do when nothing runs', () => {
    const empty = mkdtempSync(join(tmpdir(), 'stampbook-none-'));
    const { status, stderr } = spawnSync(process.execPath, ['bin/stampbook.ts', 'verify', '--data', empty], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    rmSync(empty, { recursive: true });
    expect({ status, said: stderr.includes('start it with npm start') }).toEqual({ status: 1, said: true });
  });
});

describe('stampbook keys', () => {
  it('makes a key that works, replaces it with an overlap, and revokes it', async () => {
    const made = stampbook('keys', 'create', '--scope', 'pos', '--name', 'till 9');
    const [key = ''] = made.stdout.split('\n');
    const keyId = /key (\w+):/.exec(made.stdout)?.[1] ?? '';
    const rewards = async (by: string) => (await shop.call('GET', '/v1/rewards', undefined, by)).status;
    expect(await rewards(key)).toBe(200);
    const [newKey = ''] = stampbook('keys', 'rotate', keyId, '--overlap-hours', '1').stdout.split('\n');
    expect([await rewards(key), await rewards(newKey)]).toEqual([200, 200]);
    expect(stampbook('keys', 'list').stdout).toContain('till 9');
    const newId = /\b([0-9a-f]{12})\b/g;
    const ids = [...stampbook('keys', 'list').stdout.matchAll(newId)].map((match) => match[1]);
    for (const one of ids.filter((one) => one === keyId)) expect(stampbook('keys', 'revoke', one ?? '').status).toBe(0);
    expect(stampbook('keys', 'list').stdout).not.toContain(keyId);
    // The old key's time passes.
    await shop.local('POST', '/clock', { advance: 'PT2H' });
    expect([await rewards(key), await rewards(newKey)]).toEqual([401, 200]);
  });
});

describe('stampbook export', () => {
  it('writes the journal line by line', () => {
    const { stdout } = stampbook('export');
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).seq),
    ).toEqual([1, 2, 3, 4, 5]);
  });
});
