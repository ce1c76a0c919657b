import { describe, expect, it } from '@jest/globals';
import type { Connector } from '../../lib/connectors/contract.ts';
import { connectors } from '../../lib/connectors/index.ts';
import { type ConnectorId, manifests } from '../../lib/connectors/manifests.ts';
import type { Fixture } from './fixture.ts';
import { fixtures } from './fixtures/index.ts';
import { type OpenApi, strays } from './openapi.ts';
import { callsOf, speaking } from './recording.ts';
import { type Described, vendorDocuments } from './vendor-documents.ts';
import { vendorSpec } from './vendor-specs.ts';

/** Whatever a connector asks of its vendor is what the vendor's own document describes, where there is one. */

const ids = Object.keys(manifests) as ConnectorId[];
const described = ids.flatMap((id): [ConnectorId, Described, OpenApi[]][] => {
  const entry = vendorDocuments[id];
  if (!entry || 'none' in entry) return [];
  const documents = entry.documents.flatMap((name) => {
    const document = vendorSpec<OpenApi>(name);
    return document ? [entry.completed?.[name]?.(document) ?? document] : [];
  });
  return documents.length === entry.documents.length ? [[id, entry, documents]] : [];
});
const undescribed = ids.flatMap((id) => {
  const entry = vendorDocuments[id] ?? {
    none: 'nobody has looked for one: vendor-documents.ts is to say what there is',
  };
  return 'none' in entry ? [`${id}: ${entry.none}`] : [];
});
process.stderr.write(
  `\n${'!'.repeat(20)} no vendor’s document to hold requests against; the fake vendor of its own test has to do:\n${undescribed.map((line) => `  ${line}\n`).join('')}\n`,
);

it('one connector or the other has a document', () => {
  expect(ids.length - undescribed.length).toBeGreaterThan(0);
});

// `each` takes no empty table, so without the documents there is not even a skipped suite.
if (described.length > 0)
  describe.each(described)('%s', (id, { unfolded = (call) => [call] }, documents) => {
    const calls = (async () => {
      const connector = (await connectors[id]()).default as unknown as Connector;
      return (await callsOf(connector, fixtures[id] as unknown as Fixture)).flatMap(unfolded);
    })();

    it('asks only what its vendor’s document describes', async () => {
      const all = await calls;
      // The tests would be empty: each thing that it says to its vendor takes a call at least.
      const { roles } = manifests[id];
      expect(all.length).toBeGreaterThanOrEqual(
        speaking.filter((role) => (roles as readonly string[]).includes(role)).length,
      );
      expect(all.map((call) => [call.method, call.url, strays(documents, call)])).toEqual(
        all.map(({ method, url }) => [method, url, []]),
      );
    });

    it('would be found out: by a wrong method, a path that there is not, a parameter that nobody knows', async () => {
      for (const call of await calls) {
        const url = new URL(call.url);
        for (const wrong of [
          { ...call, method: 'TRACE' },
          { ...call, url: `${url.origin}/misspelt${url.pathname}${url.search}` },
          { ...call, url: `${call.url}${url.search ? '&' : '?'}misspelt=1` },
        ])
          expect([call.method, call.url, strays(documents, wrong).length > 0]).toEqual([call.method, call.url, true]);
      }
    });
  });
