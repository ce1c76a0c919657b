import { byId, make, post } from './dom.js';
import { dayAndTime, now } from './time.js';

let shown = [];

/** What a channel sent, whatever its vendor calls the fields. */
const readers = {
  'twilio-sms'(body) {
    const form = new URLSearchParams(body);
    return { text: form.get('Body'), to: form.get('To') ?? '' };
  },
  whatsapp(body) {
    const { to, text, template } = JSON.parse(body);
    const values = template?.components?.[0]?.parameters.map((parameter) => parameter.text) ?? [];
    const said = text?.body ?? (template && [`[${template.name}]`, ...values].join(' · '));
    return { text: said, to: `WhatsApp +${to ?? ''}` };
  },
  sendgrid(body) {
    const { personalizations, subject, content } = JSON.parse(body);
    const [plain] = content ?? [];
    return { text: plain && `${subject}\n\n${plain.value}`, to: personalizations?.[0]?.to?.[0]?.email ?? '' };
  },
};

export function textOf({ connector, body }) {
  try {
    const message = readers[connector]?.(body);
    return message?.text ? message : undefined;
  } catch {
    // It was asked something, and sent nothing.
    return undefined;
  }
}

function bubble(call) {
  if (call.mine) return make('li', { class: 'bubble mine' }, make('p', {}, call.mine));
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

/** A text back, signed as the vendor would sign it; what comes of it is seen on its way. */
export function drawReply(samples) {
  byId('reply').hidden = !samples.includes('reply');
}

async function reply() {
  const field = byId('reply-text');
  const text = field.value.trim();
  if (text === '') return;
  field.value = '';
  await post('samples', { kind: 'reply', text });
  shown = [...shown, { mine: text, at: now().toISOString() }].slice(-30);
  redraw('new');
}
byId('reply-send').addEventListener('click', reply);
byId('reply-text').addEventListener('keydown', ({ key }) => {
  if (key === 'Enter') reply();
});

export function drawPeer(merchant, member) {
  byId('avatar').textContent = merchant.name.replace(/^(Café|The)\s+/i, '').charAt(0);
  byId('peer').textContent = merchant.name;
  byId('peer-number').textContent = member ? `to ${member.name}` : '';
}
