import { expect, it } from '@jest/globals';
import { withEmptyMaps } from '../../lib/local/pollers/image.ts';

it('an empty map of a stream’s image has its type again, at any depth, and nothing else changes', () => {
  const image = {
    change: {},
    trace: { L: [] },
    detail: { M: { from: {}, kind: { S: '' }, lines: { L: [{ L: [{ S: 'a' }, {}] }] } } },
  };
  expect(withEmptyMaps(image)).toEqual({
    change: { M: {} },
    trace: { L: [] },
    detail: { M: { from: { M: {} }, kind: { S: '' }, lines: { L: [{ L: [{ S: 'a' }, { M: {} }] }] } } },
  });
});
