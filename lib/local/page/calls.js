import { byId, make } from './dom.js';
import { textOf } from './phone.js';
import { timeOfDay } from './time.js';

const SHOWN = 60;
let calls = [];
let chosen = 'all';

const pretty = (body) => {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
};

/** One line that says what it was about. */
function summary(call) {
  const sms = textOf(call);
  if (sms) return sms.text;
  try {
    const body = JSON.parse(call.body);
    const data = body.data ?? {};
    if (body.type)
      return [body.type, data.points === undefined ? '' : `${data.points} points`, data.memberId ?? '']
        .filter(Boolean)
        .join(' · ');
    return body.text ?? call.body;
  } catch {
    return call.body || '(empty)';
  }
}

const item = (call) =>
  make(
    'li',
    { 'data-ok': String(call.status >= 200 && call.status < 300) },
    make(
      'details',
      {},
      make(
        'summary',
        {},
        make('span', { class: 'vendor' }, call.connector),
        make('span', { class: 'code' }, call.status === 0 ? '–' : String(call.status)),
        make('span', { class: 'gist' }, summary(call)),
        make('time', { datetime: call.at }, timeOfDay(call.at)),
      ),
      make('p', { class: 'url' }, `${call.method} ${call.url}`),
      make('pre', {}, pretty(call.body)),
    ),
  );

function draw() {
  const vendors = [...new Set(calls.map(({ connector }) => connector))].sort();
  byId('call-tabs').replaceChildren(
    ...(vendors.length > 1 ? ['all', ...vendors] : []).map((name) =>
      make('button', { type: 'button', 'aria-pressed': String(name === chosen), onclick: () => choose(name) }, name),
    ),
  );
  const visible = calls.filter(({ connector }) => chosen === 'all' || connector === chosen);
  if (visible.length > 0) byId('calls').replaceChildren(...visible.slice(-SHOWN).reverse().map(item));
}

function choose(name) {
  chosen = name;
  draw();
}

export function drawCalls(all) {
  calls = all;
  draw();
}

export function addCall(call) {
  calls = [...calls, call].slice(-SHOWN * 2);
  // Open ones stay open: only a new line is put on top, unless the tabs change.
  const known = document.querySelectorAll('#call-tabs button').length;
  const list = byId('calls');
  if (
    known > 0 &&
    (chosen === 'all' || chosen === call.connector) &&
    calls.some((one) => one !== call && one.connector === call.connector)
  ) {
    list.prepend(item(call));
    while (list.children.length > SHOWN) list.lastElementChild.remove();
  } else {
    draw();
  }
}
