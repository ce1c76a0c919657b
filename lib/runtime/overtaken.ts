import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';

/**
 * Somebody else was faster: a condition that no longer holds, transactions that met, or a table that takes no more for
 * the moment. Nothing was written; look again and try again. The SDK retries neither conflicts nor cancelled transactions.
 */
export function isOvertaken(error: unknown): boolean {
  if (error instanceof TransactionCanceledException)
    return (error.CancellationReasons ?? []).every(({ Code = 'None' }) => PASSING.has(Code));
  return error instanceof Error && PASSING.has(error.name);
}

const PASSING = new Set([
  'None',
  'ConditionalCheckFailed',
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
  'ConditionalCheckFailedException',
  'TransactionConflictException',
  'TransactionInProgressException',
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
]);
