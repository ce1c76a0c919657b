import { type Adjustment, adjustmentFingerprint, adjustmentKey, needsSecondPerson } from '../loyalty/adjust.ts';
import { type Closing, closedKey, closingFingerprint } from '../loyalty/dispute.ts';
import type { Entry } from '../loyalty/entry.ts';
import { type Flagged, reviewOf } from '../loyalty/flagged.ts';
import { type LotEnd, lotEndKey } from '../loyalty/lot-ends.ts';
import type { Program } from '../loyalty/program.ts';
import { canBeUndone, pointsToUndo, type Undo, undoDeclinedKey, undoFingerprint, undoKey } from '../loyalty/undo.ts';
import type { Desk, Matter } from './desk.ts';
import type { Outcome } from './journal.ts';
import type { Ledger } from './ledger.ts';
import type { StaffNotes } from './staff-notes.ts';

/** What was asked for and waits for a second person. `keyId`: of the key that it was asked with. */
export type Asked = { readonly keyId: string } & (
  | { readonly what: 'adjustment'; readonly adjustment: Adjustment }
  | { readonly what: 'undo'; readonly entryId: string; readonly points: number; readonly undo: Undo }
);

export interface Disputed {
  readonly entryId?: string | undefined;
  readonly by: string;
}

/** Who says yes or no. */
export interface SecondPerson {
  readonly staffId: string;
  readonly keyId: string;
}

export type StaffOutcome =
  | Outcome
  | { readonly kind: 'waiting'; readonly matter: Matter<Asked> }
  | { readonly kind: 'unknown'; readonly what: 'member' | 'entry' | 'matter' }
  | { readonly kind: 'unknown-reason'; readonly reasons: readonly string[] };

export interface StaffParts {
  readonly ledger: Ledger;
  readonly program: Program;
  readonly approvals: Desk<Asked>;
  readonly reviews: Desk<Flagged>;
  readonly disputes: Desk<Disputed>;
  readonly notes: StaffNotes;
  readonly now: () => Date;
}

/**
 * What staff do by hand. Whatever moves points is one entry, and the row on somebody's desk ends in the same transaction:
 * a step may be the last before a crash, and the next call finds what is there.
 */
export function openStaff({ ledger, program, approvals, reviews, disputes, notes, now }: StaffParts) {
  const unknownReason = (reason: string): StaffOutcome | undefined =>
    program.staff.reasons.includes(reason) ? undefined : { kind: 'unknown-reason', reasons: program.staff.reasons };

  /** First the words, so that no entry lacks them; a member who is gone gets neither. */
  async function noted(memberId: string, about: string, by: string, text: string | undefined): Promise<boolean> {
    return text === undefined || notes.write(memberId, { about, text, by, at: now().toISOString() });
  }

  async function adjust(
    memberId: string,
    asked: Adjustment,
    { keyId, note }: { readonly keyId: string; readonly note?: string | undefined },
  ): Promise<StaffOutcome> {
    const key = adjustmentKey(asked.adjustmentId);
    const before = await ledger.booked(memberId, key);
    if (before) return ledger.again(before, adjustmentFingerprint(asked));
    const refused = unknownReason(asked.reason);
    if (refused) return refused;
    const id = approvalOf(asked);
    if (!(await noted(memberId, id, asked.by, note))) return { kind: 'unknown', what: 'member' };
    if (!needsSecondPerson(asked.points, { program })) return ledger.adjust(memberId, asked);
    const matter = {
      id,
      memberId,
      at: now().toISOString(),
      about: { what: 'adjustment', adjustment: asked, keyId } as const,
    };
    if (await approvals.open(matter)) return { kind: 'waiting', matter };
    // It was asked for before: it waits still, or was ended this moment.
    const there = await approvals.get(id);
    if (there?.about.what !== 'adjustment' || there.memberId !== memberId) return taken;
    if (adjustmentFingerprint(there.about.adjustment) !== adjustmentFingerprint(asked)) return taken;
    const ended = await ledger.booked(memberId, key);
    return ended ? ledger.again(ended, adjustmentFingerprint(asked)) : { kind: 'waiting', matter: there };
  }

  async function undo(
    entryId: string,
    asked: Undo,
    { keyId, note }: { readonly keyId: string; readonly note?: string | undefined },
  ): Promise<StaffOutcome> {
    const there = await ledger.entryById(entryId);
    if (!there) return { kind: 'unknown', what: 'entry' };
    const before = await ledger.booked(there.memberId, undoKey(there));
    if (before) return ledger.again(before, undoFingerprint(there));
    if (!canBeUndone(there)) return { kind: 'refused', because: 'has-an-end-of-its-own' };
    const refused = unknownReason(asked.reason);
    if (refused) return refused;
    const id = `undo:${entryId}`;
    if (!(await noted(there.memberId, id, asked.by, note))) return { kind: 'unknown', what: 'member' };
    const points = pointsToUndo(there);
    if (!needsSecondPerson(points, { program })) return ledger.undo(there, asked);
    const matter = {
      id,
      memberId: there.memberId,
      at: now().toISOString(),
      about: { what: 'undo', entryId, points, undo: asked, keyId } as const,
    };
    // What a second person declined may be asked for again.
    if (await approvals.open(matter, { again: true })) return { kind: 'waiting', matter };
    return { kind: 'waiting', matter: (await approvals.get(id)) ?? matter };
  }

  async function decided(id: string, yes: boolean, { staffId, keyId }: SecondPerson): Promise<StaffOutcome> {
    const matter = await approvals.get(id);
    if (!matter) return { kind: 'unknown', what: 'matter' };
    if (matter.endedBy !== undefined) return ended(matter, yes);
    const { about } = matter;
    if (staffId === (about.what === 'adjustment' ? about.adjustment.by : about.undo.by))
      return { kind: 'refused', because: 'same-person' };
    if (keyId === about.keyId) return { kind: 'refused', because: 'same-key' };
    const outcome = await (about.what === 'adjustment'
      ? decidedAdjustment(matter, about.adjustment, yes, staffId)
      : decidedUndo(matter, about, yes, staffId));
    if (outcome.kind === 'posted' || !('entry' in outcome) || !outcome.entry) return outcome;
    // The entry was there already, and what stood beside this one was not written.
    await approvals.end(matter, outcome.entry.key);
    if (outcome.kind === 'conflict') return outcome;
    return decisionOf(outcome.entry, yes, outcome.kind);
  }

  const decidedAdjustment = (
    matter: Matter<Asked>,
    asked: Adjustment,
    yes: boolean,
    staffId: string,
  ): Promise<Outcome> => {
    const beside = approvals.ending(matter, adjustmentKey(asked.adjustmentId));
    return yes
      ? ledger.adjust(matter.memberId, asked, { approvedBy: staffId, beside })
      : ledger.declineAdjustment(matter.memberId, asked, staffId, beside);
  };

  async function decidedUndo(
    matter: Matter<Asked>,
    { entryId, undo: asked }: Extract<Asked, { what: 'undo' }>,
    yes: boolean,
    staffId: string,
  ): Promise<StaffOutcome> {
    const there = await ledger.entryById(entryId);
    if (!there) return { kind: 'unknown', what: 'entry' };
    if (yes)
      return ledger.undo(there, asked, { approvedBy: staffId, beside: approvals.ending(matter, undoKey(there)) });
    const beside = approvals.ending(matter, undoDeclinedKey(there, matter.at));
    return ledger.declineUndo(there, matter.at, staffId, beside);
  }

  /** Who asks again is answered from the entry. */
  async function ended({ memberId, endedBy = '' }: Matter<Asked>, yes: boolean): Promise<StaffOutcome> {
    const entry = await ledger.booked(memberId, endedBy);
    return entry ? decisionOf(entry, yes, 'replayed') : { kind: 'unknown', what: 'matter' };
  }

  return {
    adjust,
    undo,

    approve: (id: string, who: SecondPerson): Promise<StaffOutcome> => decided(id, true, who),
    decline: (id: string, who: SecondPerson): Promise<StaffOutcome> => decided(id, false, who),

    /** Points under review can be spent, or are gone. Whoever served may not be the one who looks. */
    async review(
      { source, object }: Pick<Flagged, 'source' | 'object'>,
      end: LotEnd['end'],
      { staffId }: SecondPerson,
    ): Promise<StaffOutcome> {
      const matter = await reviews.get(reviewOf({ source, object }));
      if (!matter) return { kind: 'unknown', what: 'matter' };
      if (matter.about.staffId === staffId) return { kind: 'refused', because: 'same-person' };
      const said = { source, object, of: 'review', by: staffId } as const;
      const outcome = await (end === 'activated'
        ? ledger.confirmLot(matter.memberId, { ...said, because: 'reviewed' })
        : ledger.declineLot(matter.memberId, { ...said, because: 'reviewed' }));
      // Also where nothing waits any more: everything was returned meanwhile.
      if (matter.endedBy === undefined) await reviews.end(matter, lotEndKey(said));
      return outcome;
    },

    /** The words first, then the entry and the case together. */
    async dispute(
      memberId: string,
      { disputeId, entryId, text, by }: { disputeId: string; entryId?: string | undefined; text: string; by: string },
    ): Promise<StaffOutcome> {
      const entry = entryId === undefined ? undefined : seqIn(entryId, memberId);
      if (entryId !== undefined && entry === undefined) return { kind: 'refused', because: 'unknown-entry' };
      if (!(await noted(memberId, disputeNote(disputeId), by, text))) return { kind: 'unknown', what: 'member' };
      const matter = { id: disputeId, memberId, at: now().toISOString(), about: { entryId, by } };
      return ledger.openDispute(memberId, { disputeId, entry, by }, disputes.opening(matter));
    },

    /** With an adjustment, that comes first: while it waits for a second person, the dispute stays open. */
    async closeDispute(
      { disputeId, outcome, by }: Omit<Closing, 'adjustmentId'>,
      { keyId, adjustment }: { keyId: string; adjustment?: { points: number; reason: string } | undefined },
    ): Promise<StaffOutcome> {
      const matter = await disputes.get(disputeId);
      if (!matter) return { kind: 'unknown', what: 'matter' };
      const adjustmentId = adjustment && `dispute:${disputeId}`;
      const closing: Closing = { disputeId, outcome, adjustmentId, by };
      const before = await ledger.booked(matter.memberId, closedKey(disputeId));
      if (before) return ledger.again(before, closingFingerprint(closing));
      if (adjustment && adjustmentId !== undefined) {
        const made = await adjust(matter.memberId, { ...adjustment, adjustmentId, by, belowZero: false }, { keyId });
        if (made.kind !== 'posted' && made.kind !== 'replayed') return made;
      }
      return ledger.closeDispute(matter.memberId, closing, disputes.ending(matter, closedKey(disputeId)));
    },
  };
}

export const approvalOf = ({ adjustmentId }: Pick<Adjustment, 'adjustmentId'>): string => `adjustment:${adjustmentId}`;
export const disputeNote = (disputeId: string): string => `dispute:${disputeId}`;

const taken: StaffOutcome = { kind: 'refused', because: 'id-is-taken' };

/** A no that was said is what a no asks for. */
function decisionOf(entry: Entry, yes: boolean, kind: Outcome['kind']): StaffOutcome {
  const { detail } = entry;
  const declined = detail.kind === 'refused' && detail.because === 'declined';
  if (!yes) return declined ? { kind: 'replayed', entry } : { kind: 'refused', because: 'approved-before' };
  if (detail.kind === 'refused') return { kind: 'refused', because: detail.because, entry };
  return kind === 'posted' ? { kind, entry } : { kind: 'replayed', entry };
}

/** The `seq` of an entry, where it is that member's. */
function seqIn(entryId: string, memberId: string): number | undefined {
  const seq = entryId.startsWith(`${memberId}.`) ? entryId.slice(memberId.length + 1) : '';
  return /^[1-9]\d{0,14}$/.test(seq) ? Number(seq) : undefined;
}
