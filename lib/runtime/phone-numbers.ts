import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min';

/**
 * Reads a phone number as people write it into E.164. The country counts only where the number does not say its own.
 * Possible is enough: number plans grow faster than libraries are updated.
 */
export function phoneIn(country: string | undefined): (text: string) => string | undefined {
  const home = country && isSupportedCountry(country) ? (country as CountryCode) : undefined;
  return (text) => {
    const number = parsePhoneNumberFromString(text, home);
    return number?.isPossible() && !number.ext ? number.number : undefined;
  };
}
