import { createHmac } from 'node:crypto';
import { sameText } from '../kit/webhook.ts';

/**
 * A link to a form names the member in its hidden field `m`, which anybody can edit: `sig` beside it shows that we, or
 * the merchant, made it. For one form, so that a link to one is none to another.
 */
export const memberSignature = (key: string, formId: string, memberId: string): string =>
  createHmac('sha256', key).update(`${formId}:${memberId}`).digest('base64url').slice(0, SIGNATURE_LENGTH);

/** 132 bits, in an address that people may have to copy. */
const SIGNATURE_LENGTH = 22;

export function isSignedBy(keys: readonly string[], formId: string, memberId: string, signature: string): boolean {
  let matched = false;
  for (const key of keys) matched = sameText(memberSignature(key, formId, memberId), signature) || matched;
  return matched;
}
