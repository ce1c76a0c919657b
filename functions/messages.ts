import { waysThrough } from '../lib/connectors/channels.ts';
import { Channel } from '../lib/loyalty/channels.ts';
import {
  isReplyKind,
  type Messages,
  SHIPPED_LANGUAGES,
  WORDED_KINDS,
  type WordedKind,
  type Words,
} from '../lib/loyalty/message-words.ts';
import {
  type MessageAnswer,
  type PreviewAnswer,
  previewOf,
  type TestSendAnswer,
} from '../lib/runtime/answers/messages.ts';
import { unknownMember } from '../lib/runtime/answers.ts';
import {
  deleteMessage,
  getMessage,
  listMessages,
  previewMessage,
  putMessage,
  testMessage,
} from '../lib/runtime/api/messages.ts';
import { merchant, setting } from '../lib/runtime/config.ts';
import { dynamodb } from '../lib/runtime/dynamodb.ts';
import { api, endpoint } from '../lib/runtime/endpoint.ts';
import { openMessageTexts } from '../lib/runtime/message-texts.ts';
import { inForce, layersOf, type Wording } from '../lib/runtime/messages/choice.ts';
import { exampleOf } from '../lib/runtime/messages/examples.ts';
import { wordFaults } from '../lib/runtime/messages/faults.ts';
import { rehearsedReply } from '../lib/runtime/messages/replies.ts';
import { sceneOf } from '../lib/runtime/messages/scenes.ts';
import { compose, type Said } from '../lib/runtime/messages.ts';
import { openPlanQueue } from '../lib/runtime/plan-work.ts';
import { type Answer, problem } from '../lib/runtime/problem.ts';
import { members } from '../lib/runtime/shop.ts';
import { sqs } from '../lib/runtime/sqs.ts';

const texts = openMessageTexts({ client: dynamodb, table: setting('TABLE_PROGRAM') });

/** What members are told, in which words; staff may change them while everything runs. */
export const handler = api(
  endpoint(listMessages, async () => {
    const written = await texts.list();
    const wording = { merchant: merchant(), overrides: overridesOf(written) };
    const messages = WORDED_KINDS.flatMap((kind) =>
      [...localesOf(kind, wording)].flatMap((locale) => {
        const [first] = layersOf(wording, kind, locale);
        const writtenAt = written.find((one) => one.kind === kind && one.locale === locale)?.at;
        return first ? [{ kind, locale, from: first.origin, writtenAt }] : [];
      }),
    );
    return { status: 200, body: { messages } };
  }),

  endpoint(getMessage, async ({ kind, locale }) => answered(await said(kind, locale))),

  endpoint(putMessage, async ({ kind, locale, ...given }, { keyId }) => {
    const words = given as Words;
    const errors = wordFaults(kind, locale, words, merchant());
    if (errors.length > 0) return problem(400, 'invalid-request', { errors });
    await texts.put({ kind, locale, words, at: new Date().toISOString(), keyId });
    return answered(await said(kind, locale));
  }),

  endpoint(deleteMessage, async ({ kind, locale }) => {
    await texts.remove(kind, locale);
    // What is said instead, which may be nothing.
    return { status: 200, body: { kind, locale, instead: await said(kind, locale) } };
  }),

  endpoint(previewMessage, async ({ kind, locale, words }) => {
    const errors = await faultsToday(kind, locale, words);
    if (errors.length > 0) return problem(400, 'invalid-request', { errors });
    const channels = await Promise.all(
      channelsFor(kind).map(async (channel) => {
        const made = await rehearsed(kind, locale, words, channel);
        return made ? [previewOf(channel, made)] : [];
      }),
    );
    const body: PreviewAnswer = { kind, channels: channels.flat() };
    return { status: 200, body };
  }),

  endpoint(testMessage, async ({ kind, locale, words, member, connector, testId }, { keyId }) => {
    const way = waysThrough(merchant().connectors).find((one) => one.connector === connector);
    const channel = channelsFor(kind).find((one) => one === way?.channel);
    const errors = [
      ...(await faultsToday(kind, locale, words)),
      ...(channel ? [] : [{ path: 'connector', message: way ? NO_ANSWERS : NO_CHANNEL }]),
    ];
    if (errors.length > 0 || !channel) return problem(400, 'invalid-request', { errors });
    const memberId = await members().find(member);
    const reader = memberId === undefined ? undefined : await members().get(memberId);
    if (memberId === undefined || !reader) return unknownMember(member);
    const made = await rehearsed(kind, locale, words, channel, reader.profile.name ?? '');
    if (!made) return problem(409, 'refused', { because: 'says-nothing' });
    await openPlanQueue({ client: sqs, url: setting('QUEUE_PLAN_URL') }).tell([
      {
        kind: 'answer',
        id: `test:${keyId}:${testId}`,
        memberId,
        connector,
        ...made,
        purpose: 'transactional',
      },
    ]);
    const body: TestSendAnswer = { testId, memberId, connector, text: made.text };
    return { status: 202, body };
  }),
);

/** Of these words, or of those in force: what was right when it was saved need not be so after a change of the program. */
async function faultsToday(kind: WordedKind, locale: string, words: Words | undefined) {
  if (words) return wordFaults(kind, locale, words, merchant());
  const layers = layersOf({ merchant: merchant(), overrides: await texts.current() }, kind, locale);
  return wordFaults(kind, locale, inForce(layers), merchant());
}

const NO_CHANNEL = 'does not write to members here: use one of the merchant’s channels';
const NO_ANSWERS = 'takes no answers of a few words: use another of the merchant’s channels';

/** On which it is said. */
const channelsFor = (kind: WordedKind): readonly Channel[] =>
  isReplyKind(kind) ? Channel.options.filter((channel) => channel !== 'email') : Channel.options;

/** What is in force for it, put together of all who have words for it. */
async function said(kind: WordedKind, locale: string): Promise<MessageAnswer | undefined> {
  const written = await texts.list();
  const layers = layersOf({ merchant: merchant(), overrides: overridesOf(written) }, kind, locale);
  const [first] = layers;
  if (!first) return undefined;
  const { names, optional } = sceneOf(kind, merchant());
  return {
    kind,
    locale,
    from: first.origin,
    words: inForce(layers),
    variables: names,
    optional,
    writtenAt: written.find((one) => one.kind === kind && one.locale === locale)?.at,
  };
}

const answered = (message: MessageAnswer | undefined): Answer =>
  message
    ? { status: 200, body: message }
    : problem(404, 'unknown-message', {
        detail: 'nothing is written for it in this locale: GET /v1/messages lists what is',
      });

/** Somebody whom there is only in previews. */
const SOMEBODY = 'Ada';

/** As it would be made of something of that kind, with these words where there are any. */
async function rehearsed(
  kind: WordedKind,
  locale: string,
  words: Words | undefined,
  channel: Channel,
  name = SOMEBODY,
): Promise<Said | undefined> {
  const current = await texts.current();
  const overrides: Messages = words ? { ...current, [kind]: { ...current[kind], [locale]: words } } : current;
  const how = { channel, overrides };
  if (isReplyKind(kind)) return rehearsedReply(kind, { name, locale }, merchant(), how);
  const made = compose([exampleOf(kind, merchant())], { profile: { name, locale } }, merchant(), how);
  if (!made) return undefined;
  const { kind: _, values: __, ...said } = made;
  return said;
}

const overridesOf = (rows: readonly { kind: string; locale: string; words: Words }[]): Messages => {
  const overrides: Record<string, Record<string, Words>> = {};
  for (const { kind, locale, words } of rows) overrides[kind] = { ...overrides[kind], [locale]: words };
  return overrides;
};

/** In which something is or may be written: the merchant's own languages first. */
const localesOf = (kind: WordedKind, { merchant: { locales, messages }, overrides }: Wording): ReadonlySet<string> =>
  new Set([
    ...locales,
    // Whoever writes to us is answered in any language of ours.
    ...(isReplyKind(kind) ? SHIPPED_LANGUAGES : []),
    ...Object.keys(messages[kind] ?? {}),
    ...Object.keys(overrides[kind] ?? {}),
  ]);
