import * as z from 'zod';
import { Campaign } from '../../loyalty/campaign.ts';
import { Id } from '../../loyalty/program/fields.ts';
import { Text } from './fields.ts';
import { route } from './route.ts';

const One = () => z.strictObject({ id: Id });

export const postCampaign = route('POST /v1/campaigns', 'admin', () => Campaign);
export const listCampaigns = route('GET /v1/campaigns', 'staff', () => z.strictObject({}));
export const getCampaign = route('GET /v1/campaigns/{id}', 'staff', One);
export const scheduleCampaign = route('POST /v1/campaigns/{id}/schedule', 'admin', One);
export const endCampaign = route('POST /v1/campaigns/{id}/end', 'admin', One);
export const cancelCampaign = route('POST /v1/campaigns/{id}/cancel', 'admin', One);

export const dryRunCampaign = route('POST /v1/campaigns/{id}/dry-run', 'admin', () =>
  z.strictObject({
    id: Id,
    /** How far back. */
    days: z.int().min(1).max(90).default(30),
    /** `next` of the answer before. */
    after: Text(100).optional(),
  }),
);
