import { events, type LoyaltyEvent } from '../../loyalty/events.ts';
import type { DeployedMerchant } from '../config.ts';
import type { Member } from '../members.ts';
import type { Values } from './liquid.ts';

/** What a text may speak of beside the event's own data, with the words for it in docs/messages.md. */
const COMMON = [
  'merchant',
  'program',
  'balance',
  'tier',
  'name',
  'reward',
  'activity',
  'lead',
  'first',
  'last',
] as const;

/** Where a part stands in a message that is about several things. */
export interface Place {
  readonly first: boolean;
  readonly last: boolean;
}

/** Every name that a text about this may speak of; not all of them always have a value. */
export const namesFor = (kind: LoyaltyEvent['type']): readonly string[] => [
  ...COMMON,
  ...(kind === 'tier.changed' ? ['raised'] : []),
  ...Object.keys(events[kind].shape.data.shape),
];

/** Of them, those that are not always there. */
export const optionalNamesFor = (kind: LoyaltyEvent['type']): readonly string[] =>
  optionalIn(kind).filter((name) => !(COMMON as readonly string[]).includes(name));

/** What an event of this kind may come without. */
export const optionalIn = (kind: LoyaltyEvent['type']): readonly string[] =>
  Object.entries(events[kind].shape.data.shape)
    .filter(([, schema]) => schema.isOptional())
    .map(([name]) => name);

/**
 * What a text is made of. The event's own data come by their names: `points`, `rewardId`, `through`, `to` … Of several
 * events of one kind they are added up.
 */
export function valuesOf(
  [event, ...more]: readonly [LoyaltyEvent, ...LoyaltyEvent[]],
  member: Pick<Member, 'profile'>,
  { name, program }: DeployedMerchant,
  { first, last }: Place,
  now: Pick<LoyaltyEvent, 'balance' | 'tier'>,
): Values {
  const rankOf = (id: string) => program.tiers.findIndex((tier) => tier.id === id);
  const rewards = [event, ...more].flatMap(({ data }) => {
    const id = 'rewardId' in data ? data.rewardId : undefined;
    // A campaign's own has its name there, and so has what the program no longer offers: better the id than a gap.
    return program.rewards.find((reward) => reward.id === id)?.name ?? id ?? [];
  });
  return {
    // A purchase is none, which a text may ask.
    activity: '',
    ...more.reduce<Record<string, unknown>>((sum, { data }) => added(sum, data), { ...event.data }),
    merchant: name,
    program: program.name,
    balance: now.balance.available,
    tier: program.tiers[rankOf(now.tier)]?.name ?? now.tier,
    ...('from' in event.data && { raised: rankOf(now.tier) > rankOf(event.data.from) }),
    name: nameIn(member.profile),
    reward: rewards.join(', '),
    lead: first ? `${program.name}: ` : '',
    first,
    last,
  };
}

/** Somebody's name stands in somebody's message: one line of it, and no more than a name. */
export const nameIn = ({ name = '' }: Member['profile']): string =>
  [...name.replace(/\s+/g, ' ')].slice(0, 60).join('');

/** Numbers of points are added up; of all else the last word holds. */
function added(sum: Record<string, unknown>, data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const numbers = SUMMED.flatMap((name) => {
    const [before, after] = [sum[name], data[name]];
    return typeof before === 'number' || typeof after === 'number'
      ? [[name, Number(before ?? 0) + Number(after ?? 0)] as const]
      : [];
  });
  return { ...sum, ...data, ...Object.fromEntries(numbers) };
}

const SUMMED = ['points', 'pending', 'returned'];

/** For vendors that fill templates of their own. */
export const plainValues = (values: Values): Readonly<Record<string, string | number>> =>
  Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number',
    ),
  );
