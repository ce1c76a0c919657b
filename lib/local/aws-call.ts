import type { Credentials } from './aws/front.ts';
import { AwsError } from './aws/protocol.ts';
import { region } from './known-resources.ts';

/** One call in AWS's JSON protocol, in someone's name. Throws `AwsError`. */
export type AwsCaller = (target: string, input: object, options?: { signal?: AbortSignal }) => Promise<unknown>;

/** Where a target such as `AmazonSQS.SendMessage` belongs, and the version of JSON it speaks. */
const services: Readonly<Record<string, { readonly service: string; readonly version: '1.0' | '1.1' }>> = {
  AmazonSQS: { service: 'sqs', version: '1.0' },
  DynamoDB_20120810: { service: 'dynamodb', version: '1.0' },
  DynamoDBStreams_20120810: { service: 'dynamodb', version: '1.0' },
  secretsmanager: { service: 'secretsmanager', version: '1.1' },
};

/**
 * Calls the front without an SDK: answers stay as they are on the wire, which is how Lambda hands stream records to a
 * function. The front reads from a signature who calls, and does not check it.
 */
export function callAs(endpoint: string, { accessKeyId }: Credentials): AwsCaller {
  return async (target, input, { signal } = {}) => {
    const known = services[target.split('.')[0] ?? ''];
    if (!known) throw new Error(`no service for ${target}`);
    const scope = `${accessKeyId}/20260101/${region}/${known.service}/aws4_request`;
    const response = await fetch(endpoint, {
      method: 'POST',
      body: JSON.stringify(input),
      headers: {
        'content-type': `application/x-amz-json-${known.version}`,
        'x-amz-target': target,
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-target, Signature=${'0'.repeat(64)}`,
      },
      ...(signal && { signal }),
    });
    const text = await response.text();
    const output = text === '' ? {} : JSON.parse(text);
    if (response.ok) return output;
    const code = String(output.__type ?? `Http${response.status}`).replace(/^.*#/, '');
    throw new AwsError(code, String(output.message ?? output.Message ?? ''), { status: response.status });
  };
}

/** For the console and the log. */
export const explain = (cause: unknown): string => {
  if (cause instanceof AwsError) return `${cause.code}: ${cause.message}`;
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
};
