import * as z from 'zod';
import { defineConnector } from '../contract.ts';
import { Permanent } from '../kit/errors.ts';
import { read } from '../kit/read.ts';
import { sendgrid } from './api.ts';
import { channel } from './channel.ts';
import manifest from './manifest.ts';
import { sink } from './sink.ts';
import { source } from './source.ts';

const Groups = z.array(z.object({ id: z.number(), name: z.string() }));

export default defineConnector(manifest, { source, channel, sink }, async (context) => {
  const { marketing } = context.settings.groups;
  const path = `/v3/asm/groups?id=${marketing}`;
  const { text } = await sendgrid(context, { method: 'GET', path, repeatable: true });
  const group = read(Groups, text).find(({ id }) => id === marketing);
  if (!group)
    throw new Permanent(`there is no unsubscribe group ${marketing}: correct groups.marketing in the settings`);
  return `SendGrid account with the unsubscribe group “${group.name}”`;
});
