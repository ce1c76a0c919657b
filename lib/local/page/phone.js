import { byId, make } from './dom.js';
import { dayAndTime } from './time.js';

let shown = [];

/** What a text message channel sent, whatever its vendor calls the fields. */
export function textOf(call) {
  if (call.connector !== 'twilio-sms') return undefined;
  const form = new URLSearchParams(call.body);
  const text = form.get('Body');
  return text === null ? undefined : { text, to: form.get('To') ?? '' };
}

function bubble(call) {
  const { text, to } = textOf(call);
  const arrived = call.status >= 200 && call.status < 300;
  return make(
    'li',
    { class: arrived ? 'bubble' : 'bubble lost' },
    make('p', {}, text),
    make(
      'small',
      {},
      arrived ? `${to} · ${dayAndTime(call.at)}` : `not taken: ${call.status || 'hung up'} · ${dayAndTime(call.at)}`,
    ),
  );
}

export function drawThread(calls) {
  shown = calls.filter(textOf).slice(-30);
  redraw();
}

export function addToThread(call) {
  if (!textOf(call)) return;
  shown = [...shown, call].slice(-30);
  redraw('new');
}

function redraw(last = '') {
  if (shown.length === 0) return;
  const thread = byId('thread');
  thread.replaceChildren(...shown.map(bubble));
  if (last) thread.lastElementChild.classList.add(last);
  thread.scrollTop = thread.scrollHeight;
}

export function drawPeer(merchant, member) {
  byId('avatar').textContent = merchant.name.replace(/^(Café|The)\s+/i, '').charAt(0);
  byId('peer').textContent = merchant.name;
  byId('peer-number').textContent = member ? `to ${member.name}` : '';
}
