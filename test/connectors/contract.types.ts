import * as z from 'zod';
import {
  type Connector,
  defineConnector,
  defineManifest,
  type OAuth,
  type RoleOf,
} from '../../lib/connectors/contract.ts';
import type { connectors } from '../../lib/connectors/index.ts';
import { read } from '../../lib/connectors/kit/read.ts';
import { type RawRequest, type Verified, verifySecret } from '../../lib/connectors/kit/webhook.ts';
import type { manifests } from '../../lib/connectors/manifests.ts';
import { use } from '../../merchants/merchant.ts';
import type { Fixture } from './fixture.ts';

/** What must not compile. `tsc` reads this file; nobody runs it. A half-made connector is an error here, not a surprise later. */

const base = {
  id: 'bell',
  title: 'Bell',
  apiVersion: '1',
  settings: z.strictObject({ tower: z.string() }),
  secret: z.object({ key: z.string() }),
  limits: { concurrency: 2, timeoutSeconds: 5, batch: 1 },
} as const;
const manifest = defineManifest({ ...base, roles: ['source', 'alert'] });
const oauth = {
  tokenUrl: 'https://bell.example/token',
  grant: 'client_credentials',
  clientAuth: 'basic',
} as const satisfies OAuth;
const withTokens = defineManifest({ ...base, roles: ['alert'], oauth });

const source: RoleOf<typeof manifest, 'source'> = {
  verify: (request, { secret }) => verifySecret(request, request.headers['x-key'], [secret.key]),
  translate: (request) => read(z.array(z.never()), request.body),
};
const alert: RoleOf<typeof manifest, 'alert'> = { raise: async ({ id }) => ({ vendorId: id }) };

export const whole: Connector<typeof manifest> = defineConnector(manifest, { source, alert });

// @ts-expect-error a declared role without code
defineConnector(manifest, { source });

// @ts-expect-error code for a role that is not declared
defineConnector(manifest, { source, alert, channel: { send: async () => ({ vendorId: '1' }) } });

// @ts-expect-error no role
defineManifest({ ...base, roles: [] });

// @ts-expect-error a misspelt role
defineManifest({ ...base, roles: ['sauce'] });

// @ts-expect-error a role of another connector's
export const stranger: RoleOf<typeof manifest, 'sink'> = {};

// @ts-expect-error a source that does not translate
export const half: RoleOf<typeof manifest, 'source'> = { verify: source.verify };

export function unproven(request: RawRequest, context: Parameters<typeof source.translate>[1]) {
  // @ts-expect-error nobody has proven who sent it
  return source.translate(request, context);
}

// @ts-expect-error a proof cannot be written by hand
export const forged: Verified = { method: 'POST', url: 'https://x.example', headers: {}, body: Buffer.alloc(0) };

export const calls: RoleOf<typeof manifest, 'alert'> = {
  async raise(_, { accessToken }) {
    // @ts-expect-error no oauth is declared, so there is no token to be had
    return { vendorId: await accessToken() };
  },
};

export const mayCall: RoleOf<typeof withTokens, 'alert'> = {
  raise: async (_, { accessToken }) => ({ vendorId: await accessToken() }),
};

export const misspelt: RoleOf<typeof manifest, 'alert'> = {
  // @ts-expect-error the setting is called tower
  raise: async (_, { settings }) => ({ vendorId: settings.towre }),
};

const { secret: _secret, ...withoutSecret } = base;
// @ts-expect-error a manifest has to say what is secret, be it nothing
defineManifest({ ...withoutSecret, roles: ['alert'] });

// @ts-expect-error a receipt without the vendor's name for it
export const mute: RoleOf<typeof manifest, 'alert'> = { raise: async () => ({}) };

const { slack: _code, ...lessCode } = {} as typeof connectors;
// @ts-expect-error a manifest in the catalogue without code
export const forgottenCode: typeof connectors = lessCode;

export const forgottenManifest: typeof connectors = {
  ...({} as typeof connectors),
  // @ts-expect-error code in the catalogue without a manifest
  bell: async () => ({ default: whole }),
};

// @ts-expect-error another connector's code under this name
export const swapped: (typeof connectors)['slack'] = ({} as typeof connectors).stripe;

// @ts-expect-error a fixture without a sample of its role
export const untested: Fixture<(typeof manifests)['slack']> = {
  settings: {},
  secret: { webhookUrl: 'https://hooks.slack.com/services/x' },
};

// @ts-expect-error a connector that is not there
use('bell', {});

// @ts-expect-error a misspelt setting in a merchant's file
use('shopify', { shopp: 'x.myshopify.com' });

// @ts-expect-error an event that nobody tells
use('slack', {}, ['points.lost']);
