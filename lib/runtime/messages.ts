import { Liquid } from 'liquidjs';
import { Permanent } from '../connectors/kit/errors.ts';
import type { LoyaltyEvent } from '../loyalty/events.ts';
import type { DeployedMerchant } from './config.ts';
import type { Member } from './members.ts';

/** Templates are the merchant's, values may be anybody's: nothing but their own properties, and an end to loops. */
const liquid = new Liquid({
  strictVariables: true,
  // A text may ask whether there is something before it speaks of it.
  lenientIf: true,
  strictFilters: true,
  ownPropertyOnly: true,
  jsTruthy: false,
  relativeReference: false,
  dynamicPartials: false,
  templates: {},
  parseLimit: 2_000,
  renderLimit: 1_000,
  memoryLimit: 10_000,
});

/**
 * The text of a message in the member's language, else in the merchant's first; `undefined` when none is written for it,
 * or when what is written has nothing to say of this one.
 */
export function messageFor(
  event: LoyaltyEvent,
  member: Member,
  merchant: DeployedMerchant,
  /** Those of a campaign, which are not in the merchant's file. */
  texts: Texts | undefined = merchant.messages[event.type],
): { locale: string; text: string } | undefined {
  if (!texts) return undefined;
  const { locale: spoken } = member.profile;
  const wanted = [spoken, spoken?.split('-')[0], ...merchant.locales];
  const locale = wanted.find((one) => one !== undefined && Object.hasOwn(texts, one));
  const template = locale === undefined ? undefined : texts[locale];
  if (locale === undefined || template === undefined) return undefined;
  try {
    const text = String(liquid.parseAndRenderSync(template, valuesOf(event, member, merchant))).trim();
    return text === '' ? undefined : { locale, text };
  } catch (error) {
    // Liquid's message quotes the template, which is the merchant's and holds nothing personal.
    throw new Permanent(
      `the text for ${event.type} in ${locale} cannot be made: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

type Texts = Readonly<Record<string, string>>;

/** What is wrong with words that are to go to many: each is made once for somebody who is not there. */
export function textFaults(texts: Texts, merchant: DeployedMerchant): readonly { path: string; message: string }[] {
  const [first = ''] = merchant.locales;
  const [tier] = merchant.program.tiers;
  const event = {
    type: 'campaign.message',
    balance: { available: 100, pending: 0, held: 0 },
    tier: tier?.id ?? '',
    data: { campaignId: 'rehearsal' },
  } as unknown as LoyaltyEvent;
  const faults = Object.keys(texts).flatMap((locale) => {
    const member = { profile: { name: 'Ada', locale } } as unknown as Member;
    try {
      const made = messageFor(event, member, merchant, { [locale]: texts[locale] ?? '' });
      return made ? [] : [{ path: locale, message: 'says nothing' }];
    } catch (error) {
      return [{ path: locale, message: error instanceof Error ? error.message : 'cannot be made' }];
    }
  });
  return Object.hasOwn(texts, first)
    ? faults
    : [...faults, { path: first, message: `is missing: who speaks none of the others is written to in ${first}` }];
}

/** What a text may speak of. The event's own data come by their names: `points`, `rewardId`, `through`, `to` … */
function valuesOf(event: LoyaltyEvent, member: Member, { name, program }: DeployedMerchant): Record<string, unknown> {
  const { data, balance } = event;
  const rewardId = 'rewardId' in data ? data.rewardId : undefined;
  const tierName = (id: string) => program.tiers.find((tier) => tier.id === id)?.name ?? id;
  return {
    // A purchase is none, which a text may ask.
    activity: '',
    ...data,
    merchant: name,
    program: program.name,
    balance: balance.available,
    tier: tierName(event.tier),
    // Somebody's name stands in somebody's message: one line of it, and no more than a name.
    name: (member.profile.name ?? '').replace(/\s+/g, ' ').slice(0, 60),
    reward: program.rewards.find(({ id }) => id === rewardId)?.name ?? '',
  };
}
