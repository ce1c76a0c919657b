import { byId, make, post } from './dom.js';

const labels = {
  'shopify-order': ['Web-shop order', 'a signed Shopify webhook'],
  'stripe-payment': ['Card payment', 'a signed Stripe event'],
  'till-sale': ['Till sale', 'POST /v1/sales'],
  refund: ['Refund it', 'the last till sale, whole'],
  redeem: ['Redeem a reward', 'POST /v1/redemptions'],
  forged: ['Forged webhook', 'one byte is changed'],
};
/** What to say of an answer that has no words of its own. */
const remarks = {
  'shopify-order 200': 'proven and queued: the points follow',
  'stripe-payment 200': 'proven and queued: the points follow',
  'forged 401': 'the signature does not fit: refused, and nothing is kept',
};
let drawn = '';

const attributesOf = (kind) => ({
  'data-kind': kind,
  class: kind === 'shopify-order' || kind === 'till-sale' ? 'main-sample' : undefined,
  onclick: (event) => send(kind, event.currentTarget),
});
const button = (name, about, attributes) =>
  make('button', { type: 'button', ...attributes }, make('b', {}, name), make('small', {}, about));

export function drawSamples(kinds, connectors) {
  if (drawn === kinds.join()) return;
  drawn = kinds.join();
  const samples = Object.keys(labels)
    .filter((kind) => kinds.includes(kind))
    .map((kind) => button(...labels[kind], attributesOf(kind)));
  const busy = button('SMS vendor busy', '429 to its next two calls', { 'data-kind': 'busy', onclick: makeBusy });
  byId('samples').replaceChildren(...samples, ...(connectors.includes('twilio-sms') ? [busy] : []));
}

async function makeBusy() {
  await post('vendor', { connector: 'twilio-sms', status: 429, times: 2, headers: { 'retry-after': '3' } });
  say(
    true,
    make(
      'p',
      {},
      'Twilio asks for three seconds at its next two calls. Send something, and watch it being tried again.',
    ),
  );
}

/** In the box below the buttons. */
export function say(good, ...content) {
  const answer = byId('answer');
  answer.hidden = false;
  answer.dataset.ok = String(good);
  answer.replaceChildren(...content);
}

async function send(kind, button) {
  button.disabled = true;
  try {
    show(kind, await post('samples', { kind }));
  } catch (error) {
    show(kind, { request: kind, status: 0, body: error.message });
  } finally {
    button.disabled = false;
  }
}

function show(kind, { request, status, body }) {
  const gist = remarks[`${kind} ${status}`] ?? gistOf(body);
  const line = make(
    'p',
    {},
    make('code', {}, request),
    make('span', { class: 'code' }, status === 0 ? 'not sent' : String(status)),
    gist && make('span', {}, gist),
  );
  const good = (status >= 200 && status < 300) || kind === 'forged';
  if (typeof body !== 'object' || body === null) say(good, line);
  else
    say(good, line, make('details', {}, make('summary', {}, 'answer'), make('pre', {}, JSON.stringify(body, null, 2))));
}

function gistOf(body) {
  if (typeof body === 'string') return body;
  if (body === null || typeof body !== 'object') return undefined;
  if (body.earned !== undefined) return `+${body.earned} points, balance ${body.balance}`;
  if (body.reversed !== undefined) return `−${body.reversed} points, balance ${body.balance}`;
  if (body.redemptionId !== undefined && body.balance !== undefined)
    return `−${body.points} points, balance ${body.balance}`;
  return body.detail ?? body.title;
}

/** The member's card: a stamp for each tenth of the way to the next reward. */
export function drawMember(member, { rewards, tiers, program }) {
  const card = byId('member');
  card.hidden = !member;
  if (!member) return;
  const tier = tiers.find(({ id }) => id === member.tier) ?? tiers[0];
  const open = rewards.toSorted((a, b) => a.cost - b.cost);
  const next = open.find(({ cost }) => cost > member.available) ?? open.at(-1);
  const filled = next ? Math.max(0, Math.min(10, Math.floor((member.available / next.cost) * 10))) : 10;
  card.replaceChildren(
    make('header', {}, make('span', {}, program), make('span', { class: 'tier' }, tier?.name ?? member.tier)),
    make(
      'p',
      { class: 'points' },
      make('b', {}, String(member.available)),
      ' points',
      member.held > 0 ? make('small', {}, ` · ${member.held} held`) : undefined,
    ),
    make(
      'p',
      { class: 'stamps', 'aria-hidden': 'true' },
      ...Array.from({ length: 10 }, (_, at) => make('i', { class: at < filled ? 'on' : '' })),
    ),
    make('footer', {}, make('span', {}, member.name), make('span', {}, next ? `${next.name}: ${next.cost}` : '')),
  );
}
