import * as z from 'zod';
import type { Context } from '../contract.ts';
import { Permanent, Unauthorized } from '../kit/errors.ts';
import type { Failure } from '../kit/http.ts';
import { type Call, openJsonApi } from '../kit/json-api.ts';
import { refusalIn } from '../kit/refusal.ts';
import type manifest from './manifest.ts';

export type SheetsContext = Context<typeof manifest>;

/** Paths begin behind the spreadsheet's id. */
export async function openSheets({ settings, fetch, now, accessToken }: SheetsContext): Promise<Call> {
  return openJsonApi({
    vendor: 'Google Sheets',
    base: `https://sheets.googleapis.com/v4/spreadsheets/${settings.spreadsheetId}`,
    headers: { authorization: `Bearer ${await accessToken()}` },
    fetch,
    now,
    meaningOf,
  });
}

const Refusal = z.object({ error: z.object({ status: z.string().regex(/^[A-Z_]{1,40}$/) }) });

/** Google's word, and what staff can do. Its sentences repeat what was sent. */
function meaningOf(status: number, text: string): Failure | undefined {
  const word = refusalIn(Refusal, text)?.error.status;
  const said = `Google Sheets answered ${status}${word ? ` ${word}` : ''}`;
  switch (status) {
    case 400:
      return new Permanent(`${said}: was a tab renamed, protected or cut short meanwhile?`);
    case 403:
      return new Unauthorized(`${said}: share the spreadsheet with the service account, as an editor`);
    case 404:
      return new Permanent(`${said}: there is no such spreadsheet; see the setting spreadsheetId`);
    default:
      return undefined;
  }
}
