import { byId, make } from './dom.js';
import { timeOfDay } from './time.js';

const SHOWN = 70;

const item = (step) =>
  make(
    'li',
    { 'data-lane': step.lane, 'data-outcome': step.outcome },
    make('span', { class: 'lane' }, step.lane),
    make('span', { class: 'what' }, make('b', {}, step.title), make('span', { class: 'detail' }, step.detail)),
    make(
      'span',
      { class: 'when' },
      make('time', { datetime: step.at }, timeOfDay(step.at)),
      step.tookMs === undefined ? undefined : make('span', {}, `${Math.round(step.tookMs)} ms`),
    ),
  );

export function drawFeed(steps) {
  if (steps.length === 0) return;
  byId('feed').replaceChildren(...steps.slice(-SHOWN).reverse().map(item));
}

export function addToFeed(step) {
  const feed = byId('feed');
  feed.querySelector('.empty')?.remove();
  const element = item(step);
  element.classList.add('new');
  feed.prepend(element);
  while (feed.children.length > SHOWN) feed.lastElementChild.remove();
}
