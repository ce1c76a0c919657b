/** What a handler answers: a status and JSON. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** Instead of a body: as it is, in the type that the headers say. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One field that is wrong: where, what, and what to do. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** RFC 9457. `type` tells a program what happened, `detail` tells a person. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly errors?: readonly Fault[];
  readonly because?: string;
  readonly differences?: readonly string[];
  readonly requestId?: string;
}

const TITLES = {
  'invalid-request': 'The request has faults',
  unauthorized: 'An API key is needed',
  forbidden: 'This key may not do that',
  'unknown-route': 'There is nothing here',
  'unknown-member': 'Nobody is known by that',
  'unknown-order': 'There is no such order',
  'unknown-redemption': 'There is no such redemption',
  'unknown-reward': 'There is no such reward',
  'unknown-code': 'There is no such code',
  'unknown-campaign': 'There is no such campaign',
  'unknown-message': 'Nothing is written for that',
  'unknown-entry': 'There is no such entry',
  'unknown-matter': 'Nothing of that name waits, or has waited',
  'unknown-referral-code': 'Nobody has this referral code',
  conflict: 'Something else stands under this id',
  refused: 'The program does not allow it',
  'too-large': 'The request is too large',
  'too-many-requests': 'Too many requests',
  busy: 'Try again in a moment',
  'internal-error': 'Something went wrong on our side',
} as const;

export type ProblemType = keyof typeof TITLES;

export function problem(
  status: number,
  type: ProblemType,
  more: Omit<Problem, 'type' | 'title' | 'status'> = {},
  headers?: Readonly<Record<string, string>>,
): Answer {
  return {
    status,
    body: { type: `urn:stampbook:${type}`, title: TITLES[type], status, ...more } satisfies Problem,
    headers: { 'content-type': 'application/problem+json', ...headers },
  };
}
