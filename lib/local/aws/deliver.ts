/** What the bus or a schedule could not bring to its queue, and what became of it. */
export interface Undelivered {
  /** The rule or the schedule. */
  readonly by: string;
  readonly queueArn: string;
  readonly because: Error;
  /** It went to the dead letters; if not, it is lost. */
  readonly parked: boolean;
}

/** Sends to the target's queue or, when that is refused, to its dead letters under the same rights. */
export function sendOrPark(
  by: string,
  target: { readonly arn: string; readonly deadLetterArn?: string },
  send: (queueArn: string) => void,
): Undelivered | undefined {
  try {
    send(target.arn);
    return undefined;
  } catch (because) {
    const undelivered = { by, queueArn: target.arn, because: because as Error };
    if (target.deadLetterArn === undefined) return { ...undelivered, parked: false };
    try {
      send(target.deadLetterArn);
      return { ...undelivered, parked: true };
    } catch {
      return { ...undelivered, parked: false };
    }
  }
}
