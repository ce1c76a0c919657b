import { addCall, drawCalls, drawVendors } from './calls.js';
import { byId, make, post } from './dom.js';
import { addToFeed, drawFeed } from './feed.js';
import { drawFlow, light } from './flow.js';
import { addToThread, drawPeer, drawReply, drawThread } from './phone.js';
import { drawSystem } from './system.js';
import { clockFace, hourAndMinute, now, setClock } from './time.js';
import { say as answer, drawMember, drawSamples } from './try.js';

/** The page of the local cloud: it listens, and draws what it hears. */

let hello;

function drawState(state) {
  setClock(state);
  byId('merchant').textContent = state.merchant.name;
  byId('program').textContent = state.merchant.program;
  drawPeer(state.merchant, state.member);
  drawReply(state.samples);
  drawSamples(state.samples, state.merchant.connectors);
  drawMember(state.member, state.merchant);
  drawSystem(state);
  drawVendors(state.merchant.connectors);
  // The first picture of the zone comes with the state: until then no time can be written.
  if (hello) {
    drawFeed(hello.steps);
    drawThread(hello.calls);
    drawCalls(hello.calls);
    hello = undefined;
  }
  tick();
}

function tick() {
  const at = now();
  byId('clock').textContent = clockFace(at);
  byId('clock').dateTime = at.toISOString();
  byId('phone-time').textContent = hourAndMinute(at);
}

function say(state, text) {
  byId('status').dataset.state = state;
  byId('status-text').textContent = text;
}

drawFlow();
setInterval(tick, 1_000);

const events = new EventSource('/_local/events');
events.addEventListener('open', () => say('running', 'running'));
events.addEventListener('error', () => say('lost', 'stopped – start it again with npm start'));
events.addEventListener('hello', ({ data }) => {
  hello = JSON.parse(data);
  drawFlow();
  for (const step of hello.steps) light(step, { quietly: true });
});
events.addEventListener('state', ({ data }) => drawState(JSON.parse(data)));
events.addEventListener('step', ({ data }) => {
  const step = JSON.parse(data);
  if (hello) hello.steps.push(step);
  else addToFeed(step);
  light(step);
});
events.addEventListener('vendor', ({ data }) => {
  const call = JSON.parse(data);
  if (hello) {
    hello.calls.push(call);
    return;
  }
  addToThread(call);
  addCall(call);
});

byId('moves').addEventListener('click', async ({ target }) => {
  const { advance } = target.dataset;
  if (!advance) return;
  target.disabled = true;
  try {
    const { ran } = await post('clock', { advance });
    const runs = `${ran.length} scheduled ${ran.length === 1 ? 'run was' : 'runs were'} due`;
    answer(true, make('p', {}, `The clock went ${target.textContent}: ${runs}.`));
  } finally {
    target.disabled = false;
  }
});
