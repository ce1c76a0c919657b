import { waysThrough } from '../lib/connectors/channels.ts';
import type { Channel } from '../lib/loyalty/facts.ts';
import { MESSAGE_KINDS, type Messages, type Words } from '../lib/loyalty/message-words.ts';
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
import { ORIGINS, type Wording, wordsFrom } from '../lib/runtime/messages/choice.ts';
import { PREVIEWED, rehearsal, wordFaults } from '../lib/runtime/messages/faults.ts';
import { namesFor, optionalNamesFor } from '../lib/runtime/messages/values.ts';
import { type Composed, compose } from '../lib/runtime/messages.ts';
import { openPlanQueue } from '../lib/runtime/plan-work.ts';
import { type Answer, problem } from '../lib/runtime/problem.ts';
import { members } from '../lib/runtime/shop.ts';
import { sqs } from '../lib/runtime/sqs.ts';

type Kind = (typeof MESSAGE_KINDS)[number];

const texts = openMessageTexts({ client: dynamodb, table: setting('TABLE_PROGRAM') });

/** What members are told, in which words; staff may change them while everything runs. */
export const handler = api(
  endpoint(listMessages, async () => {
    const written = await texts.list();
    const wording = { merchant: merchant(), overrides: overridesOf(written) };
    const messages = MESSAGE_KINDS.flatMap((kind) =>
      [...localesOf(kind, wording)].flatMap((locale) => {
        const from = ORIGINS.find((origin) => wordsFrom(origin, wording, kind, locale));
        const writtenAt = written.find((one) => one.kind === kind && one.locale === locale)?.at;
        return from ? [{ kind, locale, from, writtenAt }] : [];
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
    const errors = wordFaults(kind, locale, words ?? {}, merchant());
    if (errors.length > 0) return problem(400, 'invalid-request', { errors });
    const channels = await Promise.all(
      PREVIEWED.map(async (channel) => {
        const made = await rehearsed(kind, locale, words, channel);
        return made ? [previewOf(channel, made)] : [];
      }),
    );
    const body: PreviewAnswer = { kind, channels: channels.flat() };
    return { status: 200, body };
  }),

  endpoint(testMessage, async ({ kind, locale, words, member, connector, testId }, { keyId }) => {
    const channel = waysThrough(merchant().connectors).find((way) => way.connector === connector)?.channel;
    const errors = [
      ...wordFaults(kind, locale, words ?? {}, merchant()),
      ...(channel
        ? []
        : [{ path: 'connector', message: 'does not write to members here: use one of the merchant’s channels' }]),
    ];
    if (errors.length > 0 || !channel) return problem(400, 'invalid-request', { errors });
    const memberId = await members().find(member);
    const reader = memberId === undefined ? undefined : await members().get(memberId);
    if (memberId === undefined || !reader) return unknownMember(member);
    const made = await rehearsed(kind, locale, words, channel, reader.profile.name);
    if (!made) return problem(409, 'refused', { because: 'says-nothing' });
    const { kind: _, values: __, ...said } = made;
    await openPlanQueue({ client: sqs, url: setting('QUEUE_PLAN_URL') }).tell([
      {
        kind: 'answer',
        id: `test:${keyId}:${testId}`,
        memberId,
        connector,
        ...said,
        purpose: 'transactional',
      },
    ]);
    const body: TestSendAnswer = { testId, memberId, connector, text: made.text };
    return { status: 202, body };
  }),
);

/** What is in force for it, put together of all who have words for it. */
async function said(kind: Kind, locale: string): Promise<MessageAnswer | undefined> {
  const row = await texts.get(kind, locale);
  const wording = { merchant: merchant(), overrides: overridesOf(row ? [row] : []) };
  const layers = ORIGINS.flatMap((origin) => {
    const words = wordsFrom(origin, wording, kind, locale);
    return words ? [{ origin, words }] : [];
  });
  const [first] = layers;
  if (!first) return undefined;
  return {
    kind,
    locale,
    from: first.origin,
    words: Object.assign({}, ...layers.map(({ words }) => words).reverse()) as Words,
    variables: namesFor(kind),
    optional: optionalNamesFor(kind),
    writtenAt: row?.at,
  };
}

const answered = (message: MessageAnswer | undefined): Answer =>
  message
    ? { status: 200, body: message }
    : problem(404, 'unknown-message', {
        detail: 'nothing is written for it in this locale: GET /v1/messages lists what is',
      });

/** As it would be made of something of that kind, with these words where there are any. */
async function rehearsed(
  kind: Kind,
  locale: string,
  words: Words | undefined,
  channel: Channel,
  name?: string,
): Promise<Composed | undefined> {
  const current = await texts.current();
  const overrides: Messages = words ? { ...current, [kind]: { ...current[kind], [locale]: words } } : current;
  const { event, member } = rehearsal(kind, locale, merchant());
  const reader = { profile: { ...member.profile, ...(name !== undefined && { name }) } };
  return compose([event], reader, merchant(), { channel, overrides });
}

const overridesOf = (rows: readonly { kind: string; locale: string; words: Words }[]): Messages => {
  const overrides: Record<string, Record<string, Words>> = {};
  for (const { kind, locale, words } of rows) overrides[kind] = { ...overrides[kind], [locale]: words };
  return overrides;
};

/** In which something is or may be written: the merchant's own languages first. */
const localesOf = (kind: Kind, { merchant: { locales, messages }, overrides }: Wording): ReadonlySet<string> =>
  new Set([...locales, ...Object.keys(messages[kind] ?? {}), ...Object.keys(overrides[kind] ?? {})]);
