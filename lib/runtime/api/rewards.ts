import * as z from 'zod';
import { Text } from './fields.ts';
import { route } from './route.ts';

export const listRewards = route('GET /v1/rewards', 'pos', () =>
  z.strictObject({
    /** A member's id: each reward says then whether that member can have it now. */
    member: Text(100).optional(),
  }),
);
