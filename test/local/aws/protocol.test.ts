import { describe, expect, it } from '@jest/globals';
import { accessKeyOf } from '../../../lib/local/aws/protocol.ts';

describe('a signature tells who calls, and which service', () => {
  it.each([
    [
      'as the SDK writes it',
      'AWS4-HMAC-SHA256 Credential=function!shop-accrue!7/20260801/eu-central-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=abc',
      { accessKeyId: 'function!shop-accrue!7', service: 'dynamodb' },
    ],
    [
      'without spaces',
      'AWS4-HMAC-SHA256 Credential=a/20260801/r/sqs/aws4_request,SignedHeaders=host,Signature=abc',
      { accessKeyId: 'a', service: 'sqs' },
    ],
    ['but not when it is missing', undefined, undefined],
    ['nor of another kind', 'Bearer abc', undefined],
    ['nor with too short a scope', 'AWS4-HMAC-SHA256 Credential=a/20260801/r/aws4_request, Signature=abc', undefined],
    ['nor with another end', 'AWS4-HMAC-SHA256 Credential=a/20260801/r/sqs/aws5_request, Signature=abc', undefined],
    ['nor without a key', 'AWS4-HMAC-SHA256 Credential=/20260801/r/sqs/aws4_request, Signature=abc', undefined],
  ])('%s', (_, header, expected) => {
    expect(accessKeyOf(header)).toEqual(expected);
  });
});
