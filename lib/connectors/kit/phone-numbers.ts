import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';

const E164 = /^\+[1-9]\d{6,14}$/;

/**
 * Reads numbers as people write them into E.164. The country counts only where the number does not say its own. What is
 * in that form already is not judged: number plans grow faster than libraries are updated.
 */
export const phoneIn =
  (country: string | null | undefined) =>
  (text: string): string | undefined => {
    const trimmed = text.trim();
    if (E164.test(trimmed)) return trimmed;
    if (trimmed.length > 40) return undefined;
    const home = country && isSupportedCountry(country) ? (country as CountryCode) : undefined;
    const number = parsePhoneNumberFromString(trimmed, home);
    return number?.isPossible() && !number.ext && E164.test(number.number) ? number.number : undefined;
  };
