import { createHash } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { count, log } from './log.ts';

/**
 * Puts what cannot be done beside the queue it came from, with the reason, where staff see it and can send it round again
 * once it is mended. The bell on that queue rings.
 */
export async function park(
  { client, url }: { client: SQSClient; url: string },
  { body, group, reason }: { body: string; group?: string | undefined; reason: string },
): Promise<void> {
  // SQS takes no control characters, and an attribute is for reading.
  const readable = reason.replace(/[^\x20-\x7e\u00a0-\ud7ff]/g, ' ').slice(0, 500) || 'unknown';
  await client.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: body,
      MessageAttributes: { reason: { DataType: 'String', StringValue: readable } },
      ...(group && {
        MessageGroupId: group,
        MessageDeduplicationId: createHash('sha256').update(`${readable}\n${body}`).digest('hex'),
      }),
    }),
  );
  count('Parked');
  log.warn('parked', { reason: readable });
}
