import * as z from 'zod';
import { defineConnector } from '../contract.ts';
import { read } from '../kit/read.ts';
import { channel } from './channel.ts';
import { graph } from './graph.ts';
import manifest from './manifest.ts';
import { source } from './source.ts';

const Templates = z.object({ data: z.array(z.object({ status: z.string().optional() })) });

export default defineConnector(manifest, { source, channel }, async (context) => {
  const account = context.settings.businessAccountId;
  const { data } = read(Templates, await graph(context, `${account}/message_templates`, { repeatable: true }));
  const approved = data.filter(({ status }) => status === 'APPROVED').length;
  return `WhatsApp Business Account ${account}, ${approved} approved templates`;
});
