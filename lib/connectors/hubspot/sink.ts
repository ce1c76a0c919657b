import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { LoyaltyEvent } from '../../loyalty/events.ts';
import type { Context, MemberCopy, Receipt, RoleOf, SinkEvent, Verdict } from '../contract.ts';
import { Permanent, Transient } from '../kit/errors.ts';
import { type Call, NotThere } from '../kit/json-api.ts';
import { read, shape } from '../kit/read.ts';
import { CONTACTS, EVENTS, failureOf, openHubSpot, Refusal, Refused, readAll } from './api.ts';
import { emailOf, keyOf, noStanding, type Properties, profileProperties, standingProperties } from './contact.ts';
import type manifest from './manifest.ts';

type Settings = Context<typeof manifest>['settings'];

/**
 * Keeps a member's standing at the contact, as things are now, and tells what happened as custom events where the
 * merchant has them. A contact is found by the member's id, then by e-mail, and made when there is none.
 */
export const sink: RoleOf<typeof manifest, 'sink'> = {
  async apply(told, context) {
    const { settings } = context;
    const call = openHubSpot(context);
    const leaving = new Map<string, LoyaltyEvent>();
    // However they come, who was erased is not only unlinked.
    for (const { event } of told.filter(isLeaving))
      if (leaving.get(event.memberId)?.type !== 'member.erased') leaving.set(event.memberId, event);
    const staying = new Map<string, Told>();
    for (const { event, member } of told)
      if (member && !leaving.has(event.memberId)) staying.set(event.memberId, { event, member });

    const verdicts = await written([...staying.values()], call, settings);
    for (const event of leaving.values()) verdicts.set(event.memberId, await left(event, call, settings));

    const names: Partial<Record<LoyaltyEvent['type'], string | undefined>> = settings.events;
    const happened = told.flatMap(({ event }) => {
      const verdict = verdicts.get(event.memberId);
      const name = names[event.type];
      return name && staying.has(event.memberId) && verdict && !(verdict instanceof Error)
        ? [{ event, completion: completionOf(name, event, verdict.vendorId) }]
        : [];
    });
    const unsaid = new Map(
      (await apart(happened, (some) => say(some, call))).map(([{ event }, verdict]) => [event.id, verdict]),
    );
    return told.map(({ event: { id, memberId } }) => {
      const unheard = unsaid.get(id);
      if (unheard instanceof Error) return unheard;
      // Who is not known any more has no copy: it went with the event that says so.
      return verdicts.get(memberId) ?? { vendorId: memberId };
    });
  },
};

interface Told {
  readonly event: LoyaltyEvent;
  readonly member: MemberCopy;
}

/** What is late about an account that was merged would make a second contact of somebody, or take the first. */
const isLeaving = ({ event, member }: SinkEvent): boolean =>
  event.type === 'member.erased' || event.type === 'member.merged' || member?.mergedInto !== undefined;

/** By member. */
async function written(told: readonly Told[], call: Call, settings: Settings): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  if (told.length === 0) return verdicts;
  const known = await knownOf(
    told.map(({ event }) => event.memberId),
    call,
    settings,
  );
  const inputs: Input[] = [];
  for (const { event, member } of told) {
    const { memberId } = event;
    const standing = member.standing ? standingProperties(settings, member.standing) : {};
    const input = { id: memberId, idProperty: keyOf(settings), objectWriteTraceId: event.entryId };
    if (known.has(memberId)) {
      inputs.push({ ...input, properties: standing });
      continue;
    }
    const linked = await alone(() => link(emailOf(member), { ...standing, [keyOf(settings)]: memberId }, call));
    if (linked) verdicts.set(memberId, linked);
    else inputs.push({ ...input, properties: { ...profileProperties(member), ...standing } });
  }
  for (const [{ id }, verdict] of await apart(inputs, (some) => upsert(some, call))) verdicts.set(id, verdict);
  return verdicts;
}

const Known = z.array(z.object({ properties: z.looseObject({}) }));

/** Those that have a contact which is marked as theirs. */
async function knownOf(memberIds: readonly string[], call: Call, settings: Settings): Promise<ReadonlySet<string>> {
  const key = keyOf(settings);
  const inputs = memberIds.map((id) => ({ id }));
  const found = await readAll(
    CONTACTS,
    { idProperty: key, inputs, properties: [key], propertiesWithHistory: [] },
    call,
  );
  return new Set(shape(Known, found).map(({ properties }) => String(properties[key])));
}

const Contact = z.object({ id: z.string().min(1) });

/** The contact that the merchant's staff or forms have made: it becomes the member's. `undefined`: there is none. */
async function link(email: string | undefined, properties: Properties, call: Call): Promise<Receipt | undefined> {
  if (email === undefined) return undefined;
  try {
    const path = `${CONTACTS}/${encodeURIComponent(email)}?idProperty=email`;
    return { vendorId: read(Contact, await call('PATCH', path, { properties })).id };
  } catch (error) {
    if (error instanceof NotThere) return undefined;
    throw error;
  }
}

interface Input {
  readonly id: string;
  readonly idProperty: string;
  readonly objectWriteTraceId: string;
  readonly properties: Properties;
}

const Texts = z.array(z.string()).optional().catch(undefined);
const Upserted = z.object({
  results: z.array(
    z.object({
      id: z.string().min(1),
      objectWriteTraceId: z.string().optional(),
      properties: z.looseObject({}),
    }),
  ),
  errors: z
    .array(Refusal.extend({ context: z.object({ objectWriteTraceId: Texts, id: Texts, ids: Texts }).optional() }))
    .default([]),
});

/** A success says in its `errors` which of them were none. */
async function upsert(inputs: readonly Input[], call: Call): Promise<Verdict[]> {
  const { results, errors } = read(Upserted, await call('POST', `${CONTACTS}/batch/upsert`, { inputs }));
  // One that names nobody may be about any of those that are not among the results.
  const nameless = errors.find(({ context = {} }) => Object.values(context).every((names) => !names?.length));
  return inputs.map(({ id, idProperty, objectWriteTraceId: trace }) => {
    const result = results.find((one) => one.objectWriteTraceId === trace || one.properties[idProperty] === id);
    if (result) return { vendorId: result.id };
    const error = errors.find(
      ({ context }) =>
        context?.objectWriteTraceId?.includes(trace) || [...(context?.id ?? []), ...(context?.ids ?? [])].includes(id),
    );
    if (error ?? nameless) return failureOf(error ?? (nameless as Refusal));
    return new Transient('HubSpot does not say what became of it');
  });
}

/** Deleted for good, or no member's any more. Nothing there: nothing is left to do. */
async function left(event: LoyaltyEvent, call: Call, settings: Settings): Promise<Verdict> {
  const { memberId, type } = event;
  const key = keyOf(settings);
  const verdict = await alone(async () => {
    try {
      if (type === 'member.erased' && settings.onErasure === 'delete')
        await call('POST', `${CONTACTS}/gdpr-delete`, { objectId: memberId, idProperty: key });
      else
        await call('PATCH', `${CONTACTS}/${encodeURIComponent(memberId)}?idProperty=${key}`, {
          properties: { ...noStanding(settings), [key]: '' },
        });
    } catch (error) {
      if (!(error instanceof NotThere)) throw error;
    }
    return undefined;
  });
  return verdict ?? { vendorId: memberId };
}

interface Completion {
  readonly eventName: string;
  readonly objectId: string;
  readonly uuid: string;
  readonly occurredAt: string;
  readonly properties: Properties;
}

function completionOf(eventName: string, event: LoyaltyEvent, objectId: string): Completion {
  const { balance, tier, data } = event;
  const properties = Object.entries({ ...data, balance: balance.available, tier }).map(
    ([name, value]): [string, string] => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      String(value),
    ],
  );
  return {
    eventName,
    objectId,
    uuid: uuidOf(event.id),
    occurredAt: event.occurredAt,
    properties: Object.fromEntries(properties),
  };
}

/** Always the same for one event: HubSpot knows a repetition by it. In the form of RFC 9562, version 8. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

async function say(some: readonly { readonly completion: Completion }[], call: Call): Promise<Verdict[]> {
  await call('POST', EVENTS, { inputs: some.map(({ completion }) => completion) });
  return some.map(({ completion }) => ({ vendorId: completion.uuid }));
}

/** One that is refused has all refused that came with it: they are asked in halves, until it stands alone. */
async function apart<Item>(
  items: readonly Item[],
  ask: (some: readonly Item[]) => Promise<readonly Verdict[]>,
): Promise<[Item, Verdict][]> {
  if (items.length === 0) return [];
  try {
    const verdicts = await ask(items);
    return items.map((item, index) => [item, verdicts[index] as Verdict]);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (items.length === 1) return items.map((item) => [item, error]);
    const half = Math.ceil(items.length / 2);
    return [...(await apart(items.slice(0, half), ask)), ...(await apart(items.slice(half), ask))];
  }
}

/** What can never work for one keeps nobody from the others; what may work later does so for all. */
async function alone<Result>(act: () => Promise<Result>): Promise<Result | Permanent> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Permanent) return error;
    throw error;
  }
}
