import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { checked, fieldsOf, fillForm } from '../../bin/secret-form.ts';
import { manifests } from '../../lib/connectors/manifests.ts';

const schema = z.object({
  accountSid: z.string().startsWith('AC').describe('Account SID.'),
  authToken: z.string().min(8),
  keys: z.array(z.string().min(4)).min(1),
  more: z.array(z.string()).default([]),
  apiKey: z.string().optional(),
});

/** Somebody who types these lines. */
function somebody(...lines: string[]) {
  const heard: string[] = [];
  return {
    heard,
    asker: {
      say: (line: string) => void heard.push(line.trim()),
      async ask(prompt: string) {
        heard.push(prompt.trim());
        const line = lines.shift();
        if (line === undefined) throw new Error(`nothing is typed at: ${prompt}`);
        return line;
      },
    },
    left: lines,
  };
}

describe('the form of a secret', () => {
  it('asks for each field of the schema, lists until there is no more', async () => {
    const { asker, heard, left } = somebody('AC1', 'password', 'key-1', 'key-2', '', '', '');
    expect(await fillForm(schema, {}, asker)).toEqual({
      accountSid: 'AC1',
      authToken: 'password',
      keys: ['key-1', 'key-2'],
    });
    expect(left).toEqual([]);
    expect(heard).toContain('accountSid: Account SID.');
    expect(heard).toContain('apiKey (optional)');
  });

  it('keeps what is there where Enter is pressed, and takes away what may be absent', async () => {
    const present = { accountSid: 'AC1', authToken: 'password', keys: ['key-1'], more: ['a'], apiKey: 'b' };
    expect(await fillForm(schema, present, somebody('', '', '', '', '').asker)).toEqual(present);
    expect(await fillForm(schema, present, somebody('AC2', '', 'key-3', '', '-', '-').asker)).toEqual({
      accountSid: 'AC2',
      authToken: 'password',
      keys: ['key-3'],
    });
  });

  it('asks again for what is not as it should be, and never repeats what was typed', async () => {
    const { asker, heard } = somebody('SK-wrong', 'AC1', 'short', 'password', '', 'no', 'key-1', '', '', '');
    await fillForm(schema, {}, asker);
    expect(heard.join('\n')).toMatch(/must start with "AC"/);
    expect(heard).toContain('at least one is needed');
    expect(heard.join('\n')).not.toMatch(/SK-wrong|short|password|key-1/);
  });

  it('names the fields of one that was handed over whole', () => {
    const whole = { accountSid: 'AC1', authToken: 'x', keys: [] };
    expect(() => checked(schema, whole)).toThrow(/authToken: .*\n {2}keys: /);
    expect(() => checked(schema, 'text')).toThrow(/\(all of it\)/);
    expect(checked(schema, { ...whole, authToken: 'password', keys: ['key-1'] })).toMatchObject({ accountSid: 'AC1' });
  });

  it.each(Object.values(manifests).map((manifest) => [manifest.id, manifest.secret] as const))(
    'knows every field of %s: texts and lists of texts',
    (_, secret) => {
      expect(fieldsOf(secret).map(({ name }) => name)).toEqual(Object.keys(secret.shape));
      const kinds = Object.values(z.toJSONSchema(secret, { io: 'input', unrepresentable: 'any' }).properties ?? {});
      for (const kind of kinds) expect(kind).toMatchObject({ type: expect.stringMatching(/^(string|array)$/) });
    },
  );
});
