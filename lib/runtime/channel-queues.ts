import { GetQueueUrlCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { PlannedMessage } from './planned-message.ts';

/**
 * The ways into connectors' queues. They are known by their names, which the stacks agree upon: the planner is there
 * before the connectors are, and stays when one of them goes.
 */
export function openChannelQueues({
  client,
  nameOf,
}: {
  client: SQSClient;
  /** What a connector's queue is called. */
  nameOf: (connector: string) => string;
}) {
  const urls = new Map<string, Promise<string>>();

  async function find(connector: string): Promise<string> {
    const { QueueUrl = '' } = await client.send(new GetQueueUrlCommand({ QueueName: nameOf(connector) }));
    return QueueUrl;
  }

  function urlOf(connector: string): Promise<string> {
    const url = urls.get(connector) ?? find(connector);
    urls.set(connector, url);
    // What could not be found once is looked for again the next time.
    url.catch(() => urls.delete(connector));
    return url;
  }

  return {
    async hand(message: PlannedMessage): Promise<void> {
      const QueueUrl = await urlOf(message.connector);
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ message }) }));
    },
  };
}
