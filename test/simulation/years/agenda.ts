/** What is to happen, and when: time goes on to whatever comes next. */

interface Planned {
  readonly at: number;
  /** Of two at the same time, the one that was planned first. */
  readonly order: number;
  readonly what: Thing;
}

export interface Thing {
  /** Nothing else happens meanwhile. */
  readonly alone?: boolean;
  happens(): Promise<void> | void;
}

/** What is so close together happens at once. */
const TOGETHER_MS = 10 * 60_000;
const TOGETHER_MAX = 16;

export class Agenda {
  private readonly heap: Planned[] = [];
  private planned = 0;

  plan(at: number, what: Thing): void {
    this.planned += 1;
    this.heap.push({ at, order: this.planned, what });
    let place = this.heap.length - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!this.before(place, above)) break;
      this.swap(place, above);
      place = above;
    }
  }

  /** Those that happen next, and the time at which they do: never before what each of them was planned for. */
  nextBefore(until: number): { readonly at: number; readonly things: readonly Thing[] } | undefined {
    if ((this.heap[0]?.at ?? until) >= until) return undefined;
    const first = this.take();
    if (!first) return undefined;
    const things = [first.what];
    let { at } = first;
    while (!first.what.alone && things.length < TOGETHER_MAX) {
      const [then] = this.heap;
      if (!then || then.what.alone || then.at >= Math.min(until, first.at + TOGETHER_MS)) break;
      this.take();
      things.push(then.what);
      at = then.at;
    }
    return { at, things };
  }

  private take(): Planned | undefined {
    const [first] = this.heap;
    const last = this.heap.pop();
    if (!first || !last || this.heap.length === 0) return first;
    this.heap[0] = last;
    for (let place = 0; ; ) {
      let least = place;
      for (const below of [2 * place + 1, 2 * place + 2])
        if (below < this.heap.length && this.before(below, least)) least = below;
      if (least === place) return first;
      this.swap(place, least);
      place = least;
    }
  }

  private before(a: number, b: number): boolean {
    const [one, other] = [this.heap[a], this.heap[b]];
    if (!one || !other) return false;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }

  private swap(a: number, b: number): void {
    const [one, other] = [this.heap[a], this.heap[b]];
    if (!one || !other) return;
    this.heap[a] = other;
    this.heap[b] = one;
  }
}
