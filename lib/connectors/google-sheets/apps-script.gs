/**
 * Sends rows that somebody has ticked to Stampbook. Belongs to the spreadsheet: Extensions › Apps Script, whole; then the
 * script properties STAMPBOOK_URL and STAMPBOOK_KEY, and `setUp` run once by hand.
 *
 * A row is sent once. What cannot be delivered now is tried again every ten minutes, under the same id and with the same
 * words, so that Stampbook knows a repetition. Rows that were sent are not read again: to correct one, add another.
 */

const TAB = 'Entries';
const COLUMNS = [
  'type',
  'occurred_at',
  'member_id',
  'card',
  'email',
  'phone',
  'amount',
  'currency',
  'order_id',
  'note',
  'send',
  'result',
  'row_id',
];
const TYPES = [
  'sale',
  'refund',
  'visit',
  'booking',
  'game',
  'event',
  'service',
  'review',
  'feedback',
  'survey',
  'share',
  'ticket-closed',
];
const SENT = 'sent';
/** What our triggers run; others may have triggers in the same project. */
const OURS = ['whenEdited', 'sendRows'];
const PROPERTIES = ['STAMPBOOK_URL', 'STAMPBOOK_KEY'];

/** Makes the tab and the triggers. May be run again: it leaves what is there. */
// biome-ignore lint/correctness/noUnusedVariables: run by hand.
function setUp() {
  const spreadsheet = SpreadsheetApp.getActive();
  const tab = spreadsheet.getSheetByName(TAB) || spreadsheet.insertSheet(TAB);
  tab.getRange(1, 1, 1, COLUMNS.length).setValues([COLUMNS]);
  tab.setFrozenRows(1);
  const rows = tab.getMaxRows() - 1;
  const types = SpreadsheetApp.newDataValidation().requireValueInList(TYPES, true).build();
  tab.getRange(2, at('type'), rows).setDataValidation(types);
  // As a rule and not as boxes that are inserted: those would take away the ticks that are there.
  const box = SpreadsheetApp.newDataValidation().requireCheckbox().build();
  tab.getRange(2, at('send'), rows).setDataValidation(box);
  // A number that begins with + is text, or its + is lost.
  for (const name of ['card', 'phone', 'order_id']) tab.getRange(2, at(name), rows).setNumberFormat('@');
  tab.hideColumns(at('row_id'));
  for (const trigger of ScriptApp.getProjectTriggers())
    if (OURS.includes(trigger.getHandlerFunction())) ScriptApp.deleteTrigger(trigger);
  // A simple onEdit may not call anybody.
  ScriptApp.newTrigger('whenEdited').forSpreadsheet(spreadsheet).onEdit().create();
  ScriptApp.newTrigger('sendRows').timeBased().everyMinutes(10).create();
}

/** Somebody ticks a row. */
// biome-ignore lint/correctness/noUnusedVariables: run by its trigger.
function whenEdited(event) {
  const { range } = event;
  if (range.getSheet().getName() !== TAB) return;
  if (range.getColumn() <= at('send') && range.getLastColumn() >= at('send')) sendRows();
}

/** All rows that are ticked and were not sent. */
function sendRows() {
  const lock = LockService.getDocumentLock();
  // Somebody is at it already, and sees this row too, now or in ten minutes.
  if (!lock.tryLock(1000)) return;
  try {
    const tab = SpreadsheetApp.getActive().getSheetByName(TAB);
    const last = tab.getLastRow();
    if (last < 2) return;
    const rows = tab.getRange(2, 1, last - 1, COLUMNS.length).getValues();
    rows.forEach((cells, index) => {
      const row = Object.fromEntries(COLUMNS.map((name, column) => [name, cells[column]]));
      if (row.send === true && !String(row.result).startsWith(SENT)) sendRow(tab, index + 2, row);
    });
  } finally {
    lock.releaseLock();
  }
}

function sendRow(tab, number, row) {
  const write = (name, value) => tab.getRange(number, at(name)).setValue(value);
  const fault = faultIn(row);
  if (fault) {
    write('result', `not sent: ${fault}`);
    return;
  }
  // Written before anything leaves: whatever happens next, it goes out under the same name and the same time.
  const id = row.row_id || Utilities.getUuid();
  const occurredAt = row.occurred_at || new Date();
  if (!row.row_id) write('row_id', id);
  if (!row.occurred_at) write('occurred_at', occurredAt);
  SpreadsheetApp.flush();
  const status = post(id, {
    type: 'row.added',
    data: {
      spreadsheet_id: SpreadsheetApp.getActive().getId(),
      row: {
        id,
        type: row.type,
        occurred_at: occurredAt.toISOString(),
        member_id: textOf(row.member_id),
        card: textOf(row.card),
        email: textOf(row.email),
        phone: textOf(row.phone),
        amount: row.amount === '' ? null : row.amount,
        currency: textOf(row.currency),
        order_id: textOf(row.order_id),
      },
    },
  });
  write('result', status === 200 ? `${SENT} ${new Date().toISOString()}` : `will be tried again: ${meaningOf(status)}`);
}

/** What Stampbook would not take, while whoever typed it still looks. */
function faultIn(row) {
  const properties = PropertiesService.getScriptProperties();
  const missing = PROPERTIES.find((name) => !properties.getProperty(name));
  if (missing) return `the script property ${missing} is missing`;
  if (!TYPES.includes(row.type)) return `type has to be one of ${TYPES.join(', ')}`;
  if (row.occurred_at !== '' && !(row.occurred_at instanceof Date)) return 'occurred_at is no date';
  if (row.amount !== '' && typeof row.amount !== 'number') return 'amount is text: format the column as a number';
  if (row.amount < 0) return 'amount is below zero';
  if (row.type === 'sale' && row.amount === '') return 'a sale has an amount';
  if (row.type === 'refund' && row.order_id === '') return 'a refund has an order_id';
  const known = ['member_id', 'card', 'email', 'phone'].some((name) => row[name] !== '');
  if (!known && row.type !== 'refund') return 'nobody is named: member_id, card, email or phone';
  return undefined;
}

/** The status; 0 when nobody answered. Signed as Standard Webhooks has it. */
function post(id, message) {
  const properties = PropertiesService.getScriptProperties();
  const key = properties.getProperty('STAMPBOOK_KEY').replace(/^whsec_/, '');
  const body = JSON.stringify(message);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signed = Utilities.newBlob(`${id}.${timestamp}.${body}`).getBytes();
  const signature = Utilities.computeHmacSha256Signature(signed, Utilities.base64Decode(key));
  try {
    return UrlFetchApp.fetch(properties.getProperty('STAMPBOOK_URL'), {
      method: 'post',
      contentType: 'application/json',
      payload: body,
      headers: {
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${Utilities.base64Encode(signature)}`,
      },
      followRedirects: false,
      muteHttpExceptions: true,
    }).getResponseCode();
  } catch {
    return 0;
  }
}

function meaningOf(status) {
  if (status === 0) return 'nobody answered';
  if (status === 401) return 'refused: check STAMPBOOK_KEY, and the spreadsheet’s id in the settings';
  return `answered ${status}`;
}

const textOf = (cell) => (cell === '' ? null : String(cell));
const at = (name) => COLUMNS.indexOf(name) + 1;
