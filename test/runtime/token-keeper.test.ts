import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OAuth } from '../../lib/connectors/contract.ts';
import { Transient, Unauthorized } from '../../lib/connectors/kit/errors.ts';
import { openTokenKeeper, type Secret } from '../../lib/runtime/token-keeper.ts';
import { MemoryClient } from '../ledger/memory-client.ts';

const oauth: OAuth = {
  tokenUrl: 'https://bell.example/token',
  grant: 'refresh_token',
  clientAuth: 'basic',
  rotatesRefreshToken: true,
};
const secret = { clientId: 'id', clientSecret: 'password', refreshToken: 'refresh-0' };
const LIFE_SECONDS = 3_600;

/** A vendor that takes each refresh token once, and only the newest. */
function openVendor() {
  let newest = 'refresh-0';
  const vendor = {
    grants: 0,
    trouble: undefined as Error | undefined,
    async grant({ refreshToken: own }: Secret, refreshToken: string | undefined) {
      await Promise.resolve();
      if (vendor.trouble) throw vendor.trouble;
      if ((refreshToken ?? own) !== newest) throw new Unauthorized('Bell gave no token: 400 invalid_grant');
      vendor.grants += 1;
      newest = `refresh-${vendor.grants}`;
      return { accessToken: `access-${vendor.grants}`, lifeSeconds: LIFE_SECONDS, refreshToken: newest };
    },
  };
  return vendor;
}

let client: MemoryClient;
let vendor: ReturnType<typeof openVendor>;
let now: number;
beforeEach(() => {
  client = new MemoryClient();
  vendor = openVendor();
  now = Date.parse('2026-03-01T10:00:00Z');
});

/** Each is a process of its own. */
const keeper = (grant = vendor.grant) =>
  openTokenKeeper({
    client: client.asClient(),
    table: 'program',
    connector: 'bell',
    oauth,
    grant,
    leaseMs: 15_000,
    now: () => now,
    pause: async () => undefined,
  });

describe('a token', () => {
  it('is got once, and shared by all functions', async () => {
    expect(await keeper().token(secret)).toBe('access-1');
    expect(await keeper().token(secret)).toBe('access-1');
  });

  it('is got once by however many want one at the same time', async () => {
    const keepers = Array.from({ length: 20 }, () => keeper());
    const tokens = await Promise.all([...keepers, ...keepers].map((one) => one.token(secret)));
    expect(new Set(tokens)).toEqual(new Set(['access-1']));
    now += LIFE_SECONDS * 1_000;
    expect(new Set(await Promise.all(keepers.map((one) => one.token(secret))))).toEqual(new Set(['access-2']));
    expect(vendor.grants).toBe(2);
  });

  it('comes with where the vendor said to go with it, for those, too, that did not ask', async () => {
    const base = 'https://b.bell.example';
    const asking = async (...args: Parameters<typeof vendor.grant>) => ({ ...(await vendor.grant(...args)), base });
    expect([await keeper(asking).base(secret), await keeper().base(secret)]).toEqual([base, base]);
    expect(vendor.grants).toBe(1);
    now += LIFE_SECONDS * 1_000;
    expect(await keeper().base(secret)).toBeUndefined();
  });

  it('is another one when the secret gets another way to ask', async () => {
    const ways = [{ ...oauth, grant: 'jwt_bearer', issuer: 'clientId', audience: 'x' }, oauth] as const;
    const asked: Secret[] = [];
    const one = openTokenKeeper({
      client: client.asClient(),
      table: 'program',
      connector: 'bell',
      oauth: ways as never,
      grant: async (given) => ({ accessToken: `access-${asked.push(given)}`, lifeSeconds: LIFE_SECONDS }),
      leaseMs: 15_000,
      now: () => now,
    });
    expect(await one.token(secret)).toBe('access-1');
    expect(await one.token({ ...secret, privateKey: 'k' })).toBe('access-2');
    expect(await one.token(secret)).toBe('access-1');
  });

  it('is replaced five minutes before its end, each time with the refresh token that came last', async () => {
    const one = keeper();
    const seen: string[] = [];
    for (const minutes of [0, 54, 56, 109, 112]) {
      now = Date.parse('2026-03-01T10:00:00Z') + minutes * 60_000;
      seen.push(await one.token(secret));
    }
    expect(seen).toEqual(['access-1', 'access-1', 'access-2', 'access-2', 'access-3']);
  });

  it('stands in the table closed, and none of its row can be used', async () => {
    await keeper().token(secret);
    const row = JSON.stringify([...client.tables.values()].map((table) => [...table.values()].map((one) => [...one])));
    expect(row).toContain('TOKEN#bell');
    for (const word of ['access-1', 'refresh-0', 'refresh-1', 'password']) {
      expect(row).not.toContain(word);
      expect(row).not.toContain(JSON.stringify([...Buffer.from(word)]).slice(1, -1));
    }
  });

  it('is another one under another secret, which does not write over it while both are known', async () => {
    const replaced = { ...secret, refreshToken: 'new-0' };
    const renewing = async ({ refreshToken }: Secret, after: string | undefined) => ({
      accessToken: `of ${after ?? refreshToken}`,
      lifeSeconds: LIFE_SECONDS,
      refreshToken: `${after ?? refreshToken}+`,
    });
    expect(await keeper(renewing).token(replaced)).toBe('of new-0');
    expect(await keeper().token(secret)).toBe('access-1');
    now += LIFE_SECONDS * 1_000;
    expect(await keeper(renewing).token(replaced)).toBe('of new-0+');
  });

  it('descends from the newest refresh token also when the client’s own password was replaced', async () => {
    await keeper().token(secret);
    now += LIFE_SECONDS * 1_000;
    expect(await keeper().token({ ...secret, clientSecret: 'another' })).toBe('access-2');
  });
});

describe('a refresh that fails', () => {
  it('lets the next one try at once', async () => {
    vendor.trouble = new Transient('Bell answered 503');
    await expect(keeper().token(secret)).rejects.toThrow('Bell answered 503');
    vendor.trouble = undefined;
    expect(await keeper().token(secret)).toBe('access-1');
  });

  it('is taken over when whoever was at it has died, after its lease', async () => {
    const dying = openTokenKeeper({
      client: client.asClient(),
      table: 'program',
      connector: 'bell',
      oauth,
      grant: () => new Promise(() => undefined),
      leaseMs: 15_000,
      now: () => now,
    });
    void dying.token(secret);
    while (client.calls < 2) await Promise.resolve();
    let looks = 0;
    const patient = openTokenKeeper({
      client: client.restarted().asClient(),
      table: 'program',
      connector: 'bell',
      oauth,
      grant: vendor.grant,
      leaseMs: 60_000,
      now: () => now,
      pause: async () => {
        looks += 1;
        now += 1_000;
      },
    });
    expect(await patient.token(secret)).toBe('access-1');
    expect(looks).toBe(16);
  });

  it('keeps nobody waiting for ever', async () => {
    void keeper(() => new Promise(() => undefined)).token(secret);
    while (client.calls < 2) await Promise.resolve();
    const hasty = openTokenKeeper({
      client: client.asClient(),
      table: 'program',
      connector: 'bell',
      oauth,
      grant: vendor.grant,
      leaseMs: 5_000,
      now: () => now,
      pause: async () => {
        now += 1_000;
      },
    });
    await expect(hasty.token(secret)).rejects.toBeInstanceOf(Transient);
  });
});

describe('a token that was refused', () => {
  it('is dropped, and another is got once, whoever says so', async () => {
    const keepers = Array.from({ length: 5 }, () => keeper());
    await Promise.all(keepers.map((one) => one.token(secret)));
    now += 10 * 60_000;
    const again = keepers.map(async (one) => {
      expect(await one.drop(secret, 'access-1')).toBe(true);
      return one.token(secret);
    });
    expect(new Set(await Promise.all(again))).toEqual(new Set(['access-2']));
    expect(vendor.grants).toBe(2);
  });

  it('is not worth another when it is brand-new: it is no matter of age', async () => {
    const one = keeper();
    expect(await one.drop(secret, await one.token(secret))).toBe(false);
    expect(await one.token(secret)).toBe('access-1');
  });

  it('does not disturb who is getting the next one, whose refresh token would be lost', async () => {
    await keeper().token(secret);
    now += 10 * 60_000;
    const [first, second] = [keeper(), keeper()];
    await first.drop(secret, 'access-1');
    let answer: (() => void) | undefined;
    const slow = keeper(async (own, refreshToken) => {
      const granted = await vendor.grant(own, refreshToken);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return granted;
    });
    const got = slow.token(secret);
    while (!answer) await Promise.resolve();
    await second.drop(secret, 'access-1');
    answer();
    expect(await got).toBe('access-2');
    now += LIFE_SECONDS * 1_000;
    expect(await keeper().token(secret)).toBe('access-3');
  });
});
