import type { Purpose } from '../../loyalty/facts.ts';

/** The ways in which talking to a vendor fails. Messages are for staff: no body, no phone, no name, no credential. */

/** May work later: no answer, 429, 5xx. The queue tries again. */
export class Transient extends Error {
  override readonly name: string = 'Transient';
  /** What the vendor asked for in Retry-After. */
  readonly retryAfterSeconds: number | undefined;
  constructor(message: string, options?: ErrorOptions & { retryAfterSeconds?: number | undefined }) {
    super(message, options);
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}

/** The vendor is well, and needs a while for what it was told before. It counts as a try, and not as trouble of the vendor's. */
export class NotYet extends Transient {
  override readonly name = 'NotYet';
}

/** Will never work as it is: parked with its reason. */
export class Permanent extends Error {
  override readonly name: string = 'Permanent';
}

/** The other side asked us to stop, or is not there any more (410): parked, and so will be all that follows until staff mend it. */
export class Gone extends Permanent {
  override readonly name = 'Gone';
}

/** The member has opted out at the vendor: parked, and to be remembered as a withdrawn consent. */
export class OptedOut extends Permanent {
  override readonly name = 'OptedOut';
  /** Where the vendor says what he has had enough of; else it is whatever comes that way. */
  readonly purpose: Purpose | undefined;
  constructor(message: string, options?: ErrorOptions & { purpose?: Purpose }) {
    super(message, options);
    this.purpose = options?.purpose;
  }
}

/** The channel cannot carry it at present: no window is open, no template says it. Nothing was sent; another channel may. */
export class NotNow extends Error {
  override readonly name = 'NotNow';
}

/** The credentials were refused: the token is refreshed once, then staff are told. */
export class Unauthorized extends Error {
  override readonly name = 'Unauthorized';
}

/** The secret holds nothing to do it with, and need not: it is left out, and said so. */
export class NotEquipped extends Error {
  override readonly name = 'NotEquipped';
}

/** The vendor may or may not have done it (a time-out after sending). Never repeated blindly. */
export class Unknown extends Error {
  override readonly name = 'Unknown';
}

/** Who sent it is not proven: 401, nothing stored. */
export class WebhookRejected extends Error {
  override readonly name = 'WebhookRejected';
}
