import type { DeployedMerchant } from '../config.ts';
import { LAYOUT } from './layout.ts';
import { type Manner, rendered } from './liquid.ts';
import { phrasebookOf } from './shipped.ts';

export interface Letter {
  readonly locale: string;
  readonly subject: string;
  readonly text: string;
  readonly unsubscribeUrl?: string | undefined;
}

/** The text as it goes out: with who writes, why, and how to end it. */
export function signed({ text, unsubscribeUrl }: Letter, merchant: DeployedMerchant, manner: Manner): string {
  const { because, unsubscribe } = footOf(merchant, manner);
  const lines = [
    merchant.name,
    merchant.brand?.imprint,
    because,
    unsubscribeUrl && `${unsubscribe}: ${unsubscribeUrl}`,
  ];
  return [text, '', '-- ', ...lines.filter((line) => line)].join('\n');
}

/** The text in the layout that everybody has, under the merchant's name and colour. */
export function pageOf(
  { locale, subject, text, unsubscribeUrl }: Letter,
  merchant: DeployedMerchant,
  manner: Manner,
): string {
  const colour = merchant.brand?.colour ?? '#1f2937';
  const values = {
    ...footOf(merchant, manner),
    locale,
    subject,
    preview: [...text].slice(0, 120).join(''),
    body: paragraphsOf(text),
    merchant: merchant.name,
    colour,
    ink: inkOn(colour),
    logoUrl: merchant.brand?.logoUrl,
    imprint: merchant.brand?.imprint,
    unsubscribeUrl,
  };
  return rendered(LAYOUT, values, manner, 'html');
}

function footOf(merchant: DeployedMerchant, manner: Manner) {
  const { because, unsubscribe } = phrasebookOf(manner.locale);
  return { because: rendered(because, { program: merchant.program.name }, manner), unsubscribe };
}

const paragraphsOf = (text: string): string =>
  text
    .split(/\n{2,}/)
    .map((paragraph) => `<p style="margin:0 0 16px">${escaped(paragraph).replaceAll('\n', '<br />')}</p>`)
    .join('\n');

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => ESCAPES[letter] ?? letter);

/** White on what is dark, black on what is light: by luminance as WCAG has it, where both are read equally well at 0.179. */
function inkOn(colour: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? '#000000' : '#ffffff';
}
