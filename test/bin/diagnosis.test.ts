import { describe, expect, it } from '@jest/globals';
import { diagnose, type Symptoms } from '../../bin/diagnosis.ts';

const well: Symptoms = {
  manifest: { title: 'Bell', roles: ['source', 'sink'], subscribes: true },
  secret: 'filled',
  vendor: { kind: 'accepted', words: 'the tower of St. Mary' },
  signs: { heardAt: '2026-03-01T09:00:00Z', subscribedAt: '2026-03-01T03:10:00Z', differences: [] },
  breaker: undefined,
  backlogs: [{ work: 'bell-outbound', waiting: 0, parked: 0 }],
  now: new Date('2026-03-01T10:00:00Z'),
};
const about = (symptoms: Partial<Symptoms>) => diagnose({ ...well, ...symptoms });

describe('a connector', () => {
  it('that is well is well in all', () => {
    expect(about({})).toEqual([
      { grade: 'well', what: 'secret', words: 'filled' },
      { grade: 'well', what: 'credentials', words: 'accepted: the tower of St. Mary' },
      { grade: 'well', what: 'webhooks', words: 'as they should be (seen 2026-03-01T03:10:00Z)' },
      { grade: 'well', what: 'last heard', words: '2026-03-01T09:00:00Z' },
      { grade: 'well', what: 'bell-outbound', words: 'nothing parked' },
    ]);
  });

  it.each<[string, Partial<Symptoms>, string, string]>([
    ['without a secret', { secret: 'unset', vendor: undefined }, 'bad', 'secret'],
    ['whose secret lacks something', { secret: { faults: 'apiKey: too short' } }, 'bad', 'secret'],
    [
      'whose credentials are refused',
      { vendor: { kind: 'refused', words: 'Bell answered 401' } },
      'bad',
      'credentials',
    ],
    ['that cannot be asked now', { vendor: { kind: 'unclear', words: 'Bell answered 503' } }, 'odd', 'credentials'],
    ['that was never asked to send', { signs: { heardAt: '2026-03-01T09:00:00Z' } }, 'odd', 'webhooks'],
    ['that sends not all it should', { signs: { subscribedAt: 'x', differences: ['no refunds'] } }, 'bad', 'webhooks'],
    ['that was never heard', { signs: { subscribedAt: 'x' } }, 'odd', 'last heard'],
    ['that was not heard for long', { signs: { ...well.signs, heardAt: '2026-02-01T10:00:00Z' } }, 'odd', 'last heard'],
    ['that is down', { breaker: { failures: 9, failedAt: 2, openedAt: 1, restsUntil: 3 } }, 'bad', 'vendor'],
    ['with work parked', { backlogs: [{ work: 'bell-outbound', waiting: 3, parked: 2 }] }, 'bad', 'bell-outbound'],
    [
      'not deployed',
      { backlogs: [{ work: 'bell-outbound', waiting: 0, parked: 0, missing: true }] },
      'bad',
      'bell-outbound',
    ],
  ])('%s is seen', (_, symptoms, grade, what) => {
    expect(about(symptoms).filter((finding) => finding.grade !== 'well')).toContainEqual(
      expect.objectContaining({ grade, what }),
    );
  });

  it('that has failed now and then is not down', () => {
    expect(about({ breaker: { failures: 3, failedAt: 2 } }).filter(({ grade }) => grade !== 'well')).toEqual([]);
  });

  it('that only is told something need not be heard', () => {
    const findings = about({ manifest: { title: 'Bell', roles: ['sink'] }, signs: {} });
    expect(findings.map(({ what }) => what)).toEqual(['secret', 'credentials', 'bell-outbound']);
  });
});
