import type { Connector, Role, SinkEvent } from '../../lib/connectors/contract.ts';
import type { Verified } from '../../lib/connectors/kit/webhook.ts';
import { type Answer, type Answering, contextOf, type Fixture, HOOK_URL, type SourceSample } from './fixture.ts';
import type { Call } from './openapi.ts';

/** A vendor that answers as the sample says. */
export const answering =
  (answer: Answer | Answering, headers: Readonly<Record<string, string>> = {}): typeof fetch =>
  async (input, init) => {
    const call = { url: new URL(String(input)), method: init?.method ?? 'GET', body: String(init?.body ?? '') };
    const { status, body, contentType } = typeof answer === 'function' ? answer(call) : answer;
    return new Response(status === 204 ? null : body, { status, headers: { 'content-type': contentType, ...headers } });
  };

/** Everything that is asked of a vendor, written down on the way to it. */
export function recorded(fetch: typeof globalThis.fetch) {
  const calls: Call[] = [];
  const recording: typeof globalThis.fetch = (input, init) => {
    const { url, method, headers } = new Request(input, { ...init, body: null });
    calls.push({ url, method, headers: Object.fromEntries(headers), body: String(init?.body ?? '') });
    return fetch(input, init);
  };
  return { calls, fetch: recording };
}

/** As many events as a sink takes at a time, each about somebody else; the sample's own is the last. */
export function fullBatch({ manifest }: Connector, sample: SinkEvent): SinkEvent[] {
  const others = Array.from({ length: manifest.limits.batch - 1 }, (_, at): SinkEvent => {
    const { event, member } = sample;
    const memberId = `m_full_${at}`;
    const identities = (member?.identities ?? []).map(({ type, value }) => ({ type, value: anotherOf(value, at) }));
    return {
      ...sample,
      event: { ...event, id: `${memberId}.7.${event.type}`, memberId, entryId: `${memberId}.7` },
      ...(member && { member: { ...member, identities } }),
    };
  });
  return [...others, sample];
}
const anotherOf = (value: string, at: number): string =>
  value.includes('@') ? `no${at}.${value}` : value.slice(0, -2) + String(10 + at);

/** How each role that speaks to a vendor is asked, and what about. */
export const WAYS = {
  channel: ['send', 'message'],
  sink: ['apply', 'told'],
  alert: ['raise', 'alert'],
  ticket: ['file', 'ticket'],
} as const satisfies Partial<Record<Role, unknown>>;
export const speaking = Object.keys(WAYS) as (keyof typeof WAYS)[];

type Ways = Record<string, (...given: unknown[]) => unknown>;

/** All that a connector asks of its vendor while it does each thing that its fixture has a sample of. */
export async function callsOf(connector: Connector, fixture: Fixture): Promise<Call[]> {
  const roles = connector.roles as unknown as Partial<Record<Role, Ways>>;
  const samples = fixture as unknown as Partial<Record<Role, Record<string, unknown>>>;
  const all: Call[] = [];
  const during = async (fetch: typeof globalThis.fetch, act: (context: never) => unknown, now?: Date) => {
    const { calls, fetch: recording } = recorded(fetch);
    // What becomes of it is for others to look at: here it is what was asked.
    await Promise.resolve(act(contextOf(connector, fixture, { fetch: recording, ...(now && { now }) }) as never)).catch(
      () => undefined,
    );
    all.push(...calls);
  };

  for (const role of speaking) {
    const [method, given] = WAYS[role];
    const sample = samples[role];
    if (!sample) continue;
    const fetch = answering(sample.answer as Answer | Answering);
    await during(fetch, (context) => roles[role]?.[method]?.(sample[given], context));
    if (role !== 'sink') continue;
    const [told] = sample.told as [SinkEvent];
    await during(fetch, (context) => roles.sink?.apply?.(fullBatch(connector, told), context));
  }
  const { source } = fixture as { source?: SourceSample };
  if (source) {
    const { vendor, now, deliveries, reconcile, subscribe } = source;
    if (vendor)
      for (const { body, headers } of deliveries) {
        const request = source.send(body, { ...(headers && { headers }) }) as Verified;
        await during(vendor, (context) => roles.source?.translate?.(request, context), now);
      }
    if (reconcile)
      await during(reconcile.vendor, (context) => roles.source?.reconcile?.(reconcile.since, context), now);
    for (const fetch of subscribe ? [subscribe.sending, subscribe.silent().fetch] : [])
      await during(fetch, (context) => roles.source?.subscribe?.(`${HOOK_URL}/${connector.manifest.id}`, context), now);
  }
  const refusing = answering({ status: 401, body: '{}', contentType: 'application/json' });
  if (connector.check) await during(refusing, connector.check as never);
  return all;
}
