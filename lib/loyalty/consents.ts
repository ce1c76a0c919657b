import type { Channel, Purpose } from './facts.ts';

/** All of them, without the checks of `facts.ts`, which a till has no use for. */
const PURPOSES = Object.keys({ transactional: 0, marketing: 0 } satisfies Record<Purpose, 0>) as Purpose[];

/** A yes or a no, with its proof: who asks later must be able to see when and how it was given. */
export interface Consent {
  readonly granted: boolean;
  readonly at: string;
  readonly source: string;
  readonly proof: string;
}

/** What a member has said of a channel, by what it would be used for. */
export type Consents = Readonly<Partial<Record<Channel, Readonly<Partial<Record<Purpose, Consent>>>>>>;

/** Yes or no to a channel, for all that may come that way or for one purpose. */
export type Asked = boolean | Readonly<Partial<Record<Purpose, boolean>>>;
export type AskedConsents = Readonly<Partial<Record<Channel, Asked>>>;

/** What somebody agrees to by enrolling: a channel, or a channel for one purpose. */
export type ConsentByEnrolling = Channel | { readonly channel: Channel; readonly purpose: Purpose };

export interface OneConsent extends Consent {
  readonly channel: Channel;
  readonly purpose: Purpose;
}

/** Each of them, in one order. */
export const everyConsent = (consents: Consents): OneConsent[] =>
  Object.entries(consents).flatMap(([channel, purposes]) =>
    PURPOSES.flatMap((purpose) => {
      const consent = purposes?.[purpose];
      return consent ? [{ channel: channel as Channel, purpose, ...consent }] : [];
    }),
  );

/** What was not asked for was not agreed to. */
export const hasAgreed = (consents: Consents, channel: Channel, purpose: Purpose): boolean =>
  consents[channel]?.[purpose]?.granted ?? false;

/** What was said in so many words, with where it can be looked up. Of a channel alone, it is said of every purpose. */
export const consentsOf = (asked: AskedConsents, told: Omit<Consent, 'granted'>): Consents =>
  Object.fromEntries(
    Object.entries(asked).map(([channel, word]) => {
      const words = typeof word === 'boolean' ? PURPOSES.map((purpose) => [purpose, word]) : Object.entries(word);
      return [channel, Object.fromEntries(words.map(([purpose, granted]) => [purpose, { granted, ...told }]))];
    }),
  );

/** The newest word counts, whichever came first; of two at the same time, the no. The same object where nothing is newer. */
export function newestOf(standing: Consents, told: Consents): Consents {
  const newer = everyConsent(told).filter(({ channel, purpose, at, granted }) => {
    const stands = standing[channel]?.[purpose];
    return (
      !stands ||
      Date.parse(at) > Date.parse(stands.at) ||
      (Date.parse(at) === Date.parse(stands.at) && stands.granted && !granted)
    );
  });
  return newer.length === 0 ? standing : over(standing, newer);
}

/** What stands, with these words in place of what was said before. */
export function over(standing: Consents, words: readonly OneConsent[]): Consents {
  const all: Partial<Record<Channel, Partial<Record<Purpose, Consent>>>> = { ...standing };
  for (const { channel, purpose, ...consent } of words) all[channel] = { ...all[channel], [purpose]: consent };
  return all;
}
