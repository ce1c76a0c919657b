import * as z from 'zod';
import type { RoleOf } from '../contract.ts';
import { read } from '../kit/read.ts';
import { verifyHmac } from '../kit/webhook.ts';
import type manifest from './manifest.ts';
import { reconcile } from './reconcile.ts';
import { subscribe } from './subscribe.ts';
import { answered, Response } from './words.ts';

const Notice = z.object({ event_type: z.string() });
const Answered = z.object({ form_response: Response.extend({ form_id: z.string() }) });

export const source: RoleOf<typeof manifest, 'source'> = {
  verify(request, { secret }) {
    const [, signature = ''] = /^sha256=(.+)$/.exec(request.headers['typeform-signature'] ?? '') ?? [];
    return verifyHmac(request, {
      keys: secret.webhookSecrets,
      signed: [request.body],
      signature,
      algorithm: 'sha256',
      encoding: 'base64',
    });
  },

  translate(request, context) {
    // `form_response_partial` is somebody who has not finished.
    if (read(Notice, request.body).event_type !== 'form_response') return [];
    const { form_response: response } = read(Answered, request.body);
    return answered(response.form_id, response, context);
  },

  subscribe,
  reconcile,
};
