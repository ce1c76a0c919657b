import { byId, make } from './dom.js';
import { textOf } from './phone.js';
import { timeOfDay } from './time.js';

const SHOWN = 60;
let calls = [];
let chosen = 'all';
let known = [];

const pretty = (body) => {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
};

/** One line that says what it was about. */
function summary(call) {
  const message = textOf(call);
  if (message) return message.text;
  if (call.body === '') return lookedUp(call);
  try {
    const body = JSON.parse(call.body);
    const data = body.data ?? {};
    if (body.type)
      return [body.type, data.points === undefined ? '' : `${data.points} points`, data.memberId ?? '']
        .filter(Boolean)
        .join(' · ');
    return body.text ?? body.subject ?? body.ticket?.subject ?? call.body;
  } catch {
    return call.body;
  }
}

/** Nothing was sent along: then it is the address that says something. */
function lookedUp({ method, url }) {
  const { host, pathname } = new URL(url);
  return `${method} ${host}${pathname}`;
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

const isShown = ({ connector }) => chosen === 'all' || connector === chosen;

function drawTabs() {
  const called = Map.groupBy(calls, ({ connector }) => connector);
  byId('call-tabs').replaceChildren(
    ...['all', ...known].map((name) =>
      make(
        'button',
        {
          type: 'button',
          'aria-pressed': String(name === chosen),
          class: name === 'all' || called.has(name) ? undefined : 'silent',
          onclick: () => choose(name),
        },
        name,
      ),
    ),
  );
}

function draw() {
  drawTabs();
  const visible = calls.filter(isShown);
  byId('calls').replaceChildren(
    ...(visible.length > 0
      ? visible.slice(-SHOWN).reverse().map(item)
      : [
          make(
            'li',
            { class: 'empty' },
            chosen === 'all' ? 'No vendor has been called yet.' : `${chosen} has not been called yet.`,
          ),
        ]),
  );
}

/** Whoever the merchant is connected to has a tab, called or not. */
export function drawVendors(connectors) {
  if (known.join() === connectors.join()) return;
  known = connectors;
  draw();
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
  drawTabs();
  if (!isShown(call)) return;
  // Open ones stay open: only a new line is put on top.
  const list = byId('calls');
  list.querySelector('.empty')?.remove();
  list.prepend(item(call));
  while (list.children.length > SHOWN) list.lastElementChild.remove();
}
