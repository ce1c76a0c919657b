import type { RoleOf, SinkEvent } from '../contract.ts';
import type { Call } from '../kit/json-api.ts';
import { openSheets } from './api.ts';
import type manifest from './manifest.ts';
import { LEDGER, ledgerRow, MEMBERS, memberRow, noRow } from './rows.ts';
import { append, openTabs, overwrite, type Row, type Tab } from './tabs.ts';

/** What comes again after days of trouble is still among these, at some hundred rows a day. */
const LEDGER_ROWS_KNOWN = 5_000;

export const sink: RoleOf<typeof manifest, 'sink'> = {
  async apply(told, context) {
    const { ledgerTab, membersTab } = context.settings;
    const call = await openSheets(context);
    const [ledger, members] = await openTabs(
      [
        { setting: 'ledgerTab', title: ledgerTab, columns: LEDGER, last: LEDGER_ROWS_KNOWN },
        ...(membersTab ? [{ setting: 'membersTab', title: membersTab, columns: MEMBERS } as const] : []),
      ],
      call,
    );
    if (ledger) await enter(ledger, told, call);
    if (members) await update(members, told, context.now, call);
    return told.map(({ event }) => ({ vendorId: event.id }));
  },
};

/** There is no idempotency key: what is in the tab already was written by a call whose answer was lost. */
async function enter(ledger: Tab, told: readonly SinkEvent[], call: Call): Promise<void> {
  const missing = new Map(told.map(({ event }) => [event.id, event]));
  for (const id of ledger.rows.keys()) missing.delete(id);
  await append(ledger, [...missing.values()].map(ledgerRow), call);
}

async function update(tab: Tab, told: readonly SinkEvent[], now: Date, call: Call): Promise<void> {
  const wanted = new Map<string, Row>();
  for (const { event, member } of told) {
    const account = member?.mergedInto ?? event.memberId;
    // Who was erased has none any more; nor has an account that became a part of another, or all would count it twice.
    if (!member || account !== event.memberId) wanted.set(event.memberId, noRow);
    if (member?.standing) wanted.set(account, memberRow(account, member.standing, now));
  }
  const changed = new Map<number, Row>();
  const added: Row[] = [];
  for (const [memberId, row] of wanted) {
    const at = tab.rows.get(memberId);
    if (at !== undefined) changed.set(at, row);
    else if (row !== noRow) added.push(row);
  }
  // First those whose places are known: new rows may move them.
  await overwrite(tab, changed, call);
  await append(tab, added, call);
}
