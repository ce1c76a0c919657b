import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { Permanent } from '../../../lib/connectors/kit/errors.ts';
import { read } from '../../../lib/connectors/kit/read.ts';

describe('a body that is read', () => {
  const Body = z.object({ email: z.union([z.null(), z.string().max(320)]) });

  it('is what the schema says, and no more', () => {
    expect(read(Body, '{"email":"a@b.cc","more":1}')).toEqual({ email: 'a@b.cc' });
  });

  it.each([
    ['is no JSON', '{', 'the body is not JSON'],
    ['has another type in it', '{"email":5}', 'not the shape we know: email: invalid_union'],
    ['has a length that cannot be measured', '{"email":{"length":{"toString":1}}}', 'not the shape we know'],
  ])('cannot be used when it %s: no other error, and none of its values', (_, body, because) => {
    expect(() => read(Body, body)).toThrow(Permanent);
    expect(() => read(Body, body)).toThrow(because);
  });
});
