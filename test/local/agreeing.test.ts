import { describe, expect, it } from '@jest/globals';
import type { Connector, Role } from '../../lib/connectors/contract.ts';
import { connectors } from '../../lib/connectors/index.ts';
import { type ConnectorId, manifests } from '../../lib/connectors/manifests.ts';
import { agreeing } from '../../lib/local/agreeing.ts';
import { createClock } from '../../lib/local/clock.ts';
import { demoSecret } from '../../lib/local/demo-secret.ts';
import bookBar from '../../merchants/book-bar.ts';
import { checkMerchant } from '../../merchants/merchant.ts';
import { contextOf } from '../connectors/fixture.ts';
import { fixtures } from '../connectors/fixtures/index.ts';
import { speaking, WAYS } from '../connectors/recording.ts';

/** What a merchant who has everything sees on `npm start`: each connector understands the vendor that agrees. */

const uses = checkMerchant(bookBar, 'book-bar.ts').connectors;
const clock = createClock();
const hookOf = (connector: string) => `http://127.0.0.1:4010/webhooks/${connector}`;

describe.each(uses)('$id', ({ id, settings, on }) => {
  const vendors = agreeing({ clock, settingsOf: () => settings, hookOf });
  const opened = (async () => {
    const connector = (await connectors[id]()).default as unknown as Connector;
    const secret = demoSecret(manifests[id].secret);
    if (!secret) throw new Error('no demo secret fits');
    const context = contextOf(
      connector,
      { settings, secret },
      { fetch: vendors[id] as typeof fetch, now: clock.now() },
    );
    return { connector, context };
  })();

  it('finds that all is well with credentials', async () => {
    const { connector, context } = await opened;
    if (connector.check) expect(await connector.check(context as never)).toEqual(expect.any(String));
  });

  it('has nothing left to set up, and nothing to make up for', async () => {
    const { connector, context } = await opened;
    const { source } = connector.roles as { source?: { subscribe?: Way; reconcile?: Way } };
    // Twice: the first time makes what is missing.
    for (const _ of [1, 2]) expect((await source?.subscribe?.(hookOf(id), context)) ?? []).toEqual([]);
    expect((await source?.reconcile?.(clock.now(), context)) ?? { facts: [] }).toMatchObject({ facts: [] });
  });

  it('is told all that it is to be told', async () => {
    const { connector, context } = await opened;
    const roles = connector.roles as unknown as Partial<Record<Role, Record<string, Way>>>;
    const samples = fixtures[id as ConnectorId] as unknown as Partial<Record<Role, Record<string, unknown>>>;
    for (const role of speaking) {
      const [method, given] = WAYS[role];
      if (on.length === 0 || !samples[role]) continue;
      const receipts = [await roles[role]?.[method]?.(samples[role][given], context)].flat();
      expect(receipts).toEqual(receipts.map(() => expect.objectContaining({ vendorId: expect.any(String) })));
    }
  });
});

type Way = (...given: unknown[]) => Promise<unknown>;
