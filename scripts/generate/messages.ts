import { MESSAGE_KINDS } from '../../lib/loyalty/message-words.ts';
import type { DeployedMerchant } from '../../lib/runtime/config.ts';
import { exampleOf } from '../../lib/runtime/messages/examples.ts';
import { namesFor, optionalNamesFor } from '../../lib/runtime/messages/values.ts';
import { compose } from '../../lib/runtime/messages.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant } from '../../merchants/merchant.ts';

/** The table of docs/messages.md: its text is written by hand, what stands between the marks is made. */
export function messagesDoc(text: string): string {
  const [begin, end] = ['<!-- kinds: made by npm run generate -->', '<!-- end of kinds -->'];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`docs/messages.md has no place for its kinds: put ${begin} and ${end} back`);
  return `${text.slice(0, from)}${begin}\n\n${kinds()}\n\n${text.slice(to)}`;
}

function kinds(): string {
  const merchant: DeployedMerchant = { ...checkMerchant({ ...artCafe, messages: {} }, 'the document'), version: '' };
  const common = new Set(namesFor('member.updated'));
  const rows = [...MESSAGE_KINDS].sort().map((kind) => {
    const optional = optionalNamesFor(kind);
    const names = namesFor(kind).filter((name) => !common.has(name));
    const shown = names.map((name) => (optional.includes(name) ? `\`${name}\` ?` : `\`${name}\``));
    const example = compose([exampleOf(kind, merchant)], { profile: { name: 'Ada' } }, merchant, {
      channel: 'sms',
      overrides: {},
    });
    return `| \`${kind}\` | ${example?.text ?? ''} | ${shown.join(', ')} |`;
  });
  return ['| Event | Says | Names |', '| --- | --- | --- |', ...rows].join('\n');
}
