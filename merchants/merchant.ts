import * as z from 'zod';
import type { Manifest } from '../lib/connectors/contract.ts';
import { type ConnectorId, manifests } from '../lib/connectors/manifests.ts';
import { programEvents, Told } from '../lib/loyalty/events.ts';
import { Channel, Purpose } from '../lib/loyalty/facts.ts';
import { Brand, FileMessages, isShippedIn } from '../lib/loyalty/message-words.ts';
import { Program } from '../lib/loyalty/program.ts';

const ids = Object.keys(manifests) as [ConnectorId, ...ConnectorId[]];

/** A connector in use: its public settings, and the events it is told. */
const Use = z
  .strictObject({
    id: z.enum(ids, { error: (issue) => `no connector ${JSON.stringify(issue.input)}: there are ${ids.join(', ')}` }),
    settings: z.record(z.string(), z.unknown()),
    on: z.array(Told),
    /** How often a source is asked what it may have told in vain; absent: as its manifest says. */
    reconcileEveryMinutes: z.int().min(5).max(1_440).optional(),
  })
  .check(({ value, issues }) => {
    const { roles, title }: Manifest = manifests[value.id];
    if (value.on.length > 0 && roles.every((role) => role === 'source')) {
      issues.push({
        code: 'custom',
        path: ['on'],
        message: `${title} only tells us things and can be told nothing: leave its events out`,
        input: value.on,
      });
    }
    const ofAll = value.on.findIndex((event) => Object.hasOwn(programEvents, event));
    if (ofAll !== -1 && !roles.includes('alert')) {
      issues.push({
        code: 'custom',
        path: ['on', ofAll],
        message: `${title} does not reach staff, who are told of campaigns: leave it out`,
        input: value.on[ofAll],
      });
    }
    if (value.reconcileEveryMinutes !== undefined && !(manifests[value.id] as Manifest).reconcile) {
      issues.push({
        code: 'custom',
        path: ['reconcileEveryMinutes'],
        message: `${title} cannot be asked what happened: leave it out`,
        input: value.reconcileEveryMinutes,
      });
    }
    const result = manifests[value.id].settings.safeParse(value.settings);
    for (const issue of result.error?.issues ?? []) {
      issues.push({
        code: 'custom',
        path: ['settings', ...pathOf(issue)],
        message: fixOf(issue, value.settings),
        input: issue.input,
      });
    }
  });

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'write it as hours and minutes: "21:00"');

/** How members are written to. */
const Messaging = z.strictObject({
  /**
   * What nobody has to have at once waits for their end, in the member's zone. `false`: there are none. An answer, and
   * what a member is just doing, is told at any hour.
   */
  quietHours: z
    .union([
      z.literal(false),
      z
        .strictObject({ from: TimeOfDay, to: TimeOfDay })
        .refine(({ from, to }) => from !== to, 'begin and end at the same time: say false where there are none'),
    ])
    .default({ from: '21:00', to: '08:00' })
    .transform((hours) => (hours === false ? undefined : hours)),
  /** Greetings, invitations and campaigns to one member, in any seven days. */
  marketingPerWeek: z.int().min(1).max(50).default(3),
  /** What happens to a member within so many seconds is one message; 0: each is one of its own. */
  mergeSeconds: z.int().min(0).max(900).default(10),
});

/** A channel for whatever comes that way, or for one purpose: to enrol is seldom to ask for offers. */
const ChannelOrPurpose = z.union([Channel, z.strictObject({ channel: Channel, purpose: Purpose })], {
  error: () =>
    `use ${Channel.options.map((channel) => JSON.stringify(channel)).join(', ')}, or { channel: "sms", purpose: "transactional" }`,
});

/** Everything about one merchant that is not secret. One file each in this folder. */
export const Merchant = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]{2,30}$/, 'lower-case letters, digits and hyphens; it names the stacks'),
    name: z.string().min(1).max(100),
    /** Where alarms go. */
    alarmEmail: z.email(),
    program: Program,
    /** Event → locale → Liquid: a text, or words for each channel. What is left out is said in our own words. */
    messages: FileMessages.default({}),
    messaging: Messaging.prefault({}),
    /** How e-mail looks. */
    brand: Brand.optional(),
    /** The locales in which messages exist, best known first. */
    locales: z.array(z.string()).min(1),
    /** ISO 3166-1: where a phone number without its country code belongs. Absent: numbers must begin with +. */
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'two capital letters, such as DE')
      .optional(),
    /** Staff hear of redemptions from so many points on, and of members who rise into one of these tiers. */
    alerts: z
      .strictObject({ redemptionFromPoints: z.int().positive().optional(), tiers: z.array(z.string()).optional() })
      .optional(),
    /** Which channels a new member has said yes to by enrolling at the till or in the shop; others need a consent fact. */
    consentAtEnrolment: z.array(ChannelOrPurpose).default([]),
    /** How many functions look after what falls due, at the same time. Absent: 5, enough for a million members. */
    sweeps: z.strictObject({ functions: z.int().min(2).max(1_000) }).optional(),
    connectors: z.array(Use),
  })
  .check(({ value, issues }) => {
    const seen = new Set<string>();
    for (const [index, { id }] of value.connectors.entries()) {
      if (seen.has(id))
        issues.push({
          code: 'custom',
          path: ['connectors', index, 'id'],
          message: `"${id}" stands twice: use it once, with all its events`,
          input: id,
        });
      seen.add(id);
    }
    const tiers = value.program.tiers.map(({ id }) => id);
    for (const [index, tier] of (value.alerts?.tiers ?? []).entries()) {
      if (!tiers.includes(tier))
        issues.push({
          code: 'custom',
          path: ['alerts', 'tiers', index],
          message: `no tier is called so: there are ${tiers.join(', ')}`,
          input: tier,
        });
    }
    const [first] = value.locales;
    const writes = value.connectors.some(
      ({ id, on }) => on.includes('points.expiring') && (manifests[id] as Manifest).roles.includes('channel'),
    );
    if (
      writes &&
      first !== undefined &&
      !isShippedIn(first) &&
      value.messages['points.expiring']?.[first] === undefined
    )
      issues.push({
        code: 'custom',
        path: ['messages', 'points.expiring'],
        message: `members are to be reminded and no text says so in ${first}: write one, or no points will ever expire`,
        input: value.messages['points.expiring'],
      });
  });
export type Merchant = z.output<typeof Merchant>;
export type MerchantInput = z.input<typeof Merchant>;

/** Types the settings from the connector's own schema. */
export const use = <Id extends ConnectorId>(
  id: Id,
  settings: z.input<(typeof manifests)[Id]['settings']>,
  on: readonly Told[] = [],
): MerchantInput['connectors'][number] => ({ id, settings, on: [...on] });

/** A merchant's file has a fault: which value, where, and what to do. */
export class MerchantFileError extends Error {
  override readonly name = 'MerchantFileError';
}

/** Checks a merchant's file; throws `MerchantFileError` with every fault: path, value and fix. */
export function checkMerchant(input: unknown, file: string): Merchant {
  const result = Merchant.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const path = pathOf(issue);
    return `  ${path.join('.') || '(file)'} = ${shown(valueAt(input, path))}\n    ${fixOf(issue, input)}`;
  });
  throw new MerchantFileError(
    `${file} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.join('\n')}`,
  );
}

type Issue = z.core.$ZodIssue;

/** To the key itself, where it is the key that is wrong. */
const pathOf = (issue: Issue): (string | number)[] =>
  [...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])].map((key) =>
    typeof key === 'symbol' ? String(key) : key,
  );

const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], input);

const LONGEST_SHOWN = 120;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)} …`;
}

/** What to do about it. Where our schemas have their own sentence it stands; zod's are written for programmers. */
function fixOf(issue: Issue, input: unknown): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return `nothing here is called ${issue.keys.map((key) => `"${key}"`).join(' or ')}: mend its spelling or take it out`;
    case 'invalid_type':
      return valueAt(input, issue.path) === undefined
        ? `is missing: give it ${article(issue.expected)}`
        : `must be ${article(issue.expected)}`;
    case 'invalid_value':
      return issue.message.startsWith('Invalid') ? `use ${oneOf(issue.values)}` : issue.message;
    case 'invalid_union':
      return 'options' in issue ? `use ${oneOf(issue.options as unknown[])}` : issue.message;
    case 'invalid_format':
      return issue.message.startsWith('Invalid') ? (FORMATS[issue.format] ?? issue.message) : issue.message;
    case 'too_small':
    case 'too_big': {
      const [bound, word] = issue.code === 'too_small' ? [issue.minimum, 'least'] : [issue.maximum, 'most'];
      if (issue.origin === 'array') return `needs at ${word} ${bound}`;
      if (issue.origin === 'string') return `write at ${word} ${bound} character${bound === 1 ? '' : 's'}`;
      if (issue.inclusive) return `must be at ${word} ${bound}`;
      return `must be ${issue.code === 'too_small' ? 'more' : 'less'} than ${bound}`;
    }
    default:
      return issue.message;
  }
}

const FORMATS: Readonly<Record<string, string>> = {
  email: 'use an address such as it@shop.example',
  date: 'use a day that exists, such as 2026-01-31',
};

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object { … }',
  record: 'an object { … }',
};
const article = (expected: string): string => WORDS[expected] ?? expected;
const oneOf = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join(', ');
