import type { Flagged } from '../loyalty/flagged.ts';
import { merchant, setting } from './config.ts';
import { openDesk } from './desk.ts';
import { dynamodb } from './dynamodb.ts';
import { ledger } from './shop.ts';
import { type Asked, type Disputed, openStaff } from './staff.ts';
import { openStaffNotes } from './staff-notes.ts';

/** This shop's desks: apart from its stores, since tills do without them. */

const now = () => new Date();
const parts = () => ({ client: dynamodb, table: setting('TABLE_PROGRAM'), now });

export const approvals = () => openDesk<Asked>({ ...parts(), kind: 'approval' });
export const reviews = () => openDesk<Flagged>({ ...parts(), kind: 'review' });
export const disputes = () => openDesk<Disputed>({ ...parts(), kind: 'dispute' });
export const staffNotes = () => openStaffNotes({ client: dynamodb, table: setting('TABLE_MEMBERS') });

export const staff = () =>
  openStaff({
    ledger: ledger(),
    program: merchant().program,
    approvals: approvals(),
    reviews: reviews(),
    disputes: disputes(),
    notes: staffNotes(),
    now,
  });
