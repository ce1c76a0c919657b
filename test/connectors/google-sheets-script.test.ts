import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { beforeEach, describe, expect, it } from '@jest/globals';
import connector from '../../lib/connectors/google-sheets/index.ts';
import type { RawRequest } from '../../lib/connectors/kit/webhook.ts';
import { contextOf, HOOK_URL } from './fixture.ts';
import { fixture, KEY } from './fixtures/google-sheets.ts';
import { SPREADSHEET } from './fixtures/google-sheets-api.ts';

/** The script that merchants put into their spreadsheet, in the little of Apps Script that it uses. */

const source = readFileSync(new URL('../../lib/connectors/google-sheets/apps-script.gs', import.meta.url), 'utf8');
const NOW = '2026-11-21T10:00:00.000Z';

type Cell = string | number | boolean | Date;
interface Posted {
  readonly url: string;
  readonly contentType: string;
  readonly payload: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly followRedirects: boolean;
}

class Spreadsheet {
  rows: Cell[][] = [];
  readonly posted: Posted[] = [];
  readonly triggers: string[] = [];
  answers: (number | 'nobody')[] = [];
  locked = false;
  readonly properties: Record<string, string> = { STAMPBOOK_URL: `${HOOK_URL}/google-sheets`, STAMPBOOK_KEY: KEY };
  /** What stood in the row when it was posted. */
  readonly before: Cell[][] = [];
  private readonly realm: Record<string, unknown>;

  constructor() {
    const range = (row: number, column: number) => ({
      setValue: (value: Cell) => this.write(row, column, value),
      setValues: ([values = []]: Cell[][]) => {
        for (const [at, value] of values.entries()) this.write(row, column + at, value);
      },
      getValues: () => this.rows.slice(1),
      setDataValidation: () => undefined,
      // Google's own sets each of them to false.
      insertCheckboxes: () => {
        for (let at = row; at <= this.rows.length; at += 1) this.write(at, column, false);
      },
      setNumberFormat: () => undefined,
    });
    const tab = {
      getRange: range,
      setFrozenRows: () => undefined,
      hideColumns: () => undefined,
      getMaxRows: () => 1_000,
      getLastRow: () => this.rows.length,
    };
    const trigger = (name: string) => ({
      forSpreadsheet: () => ({ onEdit: () => ({ create: () => this.triggers.push(`${name} on edit`) }) }),
      timeBased: () => ({
        everyMinutes: (minutes: number) => ({ create: () => this.triggers.push(`${name} every ${minutes}`) }),
      }),
    });
    const rule = { build: () => undefined };
    const validation = { requireValueInList: () => rule, requireCheckbox: () => rule };
    this.realm = createContext({
      SpreadsheetApp: {
        getActive: () => ({ getSheetByName: () => tab, getId: () => SPREADSHEET }),
        newDataValidation: () => validation,
        flush: () => undefined,
      },
      ScriptApp: {
        getProjectTriggers: () =>
          this.triggers.map((name) => ({ name, getHandlerFunction: () => name.replace(/ .*/, '') })),
        deleteTrigger: ({ name }: { name: string }) => this.triggers.splice(this.triggers.indexOf(name), 1),
        newTrigger: trigger,
      },
      LockService: {
        getDocumentLock: () => ({ tryLock: () => !this.locked, releaseLock: () => undefined }),
      },
      PropertiesService: {
        getScriptProperties: () => ({
          getProperty: (name: string) => this.properties[name] ?? null,
        }),
      },
      Utilities: {
        getUuid: randomUUID,
        newBlob: (text: string) => ({ getBytes: () => Buffer.from(text) }),
        base64Decode: (text: string) => Buffer.from(text, 'base64'),
        base64Encode: (bytes: Buffer) => bytes.toString('base64'),
        computeHmacSha256Signature: (bytes: Buffer, key: Buffer) => createHmac('sha256', key).update(bytes).digest(),
      },
      UrlFetchApp: {
        fetch: (url: string, options: Omit<Posted, 'url'>) => {
          this.posted.push({ url, ...options });
          this.before.push(...this.rows.slice(1).map((row) => [...row]));
          const answer = this.answers.shift() ?? 200;
          if (answer === 'nobody') throw new Error('Address unavailable');
          return { getResponseCode: () => answer };
        },
      },
    });
    // Its clock stands still.
    runInContext(
      `Date = class extends Date { constructor(at) { super(at ?? ${JSON.stringify(NOW)}); } static now() { return new Date().getTime(); } };`,
      this.realm,
    );
    runInContext(source, this.realm);
    this.run('setUp');
  }

  run(name: string, event?: unknown): void {
    this.realm.event = event;
    runInContext(`${name}(event)`, this.realm);
  }

  date = (text: string): Date => runInContext(`new Date(${JSON.stringify(text)})`, this.realm) as Date;

  private write(row: number, column: number, value: Cell): void {
    while (this.rows.length < row) this.rows.push(this.empty());
    (this.rows[row - 1] as Cell[])[column - 1] = value;
  }

  private empty(): Cell[] {
    return (this.rows[0] ?? []).map((name) => (name === 'send' ? false : ''));
  }

  at(name: string): number {
    return (this.rows[0] ?? []).indexOf(name);
  }

  add(cells: Readonly<Record<string, Cell>>): void {
    const row = this.empty();
    for (const [name, cell] of Object.entries({ send: true, ...cells })) row[this.at(name)] = cell;
    this.rows.push(row);
  }

  of(name: string): Cell[] {
    return this.rows.slice(1).map((row) => row[this.at(name)] ?? '');
  }

  /** As our own address would take it. */
  async heard() {
    const context = contextOf(connector, fixture, { now: new Date(NOW) });
    return Promise.all(
      this.posted.map(async ({ url, headers, payload }) => {
        const request: RawRequest = { method: 'POST', url, headers, body: Buffer.from(payload) };
        const [fact] = await connector.roles.source.translate(
          await connector.roles.source.verify(request, context),
          context,
        );
        return fact;
      }),
    );
  }
}

let spreadsheet: Spreadsheet;
beforeEach(() => {
  spreadsheet = new Spreadsheet();
});

describe('the script in the spreadsheet', () => {
  it('sends what is ticked so that it is proven and understood, and says that it did', async () => {
    const occurred = spreadsheet.date('2026-11-20T18:00:00Z');
    spreadsheet.add({
      type: 'sale',
      occurred_at: occurred,
      email: 'ann@example.com',
      amount: 12.5,
      note: 'at the fair',
    });
    spreadsheet.add({ type: 'event', member_id: 'm_1', phone: '+4915112345678' });
    spreadsheet.run('sendRows');
    expect(await spreadsheet.heard()).toMatchObject([
      {
        type: 'sale',
        occurredAt: '2026-11-20T18:00:00.000Z',
        grossMinor: 1_250,
        currency: 'EUR',
        identities: [{ type: 'email', value: 'ann@example.com' }],
      },
      {
        type: 'activity',
        activity: 'event',
        occurredAt: NOW,
        identities: [
          { type: 'member', value: 'm_1' },
          { type: 'phone', value: '+4915112345678' },
        ],
      },
    ]);
    expect(spreadsheet.of('result')).toEqual([`sent ${NOW}`, `sent ${NOW}`]);
    expect(spreadsheet.posted.map(({ followRedirects }) => followRedirects)).toEqual([false, false]);
  });

  it('keeps what staff note for themselves', () => {
    spreadsheet.add({ type: 'visit', member_id: 'm_1', note: 'was in a bad mood' });
    spreadsheet.run('sendRows');
    expect(spreadsheet.posted[0]?.payload).not.toContain('mood');
  });

  it('sends a row once, and only what is ticked', () => {
    spreadsheet.add({ type: 'visit', member_id: 'm_1' });
    spreadsheet.add({ type: 'visit', member_id: 'm_2', send: false });
    spreadsheet.run('sendRows');
    spreadsheet.run('sendRows');
    expect(spreadsheet.posted).toHaveLength(1);
    expect(spreadsheet.of('result')).toEqual([`sent ${NOW}`, '']);
  });

  it.each<[number | 'nobody', string]>([
    ['nobody', 'nobody answered'],
    [503, 'answered 503'],
    [401, 'refused: check STAMPBOOK_KEY, and the spreadsheet’s id in the settings'],
  ])('tries again after %s, under the same name and with the same words', async (answer, says) => {
    spreadsheet.answers = [answer];
    spreadsheet.add({ type: 'visit', member_id: 'm_1' });
    spreadsheet.run('sendRows');
    expect(spreadsheet.of('result')).toEqual([`will be tried again: ${says}`]);
    spreadsheet.run('sendRows');
    const [first, second] = spreadsheet.posted;
    expect(second?.payload).toBe(first?.payload);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(spreadsheet.of('result')).toEqual([`sent ${NOW}`]);
  });

  it('writes the name and the time of a row down before it leaves', () => {
    spreadsheet.add({ type: 'visit', member_id: 'm_1' });
    spreadsheet.run('sendRows');
    const [row = []] = spreadsheet.before;
    expect(row[spreadsheet.at('row_id')]).toBe(spreadsheet.posted[0]?.headers['webhook-id']);
    expect((row[spreadsheet.at('occurred_at')] as Date).toISOString()).toBe(NOW);
  });

  it.each<[Record<string, Cell>, RegExp]>([
    [{ type: 'adjustment', member_id: 'm_1' }, /type has to be one of/],
    [{ type: 'visit', member_id: 'm_1', occurred_at: '21.11.' }, /occurred_at is no date/],
    [{ type: 'sale', member_id: 'm_1', amount: '12,34' }, /amount is text/],
    [{ type: 'sale', member_id: 'm_1', amount: -1 }, /below zero/],
    [{ type: 'sale', member_id: 'm_1' }, /a sale has an amount/],
    [{ type: 'refund', amount: 1 }, /a refund has an order_id/],
    [{ type: 'visit' }, /nobody is named/],
  ])('tells whoever typed %j what is wrong, and sends it once it is right', (cells, words) => {
    spreadsheet.add(cells);
    spreadsheet.run('sendRows');
    expect(spreadsheet.of('result')).toEqual([expect.stringMatching(words)]);
    expect(spreadsheet.posted).toEqual([]);
    const [, row = []] = spreadsheet.rows;
    const right = { type: 'visit', member_id: 'm_1', occurred_at: '', amount: '', order_id: '' };
    for (const [name, cell] of Object.entries(right)) row[spreadsheet.at(name)] = cell;
    spreadsheet.run('sendRows');
    expect(spreadsheet.of('result')).toEqual([`sent ${NOW}`]);
  });

  it('does nothing while it is at it already, and nothing in an empty tab', () => {
    spreadsheet.run('sendRows');
    spreadsheet.locked = true;
    spreadsheet.add({ type: 'visit', member_id: 'm_1' });
    spreadsheet.run('sendRows');
    expect(spreadsheet.posted).toEqual([]);
  });

  it('runs when the tick is set and not at every word that is typed', () => {
    spreadsheet.add({ type: 'visit', member_id: 'm_1' });
    const edit = (title: string, from: number, to = from) =>
      spreadsheet.run('whenEdited', {
        range: { getSheet: () => ({ getName: () => title }), getColumn: () => from, getLastColumn: () => to },
      });
    const send = spreadsheet.at('send') + 1;
    edit('Ledger', send);
    edit('Entries', 1, send - 1);
    edit('Entries', send + 1);
    expect(spreadsheet.posted).toEqual([]);
    edit('Entries', 1, send);
    expect(spreadsheet.posted).toHaveLength(1);
  });

  it('sets up one trigger of each kind, however often it is set up, and leaves those of others', () => {
    spreadsheet.triggers.push('sendNewsletter every 60');
    spreadsheet.run('setUp');
    expect(spreadsheet.triggers).toEqual(['sendNewsletter every 60', 'whenEdited on edit', 'sendRows every 10']);
  });

  it('keeps the ticks that are there when it is set up again', () => {
    spreadsheet.add({ type: 'visit', member_id: 'm_1' });
    spreadsheet.run('setUp');
    spreadsheet.run('sendRows');
    expect(spreadsheet.posted).toHaveLength(1);
  });

  it.each(['STAMPBOOK_URL', 'STAMPBOOK_KEY'])(
    'says so when nobody has added %s, and sends once it is there',
    (name) => {
      const value = spreadsheet.properties[name] ?? '';
      delete spreadsheet.properties[name];
      spreadsheet.add({ type: 'visit', member_id: 'm_1' });
      spreadsheet.run('sendRows');
      expect(spreadsheet.of('result')).toEqual([`not sent: the script property ${name} is missing`]);
      spreadsheet.properties[name] = value;
      spreadsheet.run('sendRows');
      expect(spreadsheet.of('result')).toEqual([`sent ${NOW}`]);
    },
  );
});
