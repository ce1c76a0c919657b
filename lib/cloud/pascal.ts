/** As construct ids are written: `twilio-sms` → `TwilioSms`. */
export const pascal = (id: string): string =>
  id.replace(/(^|-)(\w)/g, (_match, _dash, letter: string) => letter.toUpperCase());
