import type { Channel } from './channels.ts';
import type { ConsentFact, ReplyFact } from './facts.ts';
import { type Offer, offerOf } from './offer.ts';
import type { Reward } from './program/rewards.ts';
import type { Program } from './program.ts';

/** What members write to us, understood. Pure: what follows from it is decided elsewhere. */

export const LANGUAGES = ['en', 'de', 'es', 'fr'] as const;
/** Those in which commands are understood and answered. */
export type Language = (typeof LANGUAGES)[number];

export type Command =
  | { readonly kind: 'points' | 'rewards' | 'help' | 'stop' | 'start' }
  /** `which`: a number of the list, a name, or nothing yet. */
  | { readonly kind: 'redeem'; readonly which: string }
  /** Yes to a redemption that was asked about. */
  | { readonly kind: 'confirm'; readonly number: string }
  | { readonly kind: 'link'; readonly code: string }
  /** Nothing that we know. */
  | { readonly kind: 'unknown' };

/** `language`: the one whose word it was, where no other has the same. */
export type Understood = Command & { readonly language?: Language };

type Asked = 'points' | 'rewards' | 'redeem' | 'link';

/** Without accents and in capitals, as they are compared. The first of each is the one that our answers speak of. */
const WORDS: Readonly<Record<Language, Readonly<Record<Asked, readonly [string, ...string[]]>>>> = {
  en: {
    points: ['POINTS', 'POINT', 'BALANCE'],
    rewards: ['REWARDS', 'REWARD'],
    redeem: ['REDEEM'],
    link: ['LINK'],
  },
  de: {
    points: ['PUNKTE', 'PUNKTESTAND', 'GUTHABEN'],
    rewards: ['PRAEMIEN', 'PRAMIEN', 'PRAEMIE', 'PRAMIE'],
    redeem: ['EINLOESEN', 'EINLOSEN', 'EINLOESE', 'EINLOSE'],
    link: ['VERBINDEN'],
  },
  es: {
    points: ['PUNTOS', 'SALDO'],
    rewards: ['PREMIOS', 'PREMIO', 'RECOMPENSAS', 'RECOMPENSA'],
    redeem: ['CANJEAR', 'CANJE', 'CANJEO'],
    link: ['VINCULAR'],
  },
  fr: {
    points: ['POINTS', 'POINT', 'SOLDE'],
    rewards: ['CADEAUX', 'CADEAU', 'RECOMPENSES', 'RECOMPENSE'],
    redeem: ['ECHANGER', 'ECHANGE'],
    link: ['LIER'],
  },
};

/**
 * Most vendors of text messages hear these themselves, and never hand them to us. Where one does, and in chats, they
 * mean the same: they count only as the whole of what was written.
 */
const STOP = new Set(
  [
    ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'OPTOUT', 'OPT OUT', 'REVOKE'],
    ['STOPP', 'ABMELDEN', 'ABBESTELLEN'],
    ['ALTO', 'BAJA', 'DARSE DE BAJA'],
    ['ARRET', 'ARRETER', 'DESABONNER', 'DESINSCRIRE'],
  ].flat(),
);
/** Of these, the carriers’ rules say it for text messages. In a chat they may be about anything. */
const STOP_IN_TEXTS = new Set(['END', 'QUIT', 'CANCEL']);
const START = new Set(['START', 'UNSTOP', 'SUBSCRIBE', 'ANMELDEN', 'ALTA', 'REPRENDRE']);
const HELP = new Set(['HELP', 'INFO', 'MENU', 'HILFE', 'AYUDA', 'AIDE']);
/** Of them, those that say which language somebody speaks: START and HELP are what carriers teach everybody. */
const SPOKEN: ReadonlyMap<string, Language> = new Map([
  ['ANMELDEN', 'de'],
  ['HILFE', 'de'],
  ['ALTA', 'es'],
  ['AYUDA', 'es'],
  ['REPRENDRE', 'fr'],
  ['AIDE', 'fr'],
]);

/** The carriers’ own: none of our words may be one of them. */
export const CARRIERS_WORDS: ReadonlySet<string> = new Set([...STOP, ...STOP_IN_TEXTS, ...START, ...HELP, 'YES']);

/** More words than this are a sentence that begins so, and no command. */
const WORDS_MAX = 3;
/** A reward's name may have more. */
const LONGEST = 120;

/** Of a link: no vowels and nothing that looks like something else, so that no word of any language is one. */
export const LINK_LETTERS = '23456789BCDFGHJKMNPQRSTVWXZ';
export const LINK_LENGTH = 8;
/** Ids of redemptions that were asked for by a reply, as they are read out at the counter. */
export const isByReply = (redemptionId: string): boolean => BY_REPLY.test(redemptionId);
const BY_REPLY = new RegExp(`^R-[${LINK_LETTERS}]{5}-[${LINK_LETTERS}]{5}$`);

/** Of the number that confirms: more than any list is long. */
export const NUMBER_DIGITS = 4;

const CONFIRM = new RegExp(`^\\d{${NUMBER_DIGITS}}$`);
const LIST_NUMBER = /^[1-9]\d?$/;

/** What somebody wrote to us means. */
export function understood(text: string, channel: Channel): Understood {
  const plain = plainly(text);
  const code = linkCodeIn(plain);
  if (STOP.has(plain) || (channel === 'sms' && STOP_IN_TEXTS.has(plain))) return { kind: 'stop' };
  const carriers = START.has(plain) ? 'start' : HELP.has(plain) ? 'help' : undefined;
  if (carriers) return inLanguage({ kind: carriers }, SPOKEN.get(plain));
  const whole = plain.replaceAll(' ', '');
  if (CONFIRM.test(whole)) return { kind: 'confirm', number: whole };
  if (LIST_NUMBER.test(whole)) return { kind: 'redeem', which: whole };
  const [first = '', ...rest] = plain.split(' ');
  const spoken = LANGUAGES.flatMap((language) => {
    const asked = askedBy(first, language);
    return asked ? [{ language, asked }] : [];
  });
  const [one, another] = spoken;
  const language = another ? undefined : one?.language;
  if (code !== undefined) return inLanguage({ kind: 'link', code }, language);
  if (!one) return { kind: 'unknown' };
  const said = commandOf(one.asked, rest.join(' '));
  return said.kind === 'unknown' ? said : inLanguage(said, language);
}

const inLanguage = (command: Command, language: Language | undefined): Understood => ({
  ...command,
  ...(language && { language }),
});

function commandOf(asked: Asked, rest: string): Command {
  switch (asked) {
    case 'points':
    case 'rewards':
      return rest.split(' ').length < WORDS_MAX ? { kind: asked } : { kind: 'unknown' };
    case 'redeem':
      // Whoever writes the word before the number as well means the same.
      return CONFIRM.test(rest) ? { kind: 'confirm', number: rest } : { kind: 'redeem', which: rest };
    case 'link':
      // Something that is none of our codes: whoever wants to be linked learns that this did not do it.
      return rest === '' ? { kind: 'unknown' } : { kind: 'link', code: rest.replaceAll(' ', '') };
  }
}

const askedBy = (word: string, language: Language): Asked | undefined =>
  (Object.keys(WORDS[language]) as Asked[]).find((asked) => WORDS[language][asked].includes(word));

/** Capitals without accents, and words with one space between: `¿Puntos?` is `PUNTOS`, and so is `/puntos`. */
const plainly = (text: string): string =>
  text
    .slice(0, LONGEST)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toUpperCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** Alone, or after the word for it; also after the `START` that a chat puts before what a link to it carried. */
function linkCodeIn(plain: string): string | undefined {
  const words = LANGUAGES.flatMap((language) => WORDS[language].link);
  const code = plain.replace(new RegExp(`^(${[...words, 'START'].join('|')}) `), '').replaceAll(' ', '');
  return code.length === LINK_LENGTH && [...code].every((letter) => LINK_LETTERS.includes(letter)) ? code : undefined;
}

/** A reply that is a yes or a no to the channel itself, where the vendor has left it to us. */
export function consentIn({ text, type: _, ...told }: ReplyFact): ConsentFact | undefined {
  const { kind } = understood(text, told.channel);
  if (kind !== 'stop' && kind !== 'start') return undefined;
  return { ...told, type: 'consent', granted: kind === 'start', proof: `${kind.toUpperCase()} in ${told.factId}` };
}

/** Of these locales the first whose language is one of ours, else English. */
export const languageFor = (locales: readonly string[]): Language =>
  locales.map(languageIn).find((one) => one !== undefined) ?? 'en';

const languageIn = (locale: string): Language | undefined => LANGUAGES.find((one) => one === locale.split('-', 1)[0]);

/** Something to redeem, under its number in the list. */
export interface Choice extends Omit<Offer, 'reward'> {
  readonly number: number;
  readonly reward: Reward;
  /** Of the reward's steps, from 1; absent: the reward itself. */
  readonly step?: number;
}

/** All there is, each under a number that does not change with what the member can afford. */
export function choicesOf(program: Program): readonly Choice[] {
  const asked = program.rewards.flatMap((reward) => [
    { reward, step: undefined },
    ...reward.steps.map((_, index) => ({ reward, step: index + 1 })),
  ]);
  return asked.flatMap(({ reward, step }, index): Choice[] => {
    const offer = offerOf({ rewardId: reward.id, step }, program);
    return offer ? [{ ...offer, reward, number: index + 1, ...(step !== undefined && { step }) }] : [];
  });
}

/** The one that is meant: by its number, its id or its name, or by a part of the name that no other has. */
export function choiceFor(which: string, choices: readonly Choice[]): Choice | undefined {
  if (LIST_NUMBER.test(which)) return choices.find(({ number }) => String(number) === which);
  const wanted = plainly(which);
  if (wanted === '') return undefined;
  // A name means the reward itself; its steps have numbers.
  const whole = choices.filter(({ step }) => step === undefined);
  const exact = whole.find(({ reward }) => plainly(reward.id) === wanted || plainly(reward.name) === wanted);
  if (exact) return exact;
  const [one, another] = whole.filter(({ reward }) => ` ${plainly(reward.name)} `.includes(` ${wanted} `));
  return another ? undefined : one;
}
