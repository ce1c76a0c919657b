import { MESSAGE_KINDS, REPLY_KINDS, type WordedKind } from '../../lib/loyalty/message-words.ts';
import type { DeployedMerchant } from '../../lib/runtime/config.ts';
import { exampleOf } from '../../lib/runtime/messages/examples.ts';
import { rehearsedReply } from '../../lib/runtime/messages/replies.ts';
import { sceneOf } from '../../lib/runtime/messages/scenes.ts';
import { compose } from '../../lib/runtime/messages.ts';
import artCafe from '../../merchants/art-cafe.ts';
import { checkMerchant } from '../../merchants/merchant.ts';

const SMS = { channel: 'sms', overrides: {} } as const;
const reader = { name: 'Ada', locale: 'en' };

const shop = (): DeployedMerchant => ({
  ...checkMerchant({ ...artCafe, messages: {} }, 'the document'),
  version: '',
});

/** The table of docs/messages.md: its text is written by hand, what stands between the marks is made. */
export function messagesDoc(text: string): string {
  const merchant = shop();
  const common = new Set(sceneOf('member.updated', merchant).names);
  const rows = [...MESSAGE_KINDS].sort().map((kind) => {
    const example = compose([exampleOf(kind, merchant)], { profile: { name: reader.name } }, merchant, SMS);
    return row(kind, example?.text ?? '', common, merchant);
  });
  return withTable(text, 'kinds', 'docs/messages.md', ['Event', ...rows]);
}

/** That of docs/replies.md. */
export function repliesDoc(text: string): string {
  const merchant = shop();
  const common = new Set(sceneOf('reply.help', merchant).names);
  const rows = REPLY_KINDS.map((kind) =>
    row(kind, rehearsedReply(kind, reader, merchant, SMS)?.text ?? '', common, merchant),
  );
  return withTable(text, 'answers', 'docs/replies.md', ['Answer', ...rows]);
}

function row(kind: WordedKind, says: string, common: ReadonlySet<string>, merchant: DeployedMerchant): string {
  const { names, optional } = sceneOf(kind, merchant);
  const own = names.filter((name) => !common.has(name));
  const shown = own.map((name) => (optional.includes(name) ? `\`${name}\` ?` : `\`${name}\``));
  return `| \`${kind}\` | ${says.replaceAll('\n', ' ')} | ${shown.join(', ')} |`;
}

function withTable(text: string, name: string, file: string, [head, ...rows]: readonly [string, ...string[]]): string {
  const [begin, end] = [`<!-- ${name}: made by npm run generate -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no place for its ${name}: put ${begin} and ${end} back`);
  const table = [`| ${head} | Says | Names |`, '| --- | --- | --- |', ...rows].join('\n');
  return `${text.slice(0, from)}${begin}\n\n${table}\n\n${text.slice(to)}`;
}
