let zone;
let offsetMs = 0;

/** The shop's zone, and how far its clock is ahead of this machine's. */
export function setClock(state) {
  zone = state.merchant.timeZone;
  offsetMs = state.offsetMs;
}

export const now = () => new Date(Date.now() + offsetMs);

const format = (options) => (at) =>
  new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options }).format(new Date(at));

export const clockFace = format({
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
export const timeOfDay = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const hourAndMinute = format({ hour: '2-digit', minute: '2-digit' });
export const dayAndTime = format({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
export const wholeDate = format({
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});
