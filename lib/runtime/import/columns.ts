import { Channel, Purpose } from '../../loyalty/facts.ts';

/** What a column may hold. Their names are what `--map column=field` says. */
export const FIELDS = [
  // Who it is.
  'id',
  'phone',
  'email',
  'card',
  'name',
  'firstName',
  'lastName',
  'birthday',
  'locale',
  'enrolledAt',
  'status',
  'guest',
  'blocked',
  // What the member has.
  'points',
  'pending',
  'pendingUntil',
  'spent',
  'lifetime',
  'expiring',
  'expiresOn',
  'tier',
  'tierThrough',
  'tierWindow',
  'visits',
  'purchases',
  'lastActivityOn',
  'consentAt',
  // A line of the member's story. A row with a `transactionId` is one.
  'transactionId',
  'what',
  'occurredAt',
] as const;

const CONSENTS = Channel.options.flatMap((channel) => [
  `consent.${channel}` as const,
  ...Purpose.options.map((purpose) => `consent.${channel}.${purpose}` as const),
]);

export type Field = (typeof FIELDS)[number] | (typeof CONSENTS)[number] | `identity.${string}`;

export const isField = (text: string): text is Field =>
  (FIELDS as readonly string[]).includes(text) ||
  (CONSENTS as readonly string[]).includes(text) ||
  /^identity\.[a-z][a-z0-9-]{1,40}$/.test(text);

/** Which columns a field is read from: the first of them that is not empty. */
export type Mapping = ReadonlyMap<Field, readonly string[]>;

/** `Points Approved`, `points_approved` and `pointsApproved` are one name. */
export const columnName = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s_-]/g, '');

/** A system that members come from, and how it names things. */
export interface Preset {
  /** Stands in the journal and in the business keys; the type of the identity that its ids become. */
  readonly from: string;
  readonly title: string;
  readonly columns: Readonly<Partial<Record<Field, readonly string[]>>>;
}

/** The names of our own fields, which every preset understands as well. */
const own = Object.fromEntries([...FIELDS, ...CONSENTS].map((field) => [field, [field]]));

/**
 * Where the names come from. Square: the API's objects (its specification) and the head of a directory's export, which
 * has no points. Smile.io: the head of a customers' export, and the API's objects. LoyaltyLion: the API's objects and the
 * heads of its activities' and transactions' exports; those of its customers' export can be renamed by the merchant and
 * are guessed.
 */
export const presets = {
  stampbook: { from: 'import', title: 'a table with our own names', columns: {} },
  loyaltylion: {
    from: 'loyaltylion',
    title: 'LoyaltyLion',
    columns: {
      id: ['Customer ID', 'id'],
      email: ['Customer Email'],
      name: ['Customer Name', 'properties.name'],
      firstName: ['properties.first_name'],
      lastName: ['properties.last_name'],
      birthday: ['Date of birth'],
      enrolledAt: ['Enrollment Date', 'Date Enrolled'],
      points: ['points_approved', 'Approved Points', 'Current Points', 'Initial Points'],
      pending: ['points_pending', 'Pending Points'],
      spent: ['points_spent', 'Spent Points'],
      lifetime: ['Lifetime Points'],
      tier: ['loyalty_tier_membership.loyalty_tier.name', 'Loyalty Tier', 'Tier Name', 'Current Tier'],
      tierThrough: ['loyalty_tier_membership.expires_at', 'Tier Expires At'],
      transactionId: ['Transaction ID', 'Activity ID'],
      what: ['Resource', 'Activity Kind'],
      occurredAt: ['Created At', 'Activity Date'],
    },
  },
  smile: {
    from: 'smile-io',
    title: 'Smile.io',
    columns: {
      id: ['Smile Customer ID', 'Customer ID', 'id'],
      firstName: ['First name'],
      lastName: ['Last name'],
      birthday: ['Date of birth'],
      enrolledAt: ['Member since', 'Created At'],
      status: ['Membership status', 'state'],
      points: ['Points balance', 'points_change'],
      tier: ['Vip tier name', 'VIP tier'],
      tierThrough: ['vip_status.vip_tier_expires_at'],
      transactionId: ['Points Transaction ID', 'Transaction ID'],
      occurredAt: ['Created At'],
    },
  },
  square: {
    from: 'square',
    title: 'Square',
    columns: {
      id: ['Square Customer ID', 'customer_id', 'id'],
      phone: ['Phone Number', 'mapping.phone_number'],
      email: ['Email Address'],
      enrolledAt: ['enrolled_at', 'First Visit'],
      points: ['balance', 'Loyalty Balance', 'Points Balance'],
      lifetime: ['lifetime_points', 'Lifetime Points'],
      expiring: ['expiring_point_deadlines'],
      purchases: ['Transaction Count'],
      lastActivityOn: ['Last Visit'],
      'consent.email.marketing': ['Email Subscription Status'],
    },
  },
} as const satisfies Readonly<Record<string, Preset>>;

/** `told`: `--map` by column; an empty field leaves the column out. */
export function mappingOf(preset: Preset, told: readonly (readonly [column: string, field: Field | ''])[]): Mapping {
  const claimed = new Set(told.map(([column]) => columnName(column)));
  const fields = new Map<Field, string[]>();
  const put = (field: Field, columns: readonly string[]) =>
    fields.set(field, [...(fields.get(field) ?? []), ...columns.map(pathName)]);
  for (const [column, field] of told) if (field !== '') put(field, [column]);
  for (const names of [preset.columns, own] as Readonly<Record<string, readonly string[]>>[]) {
    for (const [field, columns] of Object.entries(names))
      put(
        field as Field,
        columns.filter((column) => !claimed.has(columnName(column))),
      );
  }
  return new Map([...fields].map(([field, columns]) => [field, [...new Set(columns)]]));
}

const pathName = (path: string): string => path.split('.').map(columnName).join('.');

/** Which fields a file has, and which of its columns are not read. */
export function coverage(mapping: Mapping, columns: readonly string[]) {
  const there = new Set(columns.map(pathName));
  const used = new Set([...mapping.values()].flat());
  return {
    fields: new Set([...mapping].filter(([, names]) => names.some((name) => there.has(name))).map(([field]) => field)),
    ignored: columns.filter((column) => !used.has(pathName(column))),
  };
}
