import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/**
 * Size of an item as DynamoDB bills it, by the rules of its developer guide ("DynamoDB item sizes and formats"):
 * UTF-8 bytes of names and strings, a byte for every two significant digits of a number and one more, three for each
 * list or map and one for each element. DynamoDB Local bills transactions wrongly, so that we count ourselves.
 */
export function itemBytes(item: Record<string, AttributeValue>): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined)
    return Math.ceil(value.N.replace(/^-|\.|^0+|0+$/g, '').length / 2) + 1 + (value.N.startsWith('-') ? 1 : 0);
  if (value.B !== undefined) return value.B.length;
  if (value.BOOL !== undefined || value.NULL !== undefined) return 1;
  if (value.L !== undefined) return 3 + value.L.reduce((sum, one) => sum + 1 + valueBytes(one), 0);
  if (value.M !== undefined)
    return (
      3 + Object.entries(value.M).reduce((sum, [name, one]) => sum + 1 + Buffer.byteLength(name) + valueBytes(one), 0)
    );
  throw new Error(`no size known for ${JSON.stringify(value)}`);
}

/** A write in a transaction takes two units for each started kilobyte. */
export const transactionUnits = (items: readonly Record<string, AttributeValue>[]): number =>
  items.reduce((sum, item) => sum + 2 * Math.ceil(itemBytes(item) / 1024), 0);
