import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Entry } from '../../lib/loyalty/entry.ts';
import { toEntryItem } from '../../lib/runtime/items.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { enter, type Said } from './keyboard.ts';
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
}, 300_000);
afterAll(() => shop?.stop());

const stampbook = (args: readonly string[], data = join(shop.directory, 'data'), typed = ''): Promise<Said> =>
  enter(args, data, typed);

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

  it('proves every balance', async () => {
    expect(await stampbook(['verify'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 member verified'),
    });
  });

  it('exits with 1 and names the entry that was changed', async () => {
    const entry = await second();
    await put({ ...entry, change: { ...entry.change, lifetime: 1_000 as never } });
    expect(await stampbook(['verify', '--member', id])).toMatchObject({
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
    expect(await stampbook(['verify'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`entry ${seq}: entry ${seq} is missing`),
    });
  });

  it('says what to do when nothing runs', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'stampbook-none-'));
    const { status, stderr } = await stampbook(['verify'], empty);
    rmSync(empty, { recursive: true });
    expect({ status, said: stderr.includes('start it with npm start') }).toEqual({ status: 1, said: true });
  });
});

describe('stampbook verify --as-of', () => {
  it('says what the balances were', async () => {
    const { stdout } = await stampbook(['verify', '--as-of', '2020-01-01']);
    expect(stdout).toContain('as of 2020-01-01: 0 members with 0 points available');
  });

  it('refuses what is no day', async () => {
    const { status, stderr } = await stampbook(['verify', '--as-of', 'yesterday']);
    expect({ status, said: stderr.includes('a day in the merchant’s zone such as 2026-03-31') }).toEqual({
      status: 1,
      said: true,
    });
  });
});

describe('stampbook replay', () => {
  const program = (changes: object) => {
    const file = join(mkdtempSync(join(tmpdir(), 'stampbook-program-')), 'program.json');
    writeFileSync(file, JSON.stringify({ ...artCafe.program, ...changes }));
    return file;
  };

  it('finds no difference where there is none', async () => {
    const { status, stdout } = await stampbook(['replay', '--program', 'merchants/art-cafe.ts', '--days', '3650']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining(': 0 of 1 members would have') });
  });

  it('prints what would be different, for each member and in liability', async () => {
    const twice = artCafe.program.rules.map((rule) =>
      rule.id === 'spend' ? { ...rule, earn: { ...rule.earn, points: 2 } } : rule,
    );
    const csv = join(mkdtempSync(join(tmpdir(), 'stampbook-csv-')), 'all.csv');
    const { stdout } = await stampbook(['replay', '--program', program({ rules: twice }), '--csv', csv]);
    expect(stdout).toContain(': 1 of 1 members would have something else');
    expect(stdout).toMatch(new RegExp(`^${id} +30 +60 +\\+30 `, 'm'));
    expect(stdout).toMatch(/^liability in points +30 +60 +\+30$/m);
    expect(stdout).toMatch(/^liability in money, at most +1.50 EUR +3.00 EUR +1.50$/m);
    expect(readFileSync(csv, 'utf8').split('\n')).toEqual([
      expect.stringMatching(/^memberId,difference,worth,spendable,spendable changed,/),
      expect.stringMatching(new RegExp(`^${id},30,1.50,30,60,`)),
      '',
    ]);
  });

  it('names the fault of a program', async () => {
    const { status, stderr } = await stampbook(['replay', '--program', program({ tiers: [] })]);
    expect({ status, said: stderr.includes('program.tiers') }).toEqual({ status: 1, said: true });
  });
});

describe('stampbook keys', () => {
  const opens = async (key: string) => (await shop.call('GET', '/v1/rewards', undefined, key)).status;
  const made = ({ stdout }: Said) => ({
    key: stdout.split('\n')[0] ?? '',
    keyId: /^key (\w+):/m.exec(stdout)?.[1] ?? '',
  });

  it('makes a key that works, and one in its place with an overlap', async () => {
    const old = made(await stampbook(['keys', 'create', '--scope', 'pos', '--name', 'till 9']));
    const next = made(await stampbook(['keys', 'rotate', old.keyId, '--overlap-hours', '1']));
    expect([await opens(old.key), await opens(next.key)]).toEqual([200, 200]);
    expect((await stampbook(['keys', 'list'])).stdout).toContain('till 9');
    await shop.local('POST', '/clock', { advance: 'PT2H' });
    expect([await opens(old.key), await opens(next.key)]).toEqual([401, 200]);
  });

  it('revokes a key', async () => {
    const { key, keyId } = made(await stampbook(['keys', 'create', '--scope', 'pos', '--name', 'till 10']));
    expect((await stampbook(['keys', 'revoke', keyId])).status).toBe(0);
    expect(await opens(key)).toBe(401);
  });

  it('refuses a scope that is none', async () => {
    const { status, stderr } = await stampbook(['keys', 'create', '--scope', 'god', '--name', 'x']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('Allowed choices are pos, staff, admin'),
    });
  });
});

describe('stampbook export', () => {
  it('writes the journal line by line', async () => {
    const { stdout } = await stampbook(['export']);
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('stampbook dlq', () => {
  it('says what is parked and why, and sends it round again once it is mended', async () => {
    await shop.local('POST', '/vendor', { connector: 'webhook', status: 410 });
    await shop.sell('cli-gone', (await shop.enrol()).phone, '10.00');
    await shop.idle();
    const { stdout: list } = await stampbook(['dlq', 'list']);
    expect(list).toMatch(/webhook-outbound .*│ +1 +│ +0 +│/);
    const { stdout: shown } = await stampbook(['dlq', 'show', 'webhook-outbound']);
    expect(shown).toContain('the endpoint answered 410: it wants no more events');
    expect((await stampbook(['doctor', 'webhook'])).stdout).toContain('1 parked');
    const told = (await shop.outbox('webhook')).length;
    const { stdout: moved } = await stampbook(['dlq', 'redrive', 'webhook-outbound']);
    expect(moved).toContain('1 message of webhook-outbound sent round again');
    await shop.idle();
    expect((await shop.outbox('webhook')).length).toBe(told + 1);
  });
});

describe('stampbook secret', () => {
  const fill = (value: object) =>
    stampbook(['secret', 'twilio-sms', '--stdin'], join(shop.directory, 'data'), JSON.stringify(value));
  const secret = { accountSid: `AC${'7'.repeat(32)}`, authToken: '8'.repeat(32) };

  it('tries it on the vendor, and writes none that is refused', async () => {
    await shop.local('POST', '/vendor', { connector: 'twilio-sms', status: 401 });
    const refused = await fill(secret);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('Twilio SMS refuses it') });
    const faulty = await fill({ ...secret, authToken: 'too-short' });
    expect(faulty).toMatchObject({ status: 1, stderr: expect.stringContaining('authToken: ') });
    expect(faulty.stderr).not.toContain('too-short');
    expect(await fill(secret)).toMatchObject({ status: 0, stdout: expect.stringContaining('Twilio SMS accepts it') });
    const calls = await shop.outbox('twilio-sms');
    expect(calls.filter(({ url }) => url.startsWith('https://messaging.twilio.com/v1/Services/MG'))).toHaveLength(2);
  });
});

describe('stampbook doctor', () => {
  it('looks at everything, and has nothing to complain of in a shop that is well', async () => {
    expect(await stampbook(['doctor'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^engine\n[^!]*^twilio-sms\n[^!]*all is well/ms),
    });
  });

  it('is not content with credentials that are refused', async () => {
    await shop.local('POST', '/vendor', { connector: 'shopify', status: 401 });
    expect(await stampbook(['doctor', 'shopify'])).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/!! {2}credentials +refused: Shopify answered 401/),
    });
  });
});
