import restExceptionModule from 'twilio/lib/base/RestException.js';
import serviceExceptionModule from 'twilio/lib/base/TwilioServiceException.js';
import type { RoleOf } from '../contract.ts';
import { OptedOut, Permanent, Transient, Unauthorized, Unknown } from '../kit/errors.ts';
import { type Asked, classify, type Failure } from '../kit/http.ts';
import { messagesOf } from './client.ts';
import { find } from './look-up.ts';
import type manifest from './manifest.ts';

const TEXT_MAX = 1_600;
/** Twilio keeps trying for ten hours; nobody wants to hear of points in the night. */
const VALIDITY_SECONDS = 4 * 3_600;

/** Twilio's own numbers, where they say more than the status. */
const OPTED_OUT = 21610;
const BAD_CREDENTIALS = 20003;

export const channel: RoleOf<typeof manifest, 'channel'> = {
  async send(message, { settings, secret, fetch, now }) {
    if (message.text.length > TEXT_MAX) throw new Permanent(`the text is longer than ${TEXT_MAX} characters`);
    // There is no idempotency key: whatever may have been sent is not sent again.
    const asked: Asked = { vendor: 'Twilio', now, repeatable: false };
    let sid: unknown;
    try {
      const sent = await messagesOf(secret, fetch, asked).create({
        to: message.to,
        body: message.text,
        messagingServiceSid: settings.messagingServiceSid,
        validityPeriod: VALIDITY_SECONDS,
        // Our own name of it comes back with every receipt, also where this answer never arrives.
        ...(message.receiptUrl && { statusCallback: `${message.receiptUrl}?m=${encodeURIComponent(message.id)}` }),
      });
      sid = sent.sid;
    } catch (error) {
      throw meaning(error, asked);
    }
    if (typeof sid !== 'string' || !sid) throw new Unknown('Twilio took the message and did not say under which name');
    return { vendorId: sid };
  },
  find,
};

function meaning(error: unknown, asked: Asked): Failure {
  if (
    error instanceof Transient ||
    error instanceof Permanent ||
    error instanceof Unauthorized ||
    error instanceof Unknown
  )
    return error;
  if (error instanceof restExceptionModule.default || error instanceof serviceExceptionModule.default) {
    const { status, code } = error;
    // Not as the cause, and not Twilio's message: it repeats the number.
    const message = `Twilio answered ${status}${code === undefined ? '' : `, error ${code}`}`;
    if (code === OPTED_OUT) return new OptedOut(message);
    if (code === BAD_CREDENTIALS) return new Unauthorized(message);
    const failure = classify({ status, headers: new Headers() }, asked);
    if (failure instanceof Permanent) return new Permanent(message);
    if (failure) return failure;
  }
  // The answer broke off, or was not JSON though it said "created".
  return new Unknown('Twilio answered and could not be understood', { cause: error });
}
