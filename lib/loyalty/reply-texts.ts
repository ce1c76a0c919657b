import type { Day, Instant } from './account.ts';
import { minorDigits } from './money.ts';
import type { Value } from './program/rewards.ts';
import type { Refusal } from './redeem.ts';
import type { Choice, Language } from './replies.ts';

/** What members are answered when they write to us: short, since each of it may be a text message that costs money. */
export type Answer =
  | {
      readonly kind: 'points';
      readonly balance: number;
      readonly pending: number;
      readonly held: number;
      /** What lapses first, where something does. */
      readonly expiring?: { readonly points: number; readonly on: Day } | undefined;
    }
  | {
      readonly kind: 'rewards';
      readonly inReach: readonly Choice[];
      /** How many more are in reach and not told. */
      readonly more: number;
      /** The cheapest of the others, and what is missing to it. */
      readonly next?: { readonly choice: Choice; readonly missing: number } | undefined;
    }
  /** Whether it is really meant. */
  | { readonly kind: 'asked'; readonly choice: Choice; readonly number: string; readonly minutes: number }
  /** With its code. */
  | {
      readonly kind: 'given';
      readonly name: string;
      readonly code: string;
      readonly through?: Day | undefined;
      readonly balance: number;
    }
  /** Put aside, to be had at the counter. */
  | { readonly kind: 'aside'; readonly name: string; readonly redemptionId: string; readonly until: Instant }
  | { readonly kind: 'refused'; readonly because: Refusal; readonly missing?: number | undefined }
  | {
      readonly kind:
        | 'not-the-number'
        | 'too-late'
        | 'not-as-asked'
        | 'help'
        | 'started'
        | 'linked'
        | 'no-such-code'
        | 'linked-elsewhere';
    };

/** How this member reads: our words by the language, numbers and dates by the locale. */
export interface Reader {
  readonly language: Language;
  readonly locale: string;
  readonly program: string;
  readonly timeZone: string;
  readonly currency: string;
}

/** Everything that is filled in, written as the reader writes it. */
interface Written {
  readonly n: (amount: number) => string;
  /** `1 point`, `2 points`. */
  readonly pts: (amount: number) => string;
  readonly day: (day: Day) => string;
  readonly time: (at: Instant) => string;
  readonly what: (choice: Choice) => string;
  /** `An espresso`, with what is to be paid beside the points. */
  readonly price: (choice: Choice) => string;
  /** `1 An espresso (30)`, a line each. */
  readonly list: (choices: readonly Choice[]) => string;
}

type Phrases = { readonly [Kind in Answer['kind']]: (said: Extract<Answer, { kind: Kind }>, w: Written) => string };

type Refusals = Readonly<Record<Refusal, string>>;

const EN: Phrases & { readonly refusals: Refusals } = {
  points: ({ balance, pending, held, expiring }, { n, pts, day }) =>
    sentences(
      `you have ${pts(balance)}.`,
      pending > 0 && `On their way: ${n(pending)}.`,
      held > 0 && `Put aside: ${n(held)}.`,
      expiring && `Good until ${day(expiring.on)}: ${n(expiring.points)}.`,
    ),
  rewards: ({ inReach, more, next }, { n, pts, what, list }) =>
    sentences(
      inReach.length === 0 ? 'nothing is in reach yet.' : `yours for points:\n${list(inReach)}\n`,
      inReach.length > 0 && `Write REDEEM and the number.`,
      more > 0 && `${n(more)} more at the counter.`,
      next && `Next: ${what(next.choice)}, ${pts(next.missing)} to go.`,
    ),
  asked: ({ choice, number, minutes }, { price }) => `${price(choice)}? Reply ${number} within ${minutes} minutes.`,
  given: ({ name, code, through, balance }, { pts, day }) =>
    `${name} is yours: ${code}${through ? `, good until ${day(through)}` : ''}. You have ${pts(balance)} left.`,
  aside: ({ name, redemptionId, until }, { time }) =>
    `${name} is put aside for you until ${time(until)}. Say this at the counter: ${redemptionId}`,
  refused: ({ because, missing = 0 }, { pts }) =>
    because === 'not-enough-points' ? `for that you need ${pts(missing)} more.` : EN.refusals[because],
  refusals: {
    'unknown-reward': 'there is no such reward. Write REWARDS to see them.',
    'wrong-step': 'there is no such reward. Write REWARDS to see them.',
    'points-buy-rewards-only': 'points are for rewards. Write REWARDS to see them.',
    'not-available-yet': 'that one is not available yet.',
    'no-longer-available': 'that one is not available any more.',
    'tier-too-low': 'that one is for members of a higher tier.',
    'limit-reached': 'you have had as many of that as there are for each member.',
    'not-enough-points': 'you do not have enough points for that.',
    'out-of-stock': 'that one is gone.',
  },
  'not-the-number': () => 'that is not the number that we asked for.',
  'too-late': () => 'that number is not good any more. Write REDEEM again.',
  'not-as-asked': () => 'this has another price by now. Write REDEEM again.',
  help: () =>
    'write POINTS for your balance, REWARDS for what you can have, REDEEM and a number to have it. STOP ends messages.',
  started: () => 'good to have you back. We will write to you here again.',
  linked: () => 'this chat belongs to your membership now. Write POINTS for your balance.',
  'no-such-code': () => 'that code is not good. Ask for a new one.',
  'linked-elsewhere': () => 'this chat belongs to another membership already. Ask at the counter.',
};

const DE: typeof EN = {
  points: ({ balance, pending, held, expiring }, { n, pts, day }) =>
    sentences(
      `du hast ${pts(balance)}.`,
      pending > 0 && `Noch unterwegs: ${n(pending)}.`,
      held > 0 && `Zurückgelegt: ${n(held)}.`,
      expiring && `Gültig bis ${day(expiring.on)}: ${n(expiring.points)}.`,
    ),
  rewards: ({ inReach, more, next }, { n, pts, what, list }) =>
    sentences(
      inReach.length === 0 ? 'noch ist nichts in Reichweite.' : `für deine Punkte:\n${list(inReach)}\n`,
      inReach.length > 0 && `Schreib EINLÖSEN und die Nummer.`,
      more > 0 && `${n(more)} weitere am Tresen.`,
      next && `Als Nächstes: ${what(next.choice)}, noch ${pts(next.missing)}.`,
    ),
  asked: ({ choice, number, minutes }, { price }) =>
    `${price(choice)}? Antworte innerhalb von ${minutes} Minuten mit ${number}.`,
  given: ({ name, code, through, balance }, { pts, day }) =>
    `${name} gehört dir: ${code}${through ? `, gültig bis ${day(through)}` : ''}. Du hast noch ${pts(balance)}.`,
  aside: ({ name, redemptionId, until }, { time }) =>
    `${name} ist bis ${time(until)} für dich zurückgelegt. Sag das am Tresen: ${redemptionId}`,
  refused: ({ because, missing = 0 }, { pts }) =>
    because === 'not-enough-points' ? `dafür brauchst du noch ${pts(missing)}.` : DE.refusals[because],
  refusals: {
    'unknown-reward': 'diese Prämie gibt es nicht. Schreib PRÄMIEN für die Liste.',
    'wrong-step': 'diese Prämie gibt es nicht. Schreib PRÄMIEN für die Liste.',
    'points-buy-rewards-only': 'Punkte sind für Prämien. Schreib PRÄMIEN für die Liste.',
    'not-available-yet': 'das gibt es noch nicht.',
    'no-longer-available': 'das gibt es nicht mehr.',
    'tier-too-low': 'das ist für Mitglieder einer höheren Stufe.',
    'limit-reached': 'davon hattest du so viele, wie es für jedes Mitglied gibt.',
    'not-enough-points': 'dafür reichen deine Punkte nicht.',
    'out-of-stock': 'davon ist nichts mehr da.',
  },
  'not-the-number': () => 'das ist nicht die Nummer, nach der wir gefragt haben.',
  'too-late': () => 'diese Nummer gilt nicht mehr. Schreib noch einmal EINLÖSEN.',
  'not-as-asked': () => 'der Preis ist inzwischen ein anderer. Schreib noch einmal EINLÖSEN.',
  help: () =>
    'schreib PUNKTE für deinen Stand, PRÄMIEN für die Auswahl, EINLÖSEN und eine Nummer, um etwas zu bekommen. STOP beendet die Nachrichten.',
  started: () => 'schön, dass du wieder da bist. Wir schreiben dir hier wieder.',
  linked: () => 'dieser Chat gehört jetzt zu deiner Mitgliedschaft. Schreib PUNKTE für deinen Stand.',
  'no-such-code': () => 'dieser Code gilt nicht. Lass dir einen neuen geben.',
  'linked-elsewhere': () => 'dieser Chat gehört schon zu einer anderen Mitgliedschaft. Frag am Tresen.',
};

const ES: typeof EN = {
  points: ({ balance, pending, held, expiring }, { n, pts, day }) =>
    sentences(
      `tienes ${pts(balance)}.`,
      pending > 0 && `En camino: ${n(pending)}.`,
      held > 0 && `Reservados: ${n(held)}.`,
      expiring && `Válidos hasta el ${day(expiring.on)}: ${n(expiring.points)}.`,
    ),
  rewards: ({ inReach, more, next }, { n, pts, what, list }) =>
    sentences(
      inReach.length === 0 ? 'todavía no hay nada a tu alcance.' : `por tus puntos:\n${list(inReach)}\n`,
      inReach.length > 0 && `Escribe CANJEAR y el número.`,
      more > 0 && `${n(more)} más en el mostrador.`,
      next && `Después: ${what(next.choice)}, ${pts(next.missing)} más.`,
    ),
  asked: ({ choice, number, minutes }, { price }) =>
    `¿${price(choice)}? Responde ${number} antes de ${minutes} minutos.`,
  given: ({ name, code, through, balance }, { pts, day }) =>
    `${name} es para ti: ${code}${through ? `, válido hasta el ${day(through)}` : ''}. Saldo: ${pts(balance)}.`,
  aside: ({ name, redemptionId, until }, { time }) =>
    `${name} está reservado para ti hasta ${time(until)}. Di esto en el mostrador: ${redemptionId}`,
  refused: ({ because, missing = 0 }, { pts }) =>
    because === 'not-enough-points' ? `necesitas ${pts(missing)} más.` : ES.refusals[because],
  refusals: {
    'unknown-reward': 'no existe ese premio. Escribe PREMIOS para verlos.',
    'wrong-step': 'no existe ese premio. Escribe PREMIOS para verlos.',
    'points-buy-rewards-only': 'los puntos son para premios. Escribe PREMIOS para verlos.',
    'not-available-yet': 'todavía no está disponible.',
    'no-longer-available': 'ya no está disponible.',
    'tier-too-low': 'es para socios de un nivel más alto.',
    'limit-reached': 'ya has tenido tantos como hay para cada socio.',
    'not-enough-points': 'no tienes puntos suficientes.',
    'out-of-stock': 'está agotado.',
  },
  'not-the-number': () => 'ese no es el número que pedimos.',
  'too-late': () => 'ese número ya no vale. Escribe CANJEAR otra vez.',
  'not-as-asked': () => 'ahora tiene otro precio. Escribe CANJEAR otra vez.',
  help: () =>
    'escribe PUNTOS para tu saldo, PREMIOS para ver los premios, CANJEAR y un número para tener uno. STOP para no recibir más mensajes.',
  started: () => 'qué bien que vuelvas. Te escribiremos aquí otra vez.',
  linked: () => 'este chat ya es parte de tu cuenta. Escribe PUNTOS para tu saldo.',
  'no-such-code': () => 'ese código no vale. Pide uno nuevo.',
  'linked-elsewhere': () => 'este chat ya es de otra cuenta. Pregunta en el mostrador.',
};

const FR: typeof EN = {
  points: ({ balance, pending, held, expiring }, { n, pts, day }) =>
    sentences(
      `vous avez ${pts(balance)}.`,
      pending > 0 && `En attente : ${n(pending)}.`,
      held > 0 && `Mis de côté : ${n(held)}.`,
      expiring && `Valables jusqu'au ${day(expiring.on)} : ${n(expiring.points)}.`,
    ),
  rewards: ({ inReach, more, next }, { n, pts, what, list }) =>
    sentences(
      inReach.length === 0 ? "rien n'est encore à votre portée." : `pour vos points :\n${list(inReach)}\n`,
      inReach.length > 0 && `Écrivez ECHANGER et le numéro.`,
      more > 0 && `${n(more)} de plus au comptoir.`,
      next && `Ensuite : ${what(next.choice)}, il vous manque ${pts(next.missing)}.`,
    ),
  asked: ({ choice, number, minutes }, { price }) =>
    `${price(choice)} ? Répondez ${number} dans les ${minutes} minutes.`,
  given: ({ name, code, through, balance }, { pts, day }) =>
    `${name} est à vous : ${code}${through ? `, valable jusqu'au ${day(through)}` : ''}. Il vous reste ${pts(balance)}.`,
  aside: ({ name, redemptionId, until }, { time }) =>
    `${name} est mis de côté pour vous jusqu'à ${time(until)}. Dites ceci au comptoir : ${redemptionId}`,
  refused: ({ because, missing = 0 }, { pts }) =>
    because === 'not-enough-points' ? `il vous manque ${pts(missing)}.` : FR.refusals[because],
  refusals: {
    'unknown-reward': "ce cadeau n'existe pas. Écrivez CADEAUX pour les voir.",
    'wrong-step': "ce cadeau n'existe pas. Écrivez CADEAUX pour les voir.",
    'points-buy-rewards-only': 'les points sont pour des cadeaux. Écrivez CADEAUX pour les voir.',
    'not-available-yet': "ce n'est pas encore disponible.",
    'no-longer-available': "ce n'est plus disponible.",
    'tier-too-low': "c'est pour les membres d'un niveau supérieur.",
    'limit-reached': "vous en avez eu autant qu'il y en a pour chaque membre.",
    'not-enough-points': "vous n'avez pas assez de points.",
    'out-of-stock': "il n'y en a plus.",
  },
  'not-the-number': () => "ce n'est pas le numéro demandé.",
  'too-late': () => "ce numéro n'est plus valable. Écrivez ECHANGER de nouveau.",
  'not-as-asked': () => 'le prix a changé. Écrivez ECHANGER de nouveau.',
  help: () =>
    'écrivez POINTS pour votre solde, CADEAUX pour les voir, ECHANGER et un numéro pour en avoir un. STOP pour ne plus recevoir de messages.',
  started: () => 'ravis de vous revoir. Nous vous écrirons de nouveau ici.',
  linked: () => 'cette conversation fait partie de votre compte. Écrivez POINTS pour votre solde.',
  'no-such-code': () => "ce code n'est pas valable. Demandez-en un nouveau.",
  'linked-elsewhere': () => 'cette conversation appartient déjà à un autre compte. Demandez au comptoir.',
};

const TONGUES: Readonly<Record<Language, typeof EN>> = { en: EN, de: DE, es: ES, fr: FR };

const POINTS: Readonly<Record<Language, readonly [one: string, other: string]>> = {
  en: ['point', 'points'],
  de: ['Punkt', 'Punkte'],
  es: ['punto', 'puntos'],
  fr: ['point', 'points'],
};

/** A price by the language: what it costs, and what is paid beside it. */
const FOR: Readonly<Record<Language, readonly [gets: string, and: string]>> = {
  en: ['for', 'and'],
  de: ['für', 'und'],
  es: ['por', 'y'],
  fr: ['pour', 'et'],
};

/** The answer in the reader's words, beginning with who speaks. */
export function answerText(said: Answer, reader: Reader): string {
  const phrase = TONGUES[reader.language][said.kind] as (said: Answer, w: Written) => string;
  // A narrow space, as some locales have it in numbers, would make a text message twice as dear.
  return `${reader.program}: ${phrase(said, writtenFor(reader))}`.replaceAll(/[\u202f\u00a0]/g, ' ');
}

function writtenFor({ language, locale, timeZone, currency }: Reader): Written {
  const n = (amount: number) => new Intl.NumberFormat(locale).format(amount);
  const [one, other] = POINTS[language];
  const pts = (amount: number) => `${n(amount)} ${new Intl.PluralRules(locale).select(amount) === 'one' ? one : other}`;
  const digits = minorDigits(currency);
  const money = (amount: number) =>
    new Intl.NumberFormat(locale, {
      style: 'currency',
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(amount);
  const percent = (bp: number) =>
    new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 }).format(bp / 10_000);
  const [gets, and] = FOR[language];
  const what = ({ reward, value }: Choice) => `${reward.name}${worth(value, money, percent)}`;
  return {
    n,
    pts,
    what,
    day: (day) => new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(day)),
    time: (at) =>
      new Intl.DateTimeFormat(locale, {
        day: 'numeric',
        month: 'short',
        hour: '2-digit',
        minute: '2-digit',
        timeZone,
      }).format(new Date(at)),
    price: (choice) =>
      `${what(choice)} ${gets} ${pts(choice.cost)}${
        choice.cashMinor === undefined ? '' : ` ${and} ${money(choice.cashMinor / 10 ** digits)}`
      }`,
    list: (choices) => choices.map((one) => `${one.number} ${what(one)} (${n(one.cost)})`).join('\n'),
  };
}

/** What tells the steps of a reward apart. */
function worth(value: Value, money: (amount: number) => string, percent: (bp: number) => string): string {
  if (value.kind === 'amount-off') return ` (${money(Number(value.amount))})`;
  return value.kind === 'percent-off' ? ` (${percent(value.percentBp)})` : '';
}

const sentences = (...said: readonly (string | false | undefined)[]): string =>
  said
    .filter((one) => typeof one === 'string')
    .join(' ')
    .replaceAll('\n ', '\n');
