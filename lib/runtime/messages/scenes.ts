import { isReplyKind, type ReplyKind, type TextKind } from '../../loyalty/message-words.ts';
import type { DeployedMerchant } from '../config.ts';
import { examplesOf } from './examples.ts';
import type { Values } from './liquid.ts';
import { NEEDED, replyExamplesOf } from './reply-values.ts';
import { namesFor, optionalNamesFor, valuesOf } from './values.ts';

/** What a text of one kind may speak of, and everything that may have to be said in it. */
export interface Scene {
  readonly kind: TextKind;
  readonly names: readonly string[];
  /** Of the names, those that are not always there. */
  readonly optional: readonly string[];
  /** Every way in which it may come to be said. */
  readonly rehearsals: readonly Values[];
  /** The name that has to be spoken of, whatever happens. */
  readonly needed?: string | undefined;
}

export const sceneOf = (kind: TextKind, merchant: DeployedMerchant): Scene =>
  isReplyKind(kind) ? replyScene(kind, merchant) : eventScene(kind, merchant);

const NAMES = ['Ada Lovelace', ''];

const eventScene = (kind: Exclude<TextKind, ReplyKind>, merchant: DeployedMerchant): Scene => ({
  kind,
  names: namesFor(kind),
  optional: optionalNamesFor(kind),
  // In first place and last, and in between.
  rehearsals: examplesOf(kind, merchant).flatMap((event) =>
    [true, false].flatMap((alone) =>
      NAMES.map((name) => valuesOf([event], { profile: { name } }, merchant, { first: alone, last: alone }, event)),
    ),
  ),
});

function replyScene(kind: ReplyKind, merchant: DeployedMerchant): Scene {
  const rehearsals = NAMES.flatMap((name) => replyExamplesOf(kind, name, merchant));
  const names = Object.keys(rehearsals[0] ?? {});
  return {
    kind,
    names,
    optional: names.filter((name) => rehearsals.some((values) => !(name in values))),
    rehearsals,
    needed: NEEDED[kind],
  };
}
