import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Closes up what has to lie in a table, with a key that is made of the secret it came from. Who may read the table and
 * not the secret reads nothing; and what an older secret has closed does not open any more.
 */
export function openSealing(secret: string, purpose: string) {
  const made = (what: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', `${purpose} ${what}`, bytes));
  const key = made('key', 32);
  return {
    /** Tells what one secret has closed from what another has; nothing of either can be told from it. */
    name: made('name', 12).toString('hex'),
    seal(content: object): Buffer {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const closed = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), closed]);
    },
    /** `undefined` when it was closed with another key. */
    unseal(sealed: Uint8Array): unknown {
      const bytes = Buffer.from(sealed);
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES));
        decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const open = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
        return JSON.parse(open.toString());
      } catch {
        return undefined;
      }
    },
  };
}
