import type { Account, Instant } from './account.ts';
import { fingerprint } from './canonical.ts';
import type { Detail } from './detail.ts';
import { type Draft, keyOf } from './entry.ts';
import { sparse } from './situation.ts';

/** Entries without points: the journal tells a member's whole story, and holds nothing personal. */
export type Note =
  | { readonly kind: 'enrolled' }
  | { readonly kind: 'updated' }
  | { readonly kind: 'erased' }
  | { readonly kind: 'consent'; readonly channel: string; readonly purpose?: string; readonly granted: boolean };

/** `object` names the thing that happened: the same object twice is one entry. A member is enrolled once, whoever says so. */
export function decideNote(account: Account, note: Note, told: { source: string; object: string; at: Instant }): Draft {
  return {
    key: keyOf(
      note.kind === 'enrolled' || note.kind === 'erased' ? 'member' : told.source,
      note.kind === 'enrolled' || note.kind === 'erased' ? 'self' : told.object,
      note.kind,
    ),
    source: told.source,
    occurredAt: told.at,
    tier: account.tier,
    fingerprint: fingerprint(note satisfies Detail),
    detail: note,
    change: sparse({}),
    trace: [],
  };
}
