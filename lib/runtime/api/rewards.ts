import * as z from 'zod';
import { ForeignId, Text } from './fields.ts';
import { route } from './route.ts';

export const listRewards = route('GET /v1/rewards', 'pos', () =>
  z.strictObject({
    /** A member's id: each reward says then whether that member can have it now. */
    member: Text(100).optional(),
  }),
);

export const addStock = route('POST /v1/rewards/{id}/stock', 'staff', () =>
  z.strictObject({
    id: ForeignId,
    stockId: ForeignId,
    pieces: z
      .int()
      .min(-1_000_000)
      .max(1_000_000)
      .refine((pieces) => pieces !== 0, 'is nothing: send how many came, or how many went as a negative number'),
  }),
);

/** As many as a request has room for. */
const CODES_MAX = 1_000;

export const loadCodes = route('POST /v1/rewards/{id}/codes', 'staff', () =>
  z.strictObject({ id: ForeignId, codes: z.array(Code()).min(1).max(CODES_MAX) }),
);

export const getCode = route('GET /v1/codes/{code}', 'pos', () => z.strictObject({ code: Code() }));

export const useCode = route('POST /v1/codes/{code}/use', 'pos', () =>
  z.strictObject({ code: Code(), useId: ForeignId, orderId: ForeignId.optional() }),
);

export const revokeCode = route('POST /v1/codes/{code}/revoke', 'staff', () =>
  z.strictObject({ code: Code(), staffId: ForeignId }),
);

/** Capitals, spaces and hyphens make no difference. */
function Code() {
  return z
    .string()
    .trim()
    .min(4)
    .max(64)
    .regex(/^[\p{L}\p{N}_.\- ]+$/u, 'is not a code: letters, digits, hyphens, dots and spaces only');
}
