import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** As much of Swagger 2 and of OpenAPI 3.0 and 3.1 as it takes to check that a request is one that the document describes. */
export interface OpenApi {
  readonly openapi?: string;
  readonly swagger?: string;
  readonly servers?: readonly Server[];
  /** Of Swagger: where a vendor gives each customer a host of his own, say `{ ...document, host }`. */
  readonly host?: string;
  readonly basePath?: string;
  readonly consumes?: readonly string[];
  readonly paths: Readonly<Record<string, Item>>;
  readonly components?: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly definitions?: Readonly<Record<string, object>>;
}

interface Server {
  readonly url: string;
}
interface Item {
  readonly servers?: readonly Server[];
  readonly parameters?: readonly Parameter[];
  readonly [method: string]: unknown;
}
interface Operation {
  readonly servers?: readonly Server[];
  readonly consumes?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Answer>>;
}
/** Swagger says of what kind it is beside its name, OpenAPI in a schema. */
interface Parameter extends Schema {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie' | 'body' | 'formData';
  readonly required?: never;
  readonly explode?: boolean;
  readonly schema?: Schema;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}
interface Body {
  readonly required?: boolean;
  readonly content: Readonly<Record<string, { readonly schema?: Schema }>>;
}
interface Answer {
  readonly schema?: Schema;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly readOnly?: boolean;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

export interface Call {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const FORM = 'application/x-www-form-urlencoded';

/**
 * Every way in which a call strays from the document, or from the first of several that has its path; an empty list:
 * none. What the document does not name is a fault, too: a vendor passes over a field that we misspelt without a word.
 */
export function strays(documents: OpenApi | readonly OpenApi[], call: Call): string[] {
  const url = new URL(call.url);
  const address = url.origin + url.pathname;
  for (const document of [documents].flat() as OpenApi[]) {
    const reader = readerOf(document, 'request');
    const found = find(reader, address, call.method.toLowerCase());
    if (!found) continue;
    const { template, item, given } = found;
    const operation = item[call.method.toLowerCase()] as Operation | undefined;
    if (!operation) return [`${template} knows no ${call.method}`];
    const parameters = parametersOf(reader, item, operation);
    return [
      ...parameters.flatMap((parameter) => strayParameter(reader, parameter, given, url, call)),
      ...strayQuery(parameters, url, template),
      ...strayBody(reader, operation, parameters, call, template),
    ];
  }
  return [`${call.method} ${address} is not in the document`];
}

/** The same for what the vendor answers: a fake that answers what the vendor never would proves nothing. */
export function straysAnswer(
  document: OpenApi,
  template: string,
  method: string,
  status: number,
  body: unknown,
): string[] {
  const reader = readerOf(document, 'answer');
  const responses = (reader.document.paths[template]?.[method] as Operation | undefined)?.responses;
  const response = responses?.[status] ?? responses?.[`${String(status)[0]}XX`] ?? responses?.default;
  if (!response) return [`${template} answers no ${status}`];
  const answer = deref<Answer>(reader, response);
  const schema = answer.schema ?? mediaOf(answer.content, 'application/json')?.schema;
  // Said to have no body.
  if (!schema) return body === undefined ? [] : [`${template} answers ${status} without a body`];
  return reader.against(schema, body, 'answer');
}

/** The path that says it most plainly: `/contacts/sync` before `/contacts/{id}`, `{range}:append` before `{range}`. */
function find(reader: Reader, address: string, method: string) {
  const literal = (template: string) => template.replace(/\{[^}]+\}/g, '').length;
  const templates = Object.entries(reader.document.paths).sort(([a], [b]) => literal(b) - literal(a));
  for (const [template, item] of templates) {
    const operation = item[method] as Operation | undefined;
    for (const server of operation?.servers ?? item.servers ?? serversOf(reader.document)) {
      const base = server.url.replace(/\/$/, '');
      // The parts of a server's own that are not known beforehand are no parameters.
      const names = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
      const pattern = `^${literally(base, '[^/]+')}${literally(template, '([^/]+)')}$`;
      const match = new RegExp(pattern).exec(address);
      if (!match) continue;
      const given = new Map(names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]));
      return { template, item, given };
    }
  }
  return undefined;
}

const literally = (template: string, hole: string): string =>
  template
    .split(/\{[^}]+\}/)
    .map((part) => part.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&'))
    .join(hole);

const serversOf = ({ servers, host, basePath = '' }: OpenApi): readonly Server[] =>
  servers ?? [{ url: `https://${host}${basePath}` }];

/** An operation's own stand before those of its path. */
function parametersOf(reader: Reader, item: Item, operation: Operation): Parameter[] {
  const all = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((each) =>
    deref<Parameter>(reader, each),
  );
  return [...new Map(all.map((each) => [`${each.in} ${each.name}`, each])).values()];
}

const schemaOf = (parameter: Parameter): Schema => {
  const { name: _, in: __, required: ___, schema, ...rest } = parameter;
  return schema ?? (rest as Schema);
};

function strayParameter(
  reader: Reader,
  parameter: Parameter,
  given: ReadonlyMap<string, string>,
  url: URL,
  call: Call,
): string[] {
  const { name } = parameter;
  const schema = schemaOf(parameter);
  // What type it is of, the body itself shows.
  if (['body', 'formData', 'cookie'].includes(parameter.in) || name.toLowerCase() === 'content-type') return [];
  let value: unknown;
  if (parameter.in === 'path') value = given.get(name);
  else if (parameter.in === 'header')
    value = Object.entries(call.headers).find(([header]) => header.toLowerCase() === name.toLowerCase())?.[1];
  else {
    const values = url.searchParams.getAll(name);
    const [first] = values;
    const isList = deref<Schema>(reader, schema).type === 'array';
    value = isList && values.length > 0 ? (parameter.explode === false ? first?.split(',') : values) : first;
  }
  if (value === undefined) return parameter.required ? [`${name} is missing`] : [];
  const inJson = mediaOf(parameter.content, 'application/json')?.schema;
  if (inJson) return strayJson(reader, inJson, String(value), name);
  return reader.against(schema, value, name, 'words');
}

/** `filter[x]` stands in a document as `filter`, or in full. */
function strayQuery(parameters: readonly Parameter[], url: URL, template: string): string[] {
  const known = new Set(parameters.filter((each) => each.in === 'query').map(({ name }) => name));
  return [...new Set(url.searchParams.keys())]
    .filter((name) => !known.has(name) && !known.has(name.replace(/\[.*/, '')))
    .map((name) => `${name} is no parameter of ${template}`);
}

function strayBody(
  reader: Reader,
  operation: Operation,
  parameters: readonly Parameter[],
  call: Call,
  template: string,
): string[] {
  const body = bodyOf(reader, operation, parameters);
  const type = call.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!body) return call.body === '' ? [] : [`${template} takes no body`];
  if (call.body === '') return body.required ? [`${template} is to have a body`] : [];
  const media = mediaOf(body.content, type);
  if (!media) return [`${template} takes no ${type || 'body without a type'}`];
  if (!media.schema) return [];
  if (type === FORM) {
    const form = new URLSearchParams(call.body);
    const fields = Object.fromEntries(
      [...form.keys()].map((name) => [name, form.getAll(name).length > 1 ? form.getAll(name) : form.get(name)]),
    );
    const { properties = {} } = deref<Schema>(reader, media.schema);
    const unknown = Object.keys(fields).filter((name) => !Object.hasOwn(properties, name));
    return [
      ...unknown.map((name) => `${name} is no parameter of ${template}`),
      ...reader.against(media.schema, fields, 'body', 'words'),
    ];
  }
  if (!/[/+]json$/.test(type)) return [`${type} is not read here: say what is in it to the test of the connector`];
  return strayJson(reader, media.schema, call.body, 'body');
}

/** Swagger keeps the body among the parameters. */
function bodyOf(reader: Reader, operation: Operation, parameters: readonly Parameter[]): Body | undefined {
  if (operation.requestBody) return deref<Body>(reader, operation.requestBody);
  const consumes = operation.consumes ?? reader.document.consumes ?? ['application/json'];
  const whole = parameters.find((each) => each.in === 'body');
  if (whole)
    return {
      required: Boolean(whole.required),
      content: Object.fromEntries(consumes.map((type) => [type, whole.schema ? { schema: whole.schema } : {}])),
    };
  const fields = parameters.filter((each) => each.in === 'formData');
  if (fields.length === 0) return undefined;
  const required = fields.filter((each) => each.required).map(({ name }) => name);
  const schema = { type: 'object', required, properties: Object.fromEntries(fields.map((f) => [f.name, schemaOf(f)])) };
  return { required: required.length > 0, content: { [FORM]: { schema } } };
}

const mediaOf = <Media>(content: Readonly<Record<string, Media>> | undefined, type: string): Media | undefined =>
  Object.entries(content ?? {}).find(([key]) => {
    const known = key.split(';')[0]?.trim().toLowerCase();
    return known === type || known === '*/*' || known === `${type.split('/')[0]}/*`;
  })?.[1];

function strayJson(reader: Reader, schema: Schema, text: string, where: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [`${where} is not JSON`];
  }
  return [...reader.against(schema, value, where), ...unnamed(reader, [schema], value, where)];
}

/** Fields that no branch of the schema names, and those that are the vendor's own to write. */
function unnamed(reader: Reader, schemas: readonly Schema[], value: unknown, where: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const branches = schemas.flatMap((schema) => branchesOf(reader, schema));
  if (Array.isArray(value)) {
    const items = branches.flatMap(({ items }) => items ?? []);
    return value.flatMap((each, index) => unnamed(reader, items, each, `${where}/${index}`));
  }
  // A schema without properties says nothing of what is in it.
  const isOpen =
    branches.every(({ properties, patternProperties }) => !properties && !patternProperties) ||
    branches.some(({ additionalProperties }) => additionalProperties === true);
  return Object.entries(value).flatMap(([name, each]) => {
    const known = branches.flatMap(({ properties, patternProperties }) => [
      ...(properties && Object.hasOwn(properties, name) ? [properties[name] as Schema] : []),
      ...Object.entries(patternProperties ?? {}).flatMap(([p, schema]) => (new RegExp(p).test(name) ? [schema] : [])),
    ]);
    const further = branches.flatMap(({ additionalProperties: more }) => (typeof more === 'object' ? [more] : []));
    const at = `${where}/${name}`;
    if (known.length === 0 && further.length === 0) return isOpen ? [] : [`${at} is not in the document`];
    if (known.length > 0 && known.every((schema) => deref<Schema>(reader, schema).readOnly))
      return [`${at} is not ours to write`];
    return unnamed(reader, known.length > 0 ? known : further, each, at);
  });
}

function branchesOf(reader: Reader, schema: Schema, seen = new Set<Schema>()): Schema[] {
  const here = deref<Schema>(reader, schema);
  if (seen.has(here)) return [];
  seen.add(here);
  const further = [...(here.allOf ?? []), ...(here.anyOf ?? []), ...(here.oneOf ?? [])];
  return [here, ...further.flatMap((each) => branchesOf(reader, each, seen))];
}

/** A document, made ready for the validator. */
interface Reader {
  readonly document: OpenApi;
  /** `words`: what came as text, in a form, a query or a header, may stand for a number. */
  against(schema: object, value: unknown, where: string, as?: 'words'): string[];
}
type Direction = 'request' | 'answer';

const readers = new WeakMap<OpenApi, Partial<Record<Direction, Reader>>>();

function readerOf(original: OpenApi, direction: Direction): Reader {
  const known = readers.get(original) ?? {};
  readers.set(original, known);
  const reader = known[direction] ?? makeReader(original, direction);
  known[direction] = reader;
  return reader;
}

const ROOT = 'document';

function makeReader(original: OpenApi, direction: Direction): Reader {
  const document = plain(original, direction) as OpenApi;
  const make = (coerceTypes: false | 'array') => {
    // Formats of OpenAPI are not those of ajv; patterns are written for regular expressions of all kinds.
    const options = { strict: false, allErrors: true, coerceTypes, validateFormats: false, validateSchema: false };
    const validator = document.openapi?.startsWith('3.1')
      ? new Ajv2020({ ...options, unicodeRegExp: false, logger: false })
      : new Ajv({ ...options, unicodeRegExp: false, logger: false });
    const { components, definitions, paths } = document;
    return validator.addSchema({ components, definitions, paths }, ROOT);
  };
  const validators = { words: make('array'), json: make(false) };
  const compiled = { words: new WeakMap<object, ValidateFunction>(), json: new WeakMap<object, ValidateFunction>() };
  return {
    document,
    against(schema, value, where, as) {
      const kind = as ?? 'json';
      const validate = compiled[kind].get(schema) ?? validators[kind].compile(schema);
      compiled[kind].set(schema, validate);
      // Coercion writes into what it reads.
      const errors = validate(structuredClone(value)) ? [] : (validate.errors ?? []);
      return errors.map((error) => `${where}${error.instancePath} ${error.message}`);
    },
  };
}

function deref<Thing extends object>(reader: Reader, thing: object): Thing {
  let at = thing as Thing & { readonly $ref?: unknown };
  for (let depth = 0; typeof at.$ref === 'string' && depth < 20; depth++) {
    const [, pointer = ''] = at.$ref.split('#');
    const steps = pointer
      .split('/')
      .slice(1)
      .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
    const target = steps.reduce<unknown>(
      (node, step) => (node as Record<string, unknown> | undefined)?.[step],
      reader.document,
    );
    if (typeof target !== 'object' || target === null) throw new Error(`${at.$ref} leads nowhere`);
    at = target as typeof at;
  }
  return at;
}

/**
 * The words that OpenAPI has of its own, in those of JSON Schema: `nullable`, limits that are exclusive, references to
 * the document from within. What a vendor sets himself nobody can be asked for.
 */
function plain(node: unknown, direction: Direction): unknown {
  if (Array.isArray(node)) return node.map((each) => plain(each, direction));
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) copy[key] = plain(value, direction);
  if (typeof copy.$ref === 'string' && copy.$ref.startsWith('#')) copy.$ref = ROOT + copy.$ref;
  for (const [limit, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (typeof copy[exclusive] !== 'boolean') continue;
    const isExclusive = copy[exclusive];
    delete copy[exclusive];
    if (!isExclusive) continue;
    copy[exclusive] = copy[limit];
    delete copy[limit];
  }
  if (typeof copy.pattern === 'string' && !isPattern(copy.pattern)) delete copy.pattern;
  if (Array.isArray(copy.required) && direction === 'request') {
    const properties = (copy.properties ?? {}) as Record<string, { readOnly?: unknown } | undefined>;
    copy.required = copy.required.filter((name) => properties[name]?.readOnly !== true);
  }
  if (copy.nullable !== true) return copy;
  delete copy.nullable;
  return { anyOf: [copy, { type: 'null' }], ...(copy.readOnly === true && { readOnly: true }) };
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
