import { describe, expect, it } from '@jest/globals';
import { SegmentedMessage } from 'sms-segments-calculator';
import { plainForSms, smsCost } from '../../lib/runtime/messages/sms.ts';
import fc from '../fast-check.ts';

describe('an SMS costs', () => {
  it.each([
    ['nothing but a segment when it is empty', '', 'GSM-7', 0, 1],
    ['one segment up to 160 letters', 'a'.repeat(160), 'GSM-7', 160, 1],
    ['two of 153 from there on', 'a'.repeat(161), 'GSM-7', 161, 2],
    ['a third beyond both', 'a'.repeat(307), 'GSM-7', 307, 3],
    ['two units for a euro', '€'.repeat(80), 'GSM-7', 160, 1],
    ['more where a euro is not torn apart', `${'a'.repeat(152)}€${'a'.repeat(152)}`, 'GSM-7', 306, 3],
    ['one segment up to 70 of other letters', 'ê'.repeat(70), 'UCS-2', 70, 1],
    ['two of 67 from there on', 'ê'.repeat(71), 'UCS-2', 71, 2],
    ['two units for a picture', '😀'.repeat(35), 'UCS-2', 70, 1],
    ['more where a picture is not torn apart', '😀'.repeat(67), 'UCS-2', 134, 3],
  ])('%s', (_, text, encoding, units, segments) => {
    expect(smsCost(text)).toEqual({ encoding, units, segments });
  });

  it('as much as a carrier’s own counter says', () => {
    const letters = fc.constantFrom(...'abc DEFäöüßñé€[]{}|^~\\@ΔΩ\n', 'ç', 'ê', 'ł', '—', '中', '😀');
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 400 }), (some) => {
        const text = some.join('');
        const theirs = new SegmentedMessage(text);
        expect(smsCost(text)).toMatchObject({ encoding: theirs.encodingName, segments: theirs.segmentsCount });
      }),
    );
  });
});

describe('a text for SMS', () => {
  it('has plain quotes, dashes and spaces where those alone made it dear', () => {
    expect(plainForSms('“Café”\u00a0– 1\u202f290 points…')).toBe('"Café" - 1 290 points...');
  });

  it('stays as it is where other letters need the dear alphabet anyway', () => {
    expect(plainForSms('“Łódź” – 1\u202f290')).toBe('“Łódź” – 1\u202f290');
  });

  it('is never dearer than before', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(smsCost(plainForSms(text)).segments).toBeLessThanOrEqual(smsCost(text).segments);
      }),
    );
  });
});
