import type { IncomingHttpHeaders } from 'node:http';
import type { Request } from '../roles.ts';

/** An answer that is not the one hoped for, as the SDK reads it. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;
  readonly more: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: { status?: number; more?: Record<string, unknown> } = {}) {
    super(message);
    this.code = code;
    this.status = options.status ?? 400;
    this.more = options.more ?? {};
  }
}

/** One call on its way to a service. */
export interface ServiceCall {
  readonly operation: string;
  /** The parsed body; of a REST API, with what stands in path and query. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

export interface Service {
  /** The operation, or `undefined` when the request is none of this service. */
  operationOf(request: { method: string; url: URL; headers: IncomingHttpHeaders }): string | undefined;
  /** Of a REST API: what stands in path and query, together with the parsed body. */
  inputOf?(url: URL, body: unknown): Readonly<Record<string, unknown>>;
  /** What the caller must be allowed to do. Throws `AwsError` for an operation that it does not know. */
  needs(operation: string, input: ServiceCall['input']): readonly Request[];
  answer(call: ServiceCall): Promise<Reply>;
}

export const jsonReply = (output: unknown, version: '1.0' | '1.1' = '1.0'): Reply => ({
  status: 200,
  headers: { 'content-type': `application/x-amz-json-${version}` },
  body: JSON.stringify(output ?? {}),
});

export const errorReply = ({ code, status, message, more }: AwsError): Reply => ({
  status,
  // The type stands in the header for REST APIs and in the body for the others; each ignores the other's.
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': code },
  body: JSON.stringify({ __type: code, message, Message: message, ...more }),
});

/** Who signed the request. The signature itself is not checked: it never leaves this machine. */
export function accessKeyOf(authorization: string | undefined): { accessKeyId: string; service: string } | undefined {
  const scope = /^AWS4-HMAC-SHA256 Credential=([^,\s]+)/.exec(authorization ?? '')?.[1];
  // The key comes first and may hold anything but a slash; date, region, service and the terminator follow.
  const parts = scope?.split('/') ?? [];
  const [accessKeyId, , , service] = parts;
  if (parts.length !== 5 || parts[4] !== 'aws4_request' || !accessKeyId || !service) return undefined;
  return { accessKeyId, service };
}

/** `X-Amz-Target: <prefix>.<Operation>`. */
export function targetOf(headers: IncomingHttpHeaders, prefix: string): string | undefined {
  const target = headers['x-amz-target'];
  return typeof target === 'string' && target.startsWith(`${prefix}.`) ? target.slice(prefix.length + 1) : undefined;
}

export const notHere = (service: string, operation: string): AwsError =>
  new AwsError('UnknownOperationException', `${service} ${operation} is not known to the local cloud`);
