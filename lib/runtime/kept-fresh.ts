export interface KeptFresh<Thing> {
  current(): Promise<Thing>;
  /** The next one who asks has it read again. */
  forget(): void;
}

/** Read once in a while by each copy of a function, and by all who ask meanwhile together. */
export function keptFresh<Thing>(
  read: () => Promise<Thing>,
  { freshMs, now }: { freshMs: number; now: () => number },
): KeptFresh<Thing> {
  let last: { readonly at: number; readonly thing: Promise<Thing> } | undefined;
  return {
    async current() {
      const at = now();
      if (!last || Math.abs(at - last.at) > freshMs) last = { at, thing: read() };
      const mine = last;
      try {
        return await mine.thing;
      } catch (error) {
        // The next one asks again.
        if (last === mine) last = undefined;
        throw error;
      }
    },
    forget() {
      last = undefined;
    },
  };
}
