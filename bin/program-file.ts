import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Program } from '../lib/loyalty/program.ts';
import { checkMerchant, type Merchant } from '../merchants/merchant.ts';

/** Reads a program from a merchant's file, or from one that is the program and nothing else; checked as a synth would. */
export async function readProgram(file: string, merchant: Merchant): Promise<Program> {
  const content = await contentOf(file);
  const whole = content !== null && typeof content === 'object' && 'program' in content;
  const { program } = checkMerchant(whole ? content : { ...merchant, program: content }, file);
  if (program.currency !== merchant.program.currency)
    throw new Error(
      `${file} counts in ${program.currency}, and the journal in ${merchant.program.currency}: nothing would be earned at all`,
    );
  return program;
}

async function contentOf(file: string): Promise<unknown> {
  try {
    if (file.endsWith('.json')) return JSON.parse(readFileSync(file, 'utf8'));
    const module = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
    return module.default;
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
