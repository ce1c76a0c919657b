/** Only what asks for the time is shifted; timers, `performance` and dates made from arguments are as they were. */

let offsetMs = 0;

/** Replaces the global `Date` by one that runs `shiftDate`'s offset ahead of the machine's clock. Once a process. */
export function installVirtualDate(): void {
  const Real = Date;
  const now = () => Real.now() + offsetMs;
  const shifted = new Proxy(Real, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new Real(now()).toString(),
    get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver)),
  });
  Real.prototype.constructor = shifted;
  globalThis.Date = shifted;
}

export function shiftDate(ms: number): void {
  offsetMs = ms;
}
