import { describe, expect, it } from '@jest/globals';
import { compilePattern } from '../../../lib/local/aws/pattern.ts';

const event = {
  'detail-type': 'points.earned',
  source: 'stampbook',
  detail: {
    points: 50,
    tier: 'gold',
    tags: ['new', 'vip'],
    note: null,
    member: { id: 'm1' },
    lines: [
      { sku: 'a', qty: 1 },
      { sku: 'b', qty: 2 },
    ],
    none: [],
  },
};

describe('an event matches a pattern', () => {
  it.each([
    ['an exact value', { 'detail-type': ['points.earned'] }, true],
    ['one of several', { 'detail-type': ['tier.changed', 'points.earned'] }, true],
    ['none of them', { 'detail-type': ['tier.changed'] }, false],
    ['part of a value', { 'detail-type': ['points'] }, false],
    ['two fields, of which one does not match', { source: ['stampbook'], 'detail-type': ['x'] }, false],
    ['a nested field', { detail: { member: { id: ['m1'] } } }, true],
    ['a number', { detail: { points: [50] } }, true],
    ['a number as text', { detail: { points: ['50'] } }, false],
    ['null', { detail: { note: [null] } }, true],
    ['null where there is nothing', { detail: { missing: [null] } }, false],
    ['one value of a list', { detail: { tags: ['vip'] } }, true],
    ['one object of a list, as a whole', { detail: { lines: { sku: ['b'], qty: [2] } } }, true],
    ['two objects of a list, each in part', { detail: { lines: { sku: ['a'], qty: [2] } } }, false],
    ['a prefix', { 'detail-type': [{ prefix: 'points.' }] }, true],
    ['another prefix', { 'detail-type': [{ prefix: 'tier.' }] }, false],
    ['anything but another', { detail: { tier: [{ 'anything-but': 'silver' }] } }, true],
    ['anything but this', { detail: { tier: [{ 'anything-but': ['silver', 'gold'] }] } }, false],
    ['anything but, where there is nothing', { detail: { missing: [{ 'anything-but': 'x' }] } }, false],
    ['anything but a prefix', { 'detail-type': [{ 'anything-but': { prefix: 'points.' } }] }, false],
    ['a range', { detail: { points: [{ numeric: ['>', 0, '<=', 50] }] } }, true],
    ['beyond a range', { detail: { points: [{ numeric: ['<', 50] }] } }, false],
    ['a range, of no number', { detail: { tier: [{ numeric: ['>', 0] }] } }, false],
    ['exists', { detail: { tier: [{ exists: true }] } }, true],
    ['exists, but is an object', { detail: { member: [{ exists: true }] } }, false],
    ['does not exist', { detail: { missing: [{ exists: false }] } }, true],
    ['does not exist, nor what it would be in', { detail: { missing: { at: [{ exists: false }] } } }, true],
    ['does exist', { detail: { tier: [{ exists: false }] } }, false],
    ['either does not exist or has a value', { detail: { missing: ['x', { exists: false }] } }, true],
  ])('%s', (_, pattern, expected) => {
    expect(compilePattern(pattern)(event)).toBe(expected);
  });
});

describe('what it does not know is refused', () => {
  it.each([
    ['$or', { $or: [{ source: ['a'] }] }],
    ['suffix', { source: [{ suffix: 'a' }] }],
    ['equals-ignore-case', { source: [{ 'equals-ignore-case': 'a' }] }],
    ['two operators in one', { source: [{ prefix: 'a', exists: true }] }],
    ['anything-but a suffix', { source: [{ 'anything-but': { suffix: 'a' } }] }],
    ['half a range', { source: [{ numeric: ['>'] }] }],
    ['a value that is no list', { source: 'a' }],
  ])('%s', (_, pattern) => {
    expect(() => compilePattern(pattern)).toThrow('is not known to the local cloud');
  });
  it.each([
    ['an empty pattern', {}, 'at least one field'],
    ['an empty list', { source: [] }, 'an empty list for source'],
  ])('%s', (_, pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(message);
  });
});
