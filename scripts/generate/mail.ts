import { readFileSync } from 'node:fs';
import mjml from 'mjml';

/** MJML takes no place to be filled for a colour: such as these, which no design has. */
const STAND_INS: Readonly<Record<string, string>> = { '#c0ffee': '{{ colour }}', '#facade': '{{ ink }}' };

/** The layout of e-mail, compiled: functions carry no MJML. */
export async function mailLayout(): Promise<string> {
  const source = readFileSync(new URL('../../lib/runtime/messages/layout.mjml', import.meta.url), 'utf8');
  const { html, errors } = await mjml(source, { validationLevel: 'strict', keepComments: false, fonts: {} });
  if (errors.length > 0) throw new Error(errors.map(({ formattedMessage }) => formattedMessage).join('\n'));
  const lines = Object.entries(STAND_INS)
    .reduce((page, [colour, place]) => page.replaceAll(colour, place), html)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return [
    '/** Made of layout.mjml by `npm run generate`. */',
    'export const LAYOUT = [',
    ...lines.map((line) => `  ${literal(line)},`),
    "].join('\\n');",
    '',
  ].join('\n');
}

/** As the formatter writes it: the quotes that need fewer escapes. */
const literal = (text: string): string =>
  text.includes("'") && !text.includes('"')
    ? JSON.stringify(text)
    : `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
