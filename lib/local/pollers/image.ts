/** DynamoDB's JSON: `{"S": "…"}`, `{"M": {…}}`, `{"L": […]}`. */
type Value = { readonly [type: string]: unknown };

/**
 * DynamoDB Local leaves the type of an empty map out of its stream's images: `{}` where AWS says `{"M":{}}`. Nothing
 * else is written so, and an empty list keeps its type.
 */
export function withEmptyMaps<Image extends Readonly<Record<string, unknown>>>(image: Image): Image {
  return Object.fromEntries(Object.entries(image).map(([name, value]) => [name, mended(value as Value)])) as Image;
}

function mended(value: Value): Value {
  if (Object.keys(value).length === 0) return { M: {} };
  if (value.M !== undefined) return { M: withEmptyMaps(value.M as Record<string, Value>) };
  if (Array.isArray(value.L)) return { L: value.L.map(mended) };
  return value;
}
