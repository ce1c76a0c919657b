import { Ajv, type ValidateFunction } from 'ajv';

/** As much of OpenAPI 3 as it takes to check that a request is one that the document describes. */
export interface OpenApi {
  readonly paths: Readonly<
    Record<string, { readonly servers?: readonly { url: string }[]; readonly [method: string]: unknown }>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Operation {
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema }>> };
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, { schema: object }>> }>>;
}
interface Schema {
  readonly properties?: Readonly<Record<string, { type?: string }>>;
  readonly required?: readonly string[];
}

export interface Call {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Every way in which a call strays from the document; an empty list: none. */
export function strays(document: OpenApi, call: Call): string[] {
  const url = new URL(call.url);
  for (const [template, item] of Object.entries(document.paths)) {
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const match = new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '([^/]+)')}$`).exec(url.pathname);
    if (!match || !item.servers?.some((server) => server.url === url.origin)) continue;
    const operation = item[call.method.toLowerCase()] as Operation | undefined;
    if (!operation) return [`${template} knows no ${call.method}`];
    const faults: string[] = [];
    const given = Object.fromEntries(names.map((name, index) => [name, match[index + 1]]));
    for (const parameter of operation.parameters ?? []) {
      const value =
        parameter.in === 'path' ? given[parameter.name] : (url.searchParams.get(parameter.name) ?? undefined);
      if (value === undefined) {
        if (parameter.required) faults.push(`${parameter.name} is missing`);
      } else faults.push(...against(document, parameter.schema, value, parameter.name));
    }
    const type = call.headers['content-type']?.split(';')[0] ?? '';
    const media = operation.requestBody?.content[type];
    if (operation.requestBody && !media) return [...faults, `${template} takes no ${type || 'body without a type'}`];
    if (media) {
      const form = Object.fromEntries(new URLSearchParams(call.body));
      const known = media.schema.properties ?? {};
      for (const name of Object.keys(form)) if (!(name in known)) faults.push(`${name} is no parameter of ${template}`);
      faults.push(...against(document, media.schema, form, 'body'));
    }
    return faults;
  }
  return [`${call.method} ${url.origin}${url.pathname} is not in the document`];
}

/** The same for what the vendor answers: a fake that answers what the vendor never would proves nothing. */
export function straysAnswer(
  document: OpenApi,
  template: string,
  method: string,
  status: number,
  body: unknown,
): string[] {
  const schema = (document.paths[template]?.[method] as Operation | undefined)?.responses[status]?.content?.[
    'application/json'
  ]?.schema;
  return schema ? against(document, schema, body, 'answer') : [`${template} answers no ${status}`];
}

const compiled = new WeakMap<object, ValidateFunction>();

function against(document: OpenApi, schema: object, value: unknown, where: string): string[] {
  let validate = compiled.get(schema);
  if (!validate) {
    // Forms hold strings only, hence the coercion. Formats of OpenAPI are not those of ajv.
    const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: 'array', validateFormats: false, formats: {} });
    validate = ajv.compile({ ...nullable(schema), components: nullable(document.components) });
    compiled.set(schema, validate);
  }
  return validate(value)
    ? []
    : (validate.errors ?? []).map((error) => `${where}${error.instancePath} ${error.message}`);
}

/** OpenAPI 3.0 says `nullable`, JSON Schema does not know it beside `$ref` and `enum`. */
function nullable<T>(node: T): T {
  if (Array.isArray(node)) return node.map(nullable) as T;
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, nullable(value)])) as Record<
    string,
    unknown
  >;
  if (copy.nullable !== true) return copy as T;
  const { nullable: _, ...rest } = copy;
  return { anyOf: [rest, { type: 'null' }] } as T;
}
