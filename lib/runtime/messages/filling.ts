import { Permanent } from '../../connectors/kit/errors.ts';
import type { TextKind } from '../../loyalty/message-words.ts';
import { type Form, type Manner, rendered, type Values } from './liquid.ts';

/** Whose text it is, for whoever has to mend it. */
interface Title {
  readonly kind: TextKind;
  readonly locale: string;
}

/** The text, or `Permanent`: no second try would make it. */
export function filled({ kind, locale }: Title, template: string, values: Values, manner: Manner, form?: Form): string {
  try {
    return rendered(template, values, manner, form).trim();
  } catch (error) {
    // Liquid's message quotes the template, which is the merchant's and holds nothing personal.
    throw new Permanent(
      `the text for ${kind} in ${locale} cannot be made: ${error instanceof Error ? error.message : ''}`,
    );
  }
}
