import { Liquid, type Template } from 'liquidjs';
import { dayIn, isDay } from '../../loyalty/calendar.ts';

/** How numbers, days and money are written. */
export interface Manner {
  /** BCP 47. */
  readonly locale: string;
  readonly timeZone: string;
  /** ISO 4217, where an amount names none. */
  readonly currency: string;
}

export type Values = Readonly<Record<string, unknown>>;

/** Templates are the merchant's, values may be anybody's: nothing but their own properties, and an end to loops. */
const STRICT = {
  strictVariables: true,
  // A text may ask whether there is something before it speaks of it.
  lenientIf: true,
  strictFilters: true,
  ownPropertyOnly: true,
  jsTruthy: false,
  relativeReference: false,
  dynamicPartials: false,
  templates: {},
  renderLimit: 1_000,
};

const LIMITS = {
  text: { parseLimit: 10_000, memoryLimit: 50_000 },
  // What stands in a page is a value and never its markup.
  html: { parseLimit: 100_000, memoryLimit: 500_000, outputEscape: 'escape' },
} as const;

export type Form = keyof typeof LIMITS;

interface Press {
  readonly engine: Liquid;
  readonly templates: Map<string, Template[]>;
}

/** One for each manner of writing: filters are told nothing of whom they write for. */
const presses = new Map<string, Press>();
/** Locales are the members' own words, and there are many. */
const PRESSES_MAX = 50;
const TEMPLATES_MAX = 500;

function pressOf({ locale, timeZone, currency }: Manner, form: Form): Press {
  const name = [form, locale, timeZone, currency].join(' ');
  let press = presses.get(name);
  if (!press) {
    const engine = new Liquid({ ...STRICT, ...LIMITS[form] });
    for (const [filter, write] of Object.entries(filtersIn({ locale, timeZone, currency })))
      engine.registerFilter(filter, write);
    press = { engine, templates: new Map() };
    if (presses.size >= PRESSES_MAX) presses.clear();
    presses.set(name, press);
  }
  return press;
}

function parsed({ engine, templates }: Press, template: string): Template[] {
  let known = templates.get(template);
  if (!known) {
    known = engine.parse(template);
    if (templates.size >= TEMPLATES_MAX) templates.clear();
    templates.set(template, known);
  }
  return known;
}

/** Throws where the template cannot be read or filled; Liquid's message quotes the template, and no value. */
export function rendered(template: string, values: Values, manner: Manner, form: Form = 'text'): string {
  const press = pressOf(manner, form);
  return String(press.engine.renderSync(parsed(press, template), values));
}

/** Every name that a template asks for, in all its branches. Throws where it cannot be read. */
export function namesIn(template: string, manner: Manner, form: Form = 'text'): readonly string[] {
  const press = pressOf(manner, form);
  return press.engine.globalVariablesSync(parsed(press, template), { partials: false });
}

/** A fault of the template's: it gives a filter what that cannot take. */
class FilterMisused extends Error {
  override readonly name = 'FilterMisused';
}

function filtersIn({ locale, timeZone, currency }: Manner) {
  const numbers = new Intl.NumberFormat(locale);
  const plurals = new Intl.PluralRules(locale);
  const formats = new Map<string, Intl.DateTimeFormat>();
  const amountIn = (value: unknown, filter: string): number => {
    const amount = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof amount !== 'number' || !Number.isFinite(amount)) throw new FilterMisused(`${filter} is for numbers`);
    return amount;
  };
  return {
    /** 1234 → 1,234 */
    number: (value: unknown) => numbers.format(amountIn(value, 'number')),

    /** `{{ points | plural: one: "# point", other: "# points" }}`; # is the number. */
    plural(value: unknown, ...given: readonly unknown[]): string {
      const amount = amountIn(value, 'plural');
      const forms = new Map<unknown, unknown>(given.filter((one): one is [unknown, unknown] => Array.isArray(one)));
      if (forms.size === 0 || forms.size < given.length || typeof forms.get('other') !== 'string')
        throw new FilterMisused('plural takes its forms by name: plural: one: "# point", other: "# points"');
      const unknown = [...forms.keys()].find((name) => !CATEGORIES.has(String(name)));
      if (unknown !== undefined)
        throw new FilterMisused(`plural knows no "${unknown}": use ${[...CATEGORIES].join(', ')}`);
      const form = forms.get(plurals.select(Math.abs(amount))) ?? forms.get('other');
      return String(form).replaceAll('#', numbers.format(amount));
    },

    /** A day, a month or an instant: `medium` (31 Mar 2026), `short` (31/03/2026) or `long` (31 March 2026). */
    date(value: unknown, style: unknown = 'medium'): string {
      const shape = DATES[style as keyof typeof DATES];
      if (typeof style !== 'string' || shape === undefined)
        throw new FilterMisused(`date knows no such style: use ${Object.keys(DATES).join(', ')}`);
      if (typeof value !== 'string') throw new FilterMisused('date is for days, months and points in time');
      const isMonth = /^\d{4}-\d{2}$/.test(value);
      const day = isMonth ? `${value}-01` : /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : instantOf(value);
      if (!isDay(day)) throw new FilterMisused('date is for days, months and points in time');
      const { day: _, ...month } = shape;
      const name = `${style} ${isMonth ? 'month' : 'day'}`;
      const days =
        formats.get(name) ?? new Intl.DateTimeFormat(locale, { ...(isMonth ? month : shape), timeZone: 'UTC' });
      formats.set(name, days);
      return days.format(new Date(day));
    },

    /** The day and the hour of an instant, on the merchant's clock: `medium` (31 Mar, 14:30) or `short` (31/03, 14:30). */
    time(value: unknown, style: unknown = 'medium'): string {
      const shape = TIMES[style as keyof typeof TIMES];
      if (typeof style !== 'string' || shape === undefined)
        throw new FilterMisused(`time knows no such style: use ${Object.keys(TIMES).join(', ')}`);
      if (typeof value !== 'string' || instantOf(value) === '') throw new FilterMisused('time is for points in time');
      return new Intl.DateTimeFormat(locale, { ...shape, timeZone }).format(new Date(value));
    },

    /** "5.00" → €5.00; `money: "USD"` where it is no amount of the program's currency. */
    money(value: unknown, of: unknown = currency): string {
      const amount = amountIn(value, 'money');
      try {
        return new Intl.NumberFormat(locale, { style: 'currency', currency: String(of) }).format(amount);
      } catch {
        throw new FilterMisused('money takes a currency by its code: money: "EUR"');
      }
    },
  };

  function instantOf(text: string): string {
    return Number.isNaN(Date.parse(text)) ? '' : dayIn(timeZone, text);
  }
}

const CATEGORIES: ReadonlySet<string> = new Set(['zero', 'one', 'two', 'few', 'many', 'other']);

const DATES = {
  medium: { year: 'numeric', month: 'short', day: 'numeric' },
  short: { year: 'numeric', month: '2-digit', day: '2-digit' },
  long: { year: 'numeric', month: 'long', day: 'numeric' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

const TIMES = {
  medium: { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' },
  short: { day: '2-digit', month: '2-digit', hour: '2-digit', minute: '2-digit' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;
