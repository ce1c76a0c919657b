import { isSource, isTended, isTold, type Use } from './functions.ts';

/** What a queue and its dead letters are called. */
export function queueNamesOf(prefix: string, name: string, fifo = false): { name: string; parked: string } {
  const suffix = fifo ? '.fifo' : '';
  return { name: `${prefix}-${name}${suffix}`, parked: `${prefix}-${name}-parked${suffix}` };
}

/** A queue whose work is parked when it cannot be done. */
export interface WorkName {
  /** Without the merchant's prefix: `facts`, `slack-outbound`. */
  readonly work: string;
  /** Absent: the engine's own. */
  readonly connector?: Use['id'];
  readonly fifo?: boolean;
}

const OWN: readonly WorkName[] = [
  { work: 'facts', fifo: true },
  { work: 'plan' },
  { work: 'sweeps' },
  { work: 'audit' },
];

/** All of a merchant's, in the order in which work passes through them. */
export const worksOf = (uses: readonly Use[]): readonly WorkName[] => [
  ...OWN,
  ...uses.flatMap((use): WorkName[] =>
    [
      ...(isSource(use) ? ['intake'] : []),
      ...(isTold(use) ? ['outbound'] : []),
      ...(isTended(use) ? ['tending'] : []),
    ].map((kind) => ({ work: `${use.id}-${kind}`, connector: use.id })),
  ),
];
