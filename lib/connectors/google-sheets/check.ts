import * as z from 'zod';
import { read } from '../kit/read.ts';
import { openSheets, type SheetsContext } from './api.ts';

/** Asks for the spreadsheet's title: it takes the key, and that the spreadsheet is shared with the account. */
export async function check(context: SheetsContext): Promise<string> {
  const call = await openSheets(context);
  const { properties } = read(Spreadsheet, await call('GET', '?fields=properties.title'));
  return `the spreadsheet “${properties.title}”`;
}

const Spreadsheet = z.object({ properties: z.object({ title: z.string() }) });
