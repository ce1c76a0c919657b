import { byId, make, post } from './dom.js';
import { wholeDate } from './time.js';

const cell = (text, more = {}) => make('td', more, text);
const number = (value, loud = false) =>
  cell(value === 0 ? '·' : String(value), { class: loud && value > 0 ? 'number loud' : 'number' });
const short = (name, stage) => (name.startsWith(`${stage}-`) ? name.slice(stage.length + 1) : name);

export function drawSystem(state) {
  drawFunctions(state.functions);
  drawQueues(state);
  byId('schedules').replaceChildren(
    ...state.schedules.map((schedule) =>
      make(
        'tr',
        {},
        cell(schedule.name),
        cell(schedule.expression, { class: 'mono' }),
        cell(schedule.next ? wholeDate(schedule.next) : '–'),
      ),
    ),
  );
  byId('tables').replaceChildren(
    ...state.tables.map(({ name, items }) => make('tr', {}, cell(short(name, state.stage)), number(items))),
  );
}

function drawFunctions(functions) {
  const warm = functions.reduce((sum, one) => sum + one.processes.length, 0);
  byId('functions-hint').textContent = `${functions.length}, each in its own process, ${warm} warm`;
  byId('functions').replaceChildren(
    ...functions.map((one) =>
      make(
        'tr',
        { class: one.running > 0 ? 'busy' : '', title: one.lastError ?? '' },
        cell(one.service),
        number(one.invocations),
        number(one.errors, true),
        cell(one.lastDurationMs === undefined ? '·' : `${Math.round(one.lastDurationMs)} ms`, { class: 'number' }),
        make('td', { class: 'pids' }, ...one.processes.map((pid) => make('i', { title: `process ${pid}` }))),
      ),
    ),
  );
}

/** A queue and its dead letters are one line: what is parked waits for a person. */
function drawQueues({ queues, stage }) {
  const deadLetters = new Map(queues.filter((queue) => queue.deadLetterOf).map((queue) => [queue.deadLetterOf, queue]));
  byId('queues').replaceChildren(
    ...queues
      .filter((queue) => !queue.deadLetterOf)
      .map((queue) => {
        const parked = deadLetters.get(queue.name);
        return make(
          'tr',
          {},
          cell(short(queue.name, stage)),
          number(queue.visible),
          number(queue.inFlight),
          number(queue.delayed),
          parked ? parkedCell(parked) : cell(''),
        );
      }),
  );
}

function parkedCell(parked) {
  if (parked.visible === 0) return number(0);
  const redrive = () => post('redrive', { queue: parked.name });
  return make(
    'td',
    { class: 'number loud' },
    `${parked.visible} `,
    make('button', { type: 'button', onclick: redrive }, 'redrive'),
  );
}
