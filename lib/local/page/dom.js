/** An element: `make('li', { class: 'new' }, 'text', child)`. Text is text, never markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Drawings from the sprite below, so that nothing is inline in the markup. */
const shapes = {
  till: 'M4 9h16l-1.2 10H5.2zM8 9V6a4 4 0 0 1 8 0v3',
  queue: 'M4 6h16M4 12h16M4 18h10',
  decide: 'M12 3v4M12 17v4M5 8l7-3 7 3M5 8l-2.5 6a3.5 3.5 0 0 0 5 0zM19 8l-2.5 6a3.5 3.5 0 0 0 5 0zM8 21h8',
  ledger: 'M6 3h11a2 2 0 0 1 2 2v16H7a2 2 0 0 1-2-2V4a1 1 0 0 1 1-1zM9 8h6M9 12h6M9 16h4',
  bus: 'M3 12h18M7 12V6M12 12v6M17 12V6M7 6l-2 2M7 6l2 2M12 18l-2-2M12 18l2-2M17 6l-2 2M17 6l2 2',
  deliver: 'M3 7h11v9H3zM14 10h4l3 3v3h-7zM7 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM17 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  vendor: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2',
};

export function icon(name) {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.classList.add('icon');
  const path = document.createElementNS(namespace, 'path');
  path.setAttribute('d', shapes[name]);
  svg.append(path);
  return svg;
}

export async function post(what, body) {
  const response = await fetch(`/_local/${what}`, { method: 'POST', body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}
