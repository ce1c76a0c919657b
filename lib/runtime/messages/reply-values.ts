import type { ReplyKind } from '../../loyalty/message-words.ts';
import { formatAmount } from '../../loyalty/money.ts';
import type { Value } from '../../loyalty/program/rewards.ts';
import type { Refusal } from '../../loyalty/redeem.ts';
import type { Choice } from '../../loyalty/replies.ts';
import type { Answer } from '../../loyalty/reply-answers.ts';
import type { DeployedMerchant } from '../config.ts';
import type { Member } from '../members.ts';
import type { Manner, Values } from './liquid.ts';
import { nameIn } from './values.ts';

/** What the text of an answer may speak of, beside what all of them may. The words for it are in docs/replies.md. */
interface ReplyValues {
  readonly 'reply.points': {
    readonly balance: number;
    readonly pending: number;
    readonly held: number;
    readonly expiringPoints?: number;
    readonly expiringOn?: string;
  };
  readonly 'reply.rewards': {
    readonly rewards: readonly { readonly number: number; readonly name: string; readonly cost: number }[];
    readonly more: number;
    readonly nextReward?: string;
    readonly nextMissing?: number;
  };
  readonly 'reply.asked': {
    readonly reward: string;
    readonly cost: number;
    readonly cash?: string;
    readonly number: string;
    readonly minutes: number;
  };
  readonly 'reply.given': {
    readonly reward: string;
    readonly code: string;
    readonly validThrough?: string;
    readonly balance: number;
  };
  readonly 'reply.aside': { readonly reward: string; readonly redemptionId: string; readonly until: string };
  readonly 'reply.refused': { readonly because: Refusal; readonly missing?: number };
}

type Spoken = Pick<DeployedMerchant, 'name' | 'program'>;

/** What every answer may speak of. */
const common = ({ profile }: Pick<Member, 'profile'>, { name, program }: Spoken) => ({
  merchant: name,
  program: program.name,
  name: nameIn(profile),
  lead: `${program.name}: `,
});

/** What the text of this answer is made of. */
export const replyValuesOf = (
  said: Answer,
  member: Pick<Member, 'profile'>,
  merchant: Spoken,
  manner: Manner,
): Values => ({ ...common(member, merchant), ...ownOf(said, manner) });

function ownOf(said: Answer, manner: Manner): Values {
  switch (said.kind) {
    case 'points': {
      const { kind: _, expiring, ...points } = said;
      return {
        ...points,
        ...(expiring && { expiringPoints: expiring.points, expiringOn: expiring.on }),
      } satisfies ReplyValues['reply.points'];
    }
    case 'rewards': {
      const { inReach, more, next } = said;
      return {
        rewards: inReach.map((one) => ({ number: one.number, name: called(one, manner), cost: one.cost })),
        more,
        ...(next && { nextReward: called(next.choice, manner), nextMissing: next.missing }),
      } satisfies ReplyValues['reply.rewards'];
    }
    case 'asked': {
      const { choice, number, minutes } = said;
      const { cost, cashMinor } = choice;
      return {
        reward: called(choice, manner),
        cost,
        ...(cashMinor !== undefined && { cash: formatAmount(cashMinor, manner.currency) }),
        number,
        minutes,
      } satisfies ReplyValues['reply.asked'];
    }
    case 'given': {
      const { name: reward, code, through, balance } = said;
      const validThrough = through && { validThrough: through };
      return { reward, code, ...validThrough, balance } satisfies ReplyValues['reply.given'];
    }
    case 'aside': {
      const { name: reward, redemptionId, until } = said;
      return { reward, redemptionId, until } satisfies ReplyValues['reply.aside'];
    }
    case 'refused': {
      const { because, missing } = said;
      return { because, ...(missing !== undefined && { missing }) } satisfies ReplyValues['reply.refused'];
    }
    default:
      return {};
  }
}

/** A reward by its name, with what tells its steps apart. */
const called = ({ reward, value }: Choice, manner: Manner): string => `${reward.name}${worth(value, manner)}`;

function worth(value: Value, { locale, currency }: Manner): string {
  switch (value.kind) {
    case 'amount-off':
      return ` (${new Intl.NumberFormat(locale, { style: 'currency', currency }).format(Number(value.amount))})`;
    case 'percent-off':
      return ` (${new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 }).format(value.percentBp / 10_000)})`;
    default:
      return '';
  }
}

const REFUSALS = Object.keys({
  'unknown-reward': true,
  'points-buy-rewards-only': true,
  'not-available-yet': true,
  'no-longer-available': true,
  'tier-too-low': true,
  'limit-reached': true,
  'wrong-step': true,
  'not-enough-points': true,
  'out-of-stock': true,
} satisfies Record<Refusal, true>) as Refusal[];

type Examples = {
  readonly [Kind in keyof ReplyValues]: readonly [whole: Required<ReplyValues[Kind]>, ...ReplyValues[Kind][]];
};

const examples = (reward: string): Examples => ({
  'reply.points': [
    { balance: 1_290, pending: 10, held: 30, expiringPoints: 42, expiringOn: '2027-03-31' },
    { balance: 0, pending: 0, held: 0 },
    { balance: 1, pending: 0, held: 0 },
  ],
  'reply.rewards': [
    { rewards: [{ number: 1, name: reward, cost: 30 }], more: 2, nextReward: reward, nextMissing: 12 },
    { rewards: [], more: 0 },
    {
      rewards: [1, 3].map((number) => ({ number, name: reward, cost: number })),
      more: 1,
      nextReward: reward,
      nextMissing: 1,
    },
  ],
  'reply.asked': [
    { reward, cost: 30, cash: '2.50', number: '4827', minutes: 30 },
    { reward, cost: 1, number: '0042', minutes: 30 },
  ],
  'reply.given': [
    { reward, code: '7HKQ4X-M3RYAN-9CWDTE', validThrough: '2027-03-31', balance: 1_290 },
    { reward, code: 'SEAT-1', balance: 1 },
  ],
  'reply.aside': [{ reward, redemptionId: 'R-BCDFG-HJKMN', until: '2026-03-31T12:30:00Z' }],
  'reply.refused': [
    { because: 'not-enough-points', missing: 12 },
    { because: 'not-enough-points', missing: 1 },
    ...REFUSALS.map((because) => ({ because })),
  ],
});

const ownExamples = (kind: ReplyKind, reward: string): readonly Values[] => {
  const all: Partial<Record<ReplyKind, readonly Values[]>> = examples(reward);
  return all[kind] ?? [{}];
};

/** An answer of each form that it may have, to a member of this name: the first with all that can be said of it. */
export function replyExamplesOf(kind: ReplyKind, name: string, merchant: Spoken): readonly Values[] {
  const reward = merchant.program.rewards[0]?.name ?? 'An espresso';
  return ownExamples(kind, reward).map((own) => ({ ...common({ profile: { name } }, merchant), ...own }));
}

/** What a member has to be told in it: without that, nothing comes of what was asked for. */
export const NEEDED: Readonly<Partial<Record<ReplyKind, string>>> = {
  'reply.asked': 'number',
  'reply.given': 'code',
  'reply.aside': 'redemptionId',
};
