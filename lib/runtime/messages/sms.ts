/** What a text costs as SMS: segments of 160 letters in GSM's alphabet of seven bits, or of 70 in UCS-2. */
export interface SmsCost {
  readonly encoding: 'GSM-7' | 'UCS-2';
  /** In the units that the encoding counts: some letters take two. */
  readonly units: number;
  readonly segments: number;
}

/** 3GPP TS 23.038, the default alphabet and its first extension, whose letters take an escape before them. */
const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const EXTENDED = new Set('\f^{}\\[~]|€');

/** Of more than one segment each gives room to a header that says which it is. */
const ROOM = { 'GSM-7': { alone: 160, joined: 153 }, 'UCS-2': { alone: 70, joined: 67 } } as const;

export function smsCost(text: string): SmsCost {
  const letters = [...text];
  const encoding = letters.every(isGsm) ? 'GSM-7' : 'UCS-2';
  const sizes = letters.map((letter) => (encoding === 'UCS-2' ? letter.length : EXTENDED.has(letter) ? 2 : 1));
  const units = sizes.reduce((sum, size) => sum + size, 0);
  const { alone, joined } = ROOM[encoding];
  if (units <= alone) return { encoding, units, segments: 1 };
  let segments = 1;
  let room: number = joined;
  for (const size of sizes) {
    // A letter of two units is not torn apart: it begins the next segment.
    if (size > room) {
      segments += 1;
      room = joined;
    }
    room -= size;
  }
  return { encoding, units, segments };
}

const isGsm = (letter: string): boolean => BASIC.has(letter) || EXTENDED.has(letter);

/** What typesetters and `Intl` write and nobody misses: one of them makes a text of 160 letters three segments of 67. */
const PLAIN: Readonly<Record<string, string>> = {
  '\u00a0': ' ',
  '\u2009': ' ',
  '\u202f': ' ',
  '\u2018': "'",
  '\u2019': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u00ab': '"',
  '\u00bb': '"',
  '\u2010': '-',
  '\u2011': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2212': '-',
  '\u2026': '...',
  '\t': ' ',
};

/** The text with plain quotes, dashes and spaces, where that is all that kept it out of the alphabet of seven bits. */
export function plainForSms(text: string): string {
  const plain = [...text.normalize('NFC')].map((letter) => PLAIN[letter] ?? letter).join('');
  return [...plain].every(isGsm) ? plain : text;
}
