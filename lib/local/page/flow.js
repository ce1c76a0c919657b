import { byId, icon, make } from './dom.js';

/** The stations of a sale, in its order; each belongs to a lane of the trail. */
const stations = [
  { lane: 'request', icon: 'till', name: 'Door', about: 'tills, shops, webhooks' },
  { lane: 'queue', icon: 'queue', name: 'Queue', about: 'facts wait their turn' },
  { lane: 'decide', icon: 'decide', name: 'Rules', about: 'what is it worth?' },
  { lane: 'ledger', icon: 'ledger', name: 'Ledger', about: 'one transaction' },
  { lane: 'bus', icon: 'bus', name: 'Bus', about: 'told to whom it concerns' },
  { lane: 'deliver', icon: 'deliver', name: 'Delivery', about: 'a queue for each vendor' },
  { lane: 'vendor', icon: 'vendor', name: 'Vendors', about: 'SMS, Slack, webhooks' },
];
const LIT_MS = 1_100;
const elements = new Map();

export function drawFlow() {
  byId('flow').replaceChildren(
    ...stations.map(({ lane, icon: shape, name, about }) => {
      const count = make('b', { class: 'count' }, '0');
      const last = make('small', { class: 'last' }, about);
      const element = make(
        'li',
        { class: 'station', 'data-lane': lane },
        make('span', { class: 'disc' }, icon(shape)),
        make('span', { class: 'name' }, name, count),
        last,
      );
      elements.set(lane, { element, count, last, seen: 0, timer: 0 });
      return element;
    }),
  );
}

/** Lights the station a step belongs to. */
export function light(step, { quietly = false } = {}) {
  // A schedule enters where facts do.
  const station = elements.get(step.lane === 'schedule' ? 'queue' : step.lane);
  if (!station) return;
  station.seen += 1;
  station.count.textContent = station.seen;
  station.last.textContent =
    step.lane === 'request'
      ? step.title
      : step.lane === 'ledger'
        ? `${step.title} points`.replace(/^(\w+) points$/, '$1')
        : step.title;
  if (quietly) return;
  station.element.classList.remove('lit', 'bad');
  // Read once between the two, so that the animation starts again.
  void station.element.offsetWidth;
  station.element.classList.add('lit');
  station.element.classList.toggle('bad', step.outcome !== 'ok');
  clearTimeout(station.timer);
  station.timer = setTimeout(() => station.element.classList.remove('lit', 'bad'), LIT_MS);
}
