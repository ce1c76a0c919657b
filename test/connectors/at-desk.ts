import type { Connector, Context, Manifest, Roles, SinkEvent } from '../../lib/connectors/contract.ts';
import type { Alert, Ticket } from '../../lib/loyalty/events.ts';
import { contextOf, type Fixture } from './fixture.ts';
import { told } from './fixtures/desk.ts';

/** What is done with every support desk: each with the sample of its fixture, changed as it is said. */
export function atDesk<M extends Manifest>(connector: Connector<M>, fixture: Fixture<M>, now: Date) {
  const { ticket, sink, alert } = connector.roles as unknown as Roles<Context<M>>;
  const samples = fixture as unknown as { readonly ticket: { ticket: Ticket }; readonly alert: { alert: Alert } };
  const around = (fetch: typeof globalThis.fetch, settings: object = {}, key = 'm_1.7.dispute.opened'): Context<M> => ({
    ...contextOf(connector, fixture, {
      now,
      fetch,
      settings: connector.manifest.settings.parse({ ...fixture.settings, ...settings }),
    }),
    idempotencyKey: key,
  });
  return {
    around,
    file: (fetch: typeof globalThis.fetch, change: Partial<Ticket> = {}, key?: string, settings?: object) =>
      ticket.file({ ...samples.ticket.ticket, ...change }, around(fetch, settings, key)),
    raise: (fetch: typeof globalThis.fetch, change: Partial<Alert> = {}, key?: string, settings?: object) =>
      alert.raise({ ...samples.alert.alert, ...change }, around(fetch, settings, key)),
    keep: (fetch: typeof globalThis.fetch, change: Partial<SinkEvent> = {}, settings?: object) =>
      sink.apply([{ ...told, ...change }], around(fetch, settings)),
  };
}

export const reason = (what: Promise<unknown>): Promise<unknown> =>
  what.then(
    () => 'it worked',
    (error: unknown) => error,
  );
