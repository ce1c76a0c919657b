import { phoneIn } from '../../connectors/kit/phone-numbers.ts';
import type { Day, Instant } from '../../loyalty/account.ts';
import { dayIn, isDay } from '../../loyalty/calendar.ts';
import { type AskedConsents, type Consents, consentsOf } from '../../loyalty/consents.ts';
import { type Channel, type Identity, Profile, type Purpose } from '../../loyalty/facts.ts';
import { minorDigits, parseAmount } from '../../loyalty/money.ts';
import type { Happened, Opening, What } from '../../loyalty/opening.ts';
import { NO_POINTS, type Points, points } from '../../loyalty/points.ts';
import type { Program } from '../../loyalty/program.ts';
import { windowKey } from '../../loyalty/tiers.ts';
import { normalized } from '../identities.ts';
import type { Field, Mapping } from './columns.ts';
import type { Row } from './rows.ts';

/** How dates are written where they do not begin with the year. */
export type DateOrder = 'ymd' | 'dmy' | 'mdy';

export interface Reading {
  readonly mapping: Mapping;
  /** The system that the file comes from. */
  readonly from: string;
  readonly program: Program;
  /** Tier there, in lower case → tier here. */
  readonly tiers: ReadonlyMap<string, string>;
  readonly dates: DateOrder;
  /** Where a phone number without its country code belongs. */
  readonly country: string | undefined;
  readonly now: Date;
}

/** What a row says, in our words; or why it cannot be taken. Reasons name fields and never what stood in a personal one. */
export type Told =
  | MemberTold
  | { readonly kind: 'history'; readonly who: Identity; readonly happened: Happened }
  /** No member, and nothing to bring along. */
  | { readonly kind: 'passed-over'; readonly because: string }
  | { readonly kind: 'refused'; readonly because: string };

export interface MemberTold {
  readonly kind: 'member';
  /** The member's id there, as an identity, and all others by which the member is found. */
  readonly identities: readonly Identity[];
  readonly profile: Profile;
  readonly consents: Consents;
  /** Nobody knows when they were given: whatever is known here stands before them. */
  readonly undatedConsents: boolean;
  readonly enrolledAt: Instant;
  readonly opening: Opening;
  /** Fields of which nothing could be made, and which the member can do without. */
  readonly leftOut: readonly Field[];
}

class Refusal extends Error {}
const refuse = (because: string): never => {
  throw new Refusal(because);
};

export function readRow(row: Row, reading: Reading): Told {
  if (!row.cells) return { kind: 'refused', because: row.broken ?? 'the row cannot be read' };
  try {
    const cells = new Cells(row.cells, reading);
    return cells.text('transactionId') === undefined ? member(cells, reading) : history(cells, reading);
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', because: error.message };
    throw error;
  }
}

function member(cells: Cells, reading: Reading): Told {
  const leftOut: Field[] = [];
  const identities = identitiesOf(cells, reading, leftOut);
  const opening = openingOf(cells, reading);
  const nothing = opening.points === 0 && (opening.pending ?? 0) === 0;
  if (cells.yes('blocked') || isBlocked(cells.text('status'))) return { kind: 'passed-over', because: 'blocked' };
  if (nothing && (cells.yes('guest') || isGuest(cells.text('status'))))
    return { kind: 'passed-over', because: 'guest without points' };
  if (identities.length === 0) refuse('no id, phone, email or card that can be read');
  const enrolledAt = cells.instant('enrolledAt');
  if (enrolledAt !== undefined && Date.parse(enrolledAt) > reading.now.getTime())
    refuse('enrolledAt lies in the future');
  const at = enrolledAt ?? reading.now.toISOString();
  const consentAt = cells.instant('consentAt') ?? enrolledAt;
  return {
    kind: 'member',
    identities,
    profile: profileOf(cells, leftOut),
    // A consent of which nothing more is known is as old as the membership.
    consents: consentsOf(cells.consents(), {
      at: consentAt ?? at,
      source: 'import',
      proof: `brought along from ${reading.from}`,
    }),
    undatedConsents: consentAt === undefined,
    enrolledAt: at,
    opening,
    leftOut,
  };
}

function identitiesOf(
  cells: Cells,
  { from, country }: Pick<Reading, 'from' | 'country'>,
  leftOut: Field[],
): Identity[] {
  const told: [Field, string][] = [];
  for (const type of ['phone', 'email', 'card'] as const) {
    const value = cells.text(type);
    if (value !== undefined) told.push([type, value]);
  }
  const id = cells.text('id');
  if (id !== undefined) told.push([`identity.${from}`, id]);
  for (const field of cells.others()) {
    const value = cells.text(field);
    if (value !== undefined) told.push([field, value]);
  }
  return told.flatMap(([field, value]) => {
    const identity = normalized({ type: field.replace('identity.', ''), value }, phoneIn(country));
    if (identity && identity.value.length <= 200) return [identity];
    leftOut.push(field);
    return [];
  });
}

function profileOf(cells: Cells, leftOut: Field[]): Profile {
  const parts = [cells.text('firstName'), cells.text('lastName')].filter((part) => part !== undefined);
  const name = cells.text('name') ?? (parts.length > 0 ? parts.join(' ') : undefined);
  const told = { name, locale: cells.text('locale'), birthday: birthdayOf(cells, leftOut) };
  return Object.fromEntries(
    Object.entries(told).filter(([field, value]) => {
      if (value === undefined) return false;
      if (Profile.shape[field as keyof typeof Profile.shape].safeParse(value).success) return true;
      leftOut.push(field as Field);
      return false;
    }),
  );
}

/** Where only day and month are known, other systems write the year 1004, or none: it is 0000 here. */
function birthdayOf(cells: Cells, leftOut: Field[]): string | undefined {
  const text = cells.text('birthday');
  if (text === undefined) return undefined;
  const yearless = /^(?:--)?(\d\d)-(\d\d)$/.exec(text);
  const day = yearless ? `0000-${yearless[1]}-${yearless[2]}` : cells.dayOf(text);
  if (day === undefined) leftOut.push('birthday');
  return day?.startsWith('1004-') ? `0000${day.slice(4)}` : day;
}

/**
 * The journal outlives the person: an id that is an address or a number to call is not written into it. The member has
 * one opening from that system then.
 */
function importIdOf(cells: Cells): string {
  const id = cells.text('id');
  if (id === undefined || id.includes('@') || /^\+\d{7,}$/.test(id)) return 'self';
  return id.length > 100 ? refuse('id is longer than 100 characters') : id;
}

function openingOf(cells: Cells, reading: Reading): Opening {
  const { from, now, program } = reading;
  const today = dayIn(program.timeZone, now);
  const told = cells.points('points') ?? NO_POINTS;
  const pending = cells.amount('pending');
  const spent = cells.amount('spent');
  const expiring = expiringOf(cells, told, today);
  return {
    importId: importIdOf(cells),
    from,
    points: told,
    pending,
    pendingUntil: cells.day('pendingUntil'),
    expiring,
    lifetime: cells.amount('lifetime') ?? (spent && points(Math.max(0, told + (pending ?? 0) + spent))),
    window: windowOf(cells, reading, today),
    tier: tierOf(cells, reading),
    tierThrough: cells.day('tierThrough'),
    visits: cells.amount('visits'),
    purchases: cells.amount('purchases'),
    lastActivityOn: cells.day('lastActivityOn'),
  };
}

/** `2027-03-31:100; 2027-06-30:50`, or a list of objects with a day and points as Square has it. */
function expiringOf(cells: Cells, told: Points, today: Day): Opening['expiring'] {
  const whole = cells.day('expiresOn');
  const parts: (readonly [string, unknown])[] = whole === undefined ? [] : [[whole, told]];
  const list = cells.raw('expiring');
  if (Array.isArray(list)) {
    for (const one of list as Readonly<Record<string, unknown>>[])
      parts.push([String(one.on ?? one.expires_at ?? one.expiresAt ?? ''), one.points]);
  } else {
    for (const part of pairs(cells.text('expiring'))) parts.push(part);
  }
  if (parts.length === 0 || told <= 0) return undefined;
  const expiring: Record<Day, Points> = {};
  for (const [on, amount] of parts) {
    const day = cells.dayOf(on) ?? refuse('expiring: write it as 2027-03-31:100; 2027-06-30:50');
    const count = cells.number(amount, 'expiring');
    if (day < today) refuse(`expiring: ${count} points whose last day ${day} is over`);
    if (count < 0) refuse('expiring: points that expire are not negative');
    expiring[day] = points((expiring[day] ?? 0) + count);
  }
  const sum = Object.values(expiring).reduce((total, amount) => total + amount, 0);
  if (sum > told) refuse(`expiring: ${sum} points expire and there are ${told}`);
  return expiring;
}

/** `2026:1200; 2025:300`, or one amount for the period that is running. Money where the program counts spend. */
function windowOf(cells: Cells, { program }: Reading, today: Day): Opening['window'] {
  const text = cells.text('tierWindow');
  if (text === undefined) return undefined;
  const running = windowKey(program, today);
  const format = running.length === 4 ? '2026:1200; 2025:300' : '2026-03:120; 2026-02:80';
  const window: Record<string, number> = {};
  for (const [period, amount] of text.includes(':') ? pairs(text) : [[running, text] as const]) {
    if (period.length !== running.length || !/^\d{4}(-(0[1-9]|1[0-2]))?$/.test(period) || period > running)
      refuse(`tierWindow: write it as ${format}`);
    const value =
      program.qualify.by === 'spend'
        ? (parseAmount(amount.replaceAll(',', ''), program.currency) ??
          refuse(`tierWindow: an amount of ${program.currency} with at most ${minorDigits(program.currency)} decimals`))
        : cells.number(amount, 'tierWindow');
    if (value < 0) refuse('tierWindow: what counts towards a tier is not negative');
    window[period] = (window[period] ?? 0) + value;
  }
  return window;
}

function tierOf(cells: Cells, { program, tiers }: Reading): string | undefined {
  const text = cells.text('tier');
  if (text === undefined || /^(none|n\/a|-)$/i.test(text)) return undefined;
  const wanted = text.toLowerCase();
  const tier =
    tiers.get(wanted) ??
    program.tiers.find(({ id, name }) => id === wanted || name.toLowerCase() === wanted)?.id ??
    refuse(
      `tier: the program has no ${JSON.stringify(text.slice(0, 40))}; say --tier "${text.slice(0, 40)}=<a tier of it>"`,
    );
  return tier === program.tiers[0]?.id ? undefined : tier;
}

function history(cells: Cells, { from, country, now }: Reading): Told {
  const leftOut: Field[] = [];
  const [who] = [
    ...(cells.text('id') === undefined ? [] : [{ type: from, value: cells.text('id') ?? '' }]),
    ...identitiesOf(cells, { from, country }, leftOut),
  ];
  if (!who) return refuse('nobody is named: an id, or a phone, email or card that can be read');
  const importId = cells.text('transactionId') ?? '';
  if (importId.length > 100) refuse('transactionId is longer than 100 characters');
  const at = cells.instant('occurredAt') ?? refuse('occurredAt is missing');
  if (Date.parse(at) > now.getTime()) refuse('occurredAt lies in the future');
  const moved = cells.points('points') ?? NO_POINTS;
  return {
    kind: 'history',
    who,
    happened: { importId, from, what: whatOf(cells.text('what'), moved), points: moved, at },
  };
}

/** Other systems' words for what happened, by what is in them; their sentences stay outside, since they may name people. */
const WORDS: readonly (readonly [RegExp, What])[] = [
  [/refund|return|cancel|void|revers/i, 'refund'],
  [/redee?m|reward|claim|voucher|coupon/i, 'reward'],
  [/referr|invite/i, 'referral'],
  [/expir|laps/i, 'expired'],
  [/order|purchase|sale|accumulate|spend/i, 'purchase'],
  [/adjust|manual|import|admin|correct/i, 'adjusted'],
  [/review|visit|sign|account|birthday|social|share|follow|newsletter|survey|activity/i, 'activity'],
];

const whatOf = (text: string | undefined, moved: number): What =>
  WORDS.find(([word]) => word.test(text ?? ''))?.[1] ?? (text === undefined && moved < 0 ? 'reward' : 'other');

const isBlocked = (status = ''): boolean => /^(disabled|blocked|excluded|banned)$/i.test(status);
const isGuest = (status = ''): boolean => /^(candidate|guest|guests? \(candidates?\)|not enrolled)$/i.test(status);

function pairs(text: string | undefined): (readonly [string, string])[] {
  return (text ?? '')
    .split(/[;|]/)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const at = part.lastIndexOf(':');
      return [part.slice(0, Math.max(0, at)).trim(), part.slice(at + 1).trim()] as const;
    });
}

/** The cells of a row by field. */
class Cells {
  private readonly cells: Readonly<Record<string, unknown>>;
  private readonly reading: Reading;
  constructor(cells: Readonly<Record<string, unknown>>, reading: Reading) {
    this.cells = cells;
    this.reading = reading;
  }

  raw(field: Field): unknown {
    for (const column of this.reading.mapping.get(field) ?? []) {
      const value = this.cells[column];
      if (value !== undefined && value !== null && value !== '') return value;
    }
    return undefined;
  }

  text(field: Field): string | undefined {
    const value = this.raw(field);
    if (value === undefined || typeof value === 'object') return undefined;
    // An apostrophe keeps spreadsheets from taking what follows for a formula.
    const text = String(value)
      .trim()
      .replace(/^'(?=[=+\-@])/, '');
    return text === '' ? undefined : text;
  }

  /** All other identities that the file has columns for. */
  others(): Field[] {
    return [...this.reading.mapping.keys()].filter((field) => field.startsWith('identity.'));
  }

  consents(): AskedConsents {
    const asked: Record<string, Record<string, boolean> | boolean> = {};
    for (const field of this.reading.mapping.keys()) {
      if (!field.startsWith('consent.')) continue;
      const word = this.text(field);
      if (word === undefined || /^unknown$/i.test(word)) continue;
      const [, channel = '', purpose] = field.split('.') as ['consent', Channel, Purpose | undefined];
      const granted = yesOrNo(word) ?? refuse(`${field}: yes or no`);
      if (purpose === undefined) asked[channel] ??= granted;
      else {
        const others = asked[channel];
        asked[channel] = { ...(typeof others === 'object' ? others : {}), [purpose]: granted };
      }
    }
    return asked as AskedConsents;
  }

  yes(field: Field): boolean {
    const word = this.text(field);
    return word !== undefined && (yesOrNo(word) ?? refuse(`${field}: yes or no`));
  }

  points(field: Field): Points | undefined {
    const text = this.text(field);
    return text === undefined ? undefined : points(this.number(text, field));
  }

  /** Points, or so many, that cannot be negative. */
  amount(field: Field): Points | undefined {
    const value = this.points(field);
    return value !== undefined && value < 0 ? refuse(`${field} is negative`) : value;
  }

  /** `89,085` and `250.00` are whole numbers; `1.234` is none, whatever was meant by it. */
  number(value: unknown, field: Field): number {
    const text = String(value).trim();
    const plain = /^[+-]?\d{1,3}(,\d{3})+(\.0+)?$/.test(text) ? text.replaceAll(',', '') : text;
    if (!/^[+-]?\d{1,12}(\.0+)?$/.test(plain)) return refuse(`${field} is no whole number`);
    const number = Number(plain);
    if (Math.abs(number) > 1_000_000_000) return refuse(`${field}: more than a thousand million`);
    return number === 0 ? 0 : number;
  }

  day(field: Field): Day | undefined {
    const text = this.text(field);
    return text === undefined ? undefined : (this.dayOf(text) ?? this.noDate(field));
  }

  /** The day in the merchant's zone, where there is a time. */
  dayOf(text: string): Day | undefined {
    const at = this.timeOf(text);
    if (at !== undefined && /\d[T ]\d/.test(text)) return dayIn(this.reading.program.timeZone, at);
    return at?.slice(0, 10);
  }

  instant(field: Field): Instant | undefined {
    const text = this.text(field);
    return text === undefined ? undefined : (this.timeOf(text) ?? this.noDate(field));
  }

  private noDate(field: Field): never {
    return refuse(`${field}: no date; write it as 2026-03-31 or say --dates dmy or mdy`);
  }

  /** A day without a time is its noon in UTC, which is that day nearly everywhere. */
  private timeOf(text: string): Instant | undefined {
    const match =
      /^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/.exec(
        text,
      );
    if (!match) return undefined;
    const [, a = '', b = '', c = '', time = '12:00:00', zone = 'Z'] = match;
    const [year, month, day] =
      a.length === 4
        ? [a, b, c]
        : this.reading.dates === 'dmy'
          ? [c, b, a]
          : this.reading.dates === 'mdy'
            ? [c, a, b]
            : [];
    if (year?.length !== 4 || month === undefined || day === undefined) return undefined;
    const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
    const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone.replace('UTC', 'Z');
    const at = new Date(`${date}T${time}${offset}`);
    // 31 February would become 3 March in silence.
    if (Number.isNaN(at.getTime()) || !isDay(date)) return undefined;
    return at.toISOString();
  }
}

function yesOrNo(word: string): boolean | undefined {
  if (/^(yes|y|true|t|1|subscribed|opted[ -]?in|granted)$/i.test(word)) return true;
  if (/^(no|n|false|f|0|unsubscribed|opted[ -]?out|denied|not[ _]subscribed)$/i.test(word)) return false;
  return undefined;
}
