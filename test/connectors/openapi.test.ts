import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { type Call, type OpenApi, strays, straysAnswer } from './openapi.ts';
import { vendorSpec } from './vendor-specs.ts';

/** What reads the vendors' documents is itself read here: a check that lets everything through proves nothing. */

const coupon = {
  type: 'object',
  required: ['code', 'id'],
  properties: {
    id: { type: 'string', readOnly: true },
    code: { type: 'string' },
    note: { type: 'string', nullable: true },
    amount: { type: 'integer', minimum: 0, exclusiveMinimum: true },
    lines: { type: 'array', items: { $ref: '#/components/schemas/Line' } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    free: { type: 'object' },
  },
};
const shop = {
  openapi: '3.0.3',
  servers: [{ url: 'https://{shop}.example.com/api/v2/' }],
  paths: {
    '/coupons/{id}': {
      parameters: [{ $ref: '#/components/parameters/Id' }],
      put: {
        parameters: [
          { name: 'X-Version', in: 'header', required: true, schema: { type: 'string', enum: ['2026-01'] } },
          { name: 'fields', in: 'query', explode: false, schema: { type: 'array', items: { enum: ['a', 'b'] } } },
          { name: 'tag', in: 'query', schema: { type: 'array', items: { type: 'integer' } } },
          {
            name: 'where',
            in: 'query',
            content: { 'application/json': { schema: { type: 'object', properties: { x: {} } } } },
          },
        ],
        requestBody: { $ref: '#/components/requestBodies/Coupon' },
        responses: { '200': { $ref: '#/components/responses/Coupon' }, '4XX': { description: 'no' } },
      },
      get: { parameters: [], responses: {} },
    },
    '/coupons/all': { get: { parameters: [], responses: {} } },
    '/coupons/{id}:void': { post: { responses: {} } },
    '/elsewhere': { servers: [{ url: 'https://upload.example.com' }], get: { responses: {} } },
  },
  components: {
    parameters: { Id: { name: 'id', in: 'path', required: true, schema: { type: 'integer' } } },
    requestBodies: {
      Coupon: {
        required: true,
        content: {
          'application/json': {
            schema: { type: 'array', maxItems: 2, items: { $ref: '#/components/schemas/Coupon' } },
          },
        },
      },
    },
    responses: { Coupon: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Coupon' } } } } },
    schemas: {
      Coupon: coupon,
      Line: { allOf: [{ properties: { sku: { type: 'string' } } }, { oneOf: [{ properties: { net: {} } }] }] },
    },
  },
} as unknown as OpenApi;

const call = (change: Partial<Call> = {}): Call => ({
  url: 'https://moka.example.com/api/v2/coupons/7',
  method: 'PUT',
  headers: { 'content-type': 'application/json; charset=utf-8', 'x-version': '2026-01' },
  body: JSON.stringify([
    { code: 'A', note: null, amount: 1, lines: [{ sku: 'x', net: 1 }], labels: { de: 'Gruß' }, free: { x: 1 } },
  ]),
  ...change,
});
const withBody = (coupon: object) => call({ body: JSON.stringify([{ code: 'A', ...coupon }]) });
const at = (rest: string) => call({ url: `https://moka.example.com/api/v2${rest}` });

describe('a call is held against the document', () => {
  it.each([
    ['as it should be', call()],
    ['with lists in its query, together and one by one', at('/coupons/7?fields=a,b&tag=1&tag=2')],
    ['with JSON in its query', at('/coupons/7?where=%7B%22x%22%3A1%7D')],
    ['to the path without holes', call({ ...at('/coupons/all'), method: 'GET', body: '' })],
    ['to the path with a verb', call({ ...at('/coupons/x:void'), method: 'POST', body: '' })],
    [
      'to a path with a server of its own',
      call({ url: 'https://upload.example.com/elsewhere', method: 'GET', body: '' }),
    ],
  ])('%s', (_, good) => expect(strays(shop, good)).toEqual([]));

  it.each([
    ['another host', call({ url: 'https://moka.example.org/api/v2/coupons/7' }), 'not in the document'],
    ['another base', call({ url: 'https://moka.example.com/api/v3/coupons/7' }), 'not in the document'],
    ['a host with a dot too many', call({ url: 'https://a/b.example.com/api/v2/coupons/7' }), 'not in the document'],
    ['an unknown method', call({ method: 'PATCH' }), 'knows no PATCH'],
    ['a parameter of the path that is no number', at('/coupons/seven'), 'id must be integer'],
    ['a header that is missing', call({ headers: { 'content-type': 'application/json' } }), 'X-Version is missing'],
    ['a header with another value', call({ headers: { ...call().headers, 'x-version': '1' } }), 'X-Version must be'],
    ['a query nobody asked for', at('/coupons/7?feilds=a'), 'feilds is no parameter'],
    ['a list with a stranger in it', at('/coupons/7?fields=a,c'), 'fields/1 must be'],
    ['a list with a word for a number', at('/coupons/7?tag=1&tag=x'), 'tag/1 must be integer'],
    ['JSON of another shape in the query', at('/coupons/7?where=%7B%22y%22%3A1%7D'), 'where/y is not in the document'],
    ['no body', call({ body: '' }), 'is to have a body'],
    ['a body where none is taken', call({ ...at('/coupons/all'), method: 'GET' }), 'takes no body'],
    [
      'a form',
      call({ headers: { ...call().headers, 'content-type': 'application/x-www-form-urlencoded' } }),
      'takes no',
    ],
    ['what is no JSON', call({ body: '[' }), 'body is not JSON'],
    ['too many', call({ body: JSON.stringify(Array(3).fill({ code: 'A' })) }), 'body must NOT have more than 2'],
    ['a field that is missing', withBody({ code: undefined }), "must have required property 'code'"],
    ['a field that nobody knows', withBody({ kode: 'A' }), 'body/0/kode is not in the document'],
    ['one further down', withBody({ lines: [{ sku: 'x', gross: 1 }] }), 'body/0/lines/0/gross is not in the document'],
    ['a field that is the vendor’s to write', withBody({ id: '1' }), 'body/0/id is not ours to write'],
    ['a text where a number belongs', withBody({ amount: '1' }), 'body/0/amount must be integer'],
    ['a number on a limit that is exclusive', withBody({ amount: 0 }), 'body/0/amount must be > 0'],
    ['nothing where something belongs', withBody({ code: null }), 'body/0/code must be string'],
    ['a label that is no text', withBody({ labels: { de: 1 } }), 'body/0/labels/de must be string'],
  ])('but not with %s', (_, bad, fault) =>
    expect(strays(shop, bad)).toEqual(expect.arrayContaining([expect.stringContaining(fault)])),
  );

  it('and the first of several documents that has its path', () => {
    const other = { ...shop, paths: { '/other': { put: { responses: {} } } } } as unknown as OpenApi;
    expect(strays([other, shop], call())).toEqual([]);
    expect(strays([other], call())).not.toEqual([]);
  });
});

describe('an answer is, too', () => {
  const answer = (status: number, body: unknown) => straysAnswer(shop, '/coupons/{id}', 'put', status, body);
  it('with what only the vendor writes', () => {
    expect(answer(200, { id: '1', code: 'A' })).toEqual([]);
    expect(answer(200, { code: 'A' })).toEqual(["answer must have required property 'id'"]);
  });
  it('with no body where none is described, and never with a status that is not', () => {
    expect(answer(404, undefined)).toEqual([]);
    expect(answer(404, {})).toHaveLength(1);
    expect(answer(500, {})).toEqual(['/coupons/{id} answers no 500']);
  });
});

describe('an older document', () => {
  const old = {
    swagger: '2.0',
    host: 'shop.example',
    basePath: '/rest',
    consumes: ['application/json'],
    definitions: { Coupon: { type: 'object', required: ['code'], properties: { code: { type: 'string' } } } },
    paths: {
      '/coupons': {
        post: {
          parameters: [
            { name: 'limit', in: 'query', type: 'integer' },
            { name: 'coupon', in: 'body', required: true, schema: { $ref: '#/definitions/Coupon' } },
          ],
          responses: { '200': { schema: { $ref: '#/definitions/Coupon' } } },
        },
        put: {
          consumes: ['application/x-www-form-urlencoded'],
          parameters: [{ name: 'code', in: 'formData', required: true, type: 'integer' }],
          responses: {},
        },
      },
    },
  } as unknown as OpenApi;
  const post = { url: 'https://shop.example/rest/coupons?limit=3', method: 'POST', headers: call().headers };
  const form = {
    ...post,
    url: post.url.replace('?limit=3', ''),
    method: 'PUT',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  };

  it('is read alike', () => {
    expect(strays(old, { ...post, body: '{"code":"A"}' })).toEqual([]);
    expect(strays(old, { ...post, body: '{"kode":"A"}' })).toHaveLength(2);
    expect(strays(old, { ...post, url: post.url.replace('3', 'x'), body: '{"code":"A"}' })).toEqual([
      'limit must be integer',
    ]);
    expect(strays({ ...old, host: 'other.example' }, { ...post, body: '{"code":"A"}' })).toHaveLength(1);
    expect(straysAnswer(old, '/coupons', 'post', 200, { code: 1 })).toEqual(['answer/code must be string']);
  });
  it('with forms', () => {
    expect(strays(old, { ...form, body: 'code=1' })).toEqual([]);
    expect(strays(old, { ...form, body: 'code=x' })).toHaveLength(1);
    expect(strays(old, { ...form, body: 'code=1&more=2' })).toEqual(['more is no parameter of /coupons']);
  });
});

const folder = new URL('../../../shared/vendor-specs/', import.meta.url);
const documents = (() => {
  try {
    return readdirSync(folder).flatMap((name) => {
      const document = vendorSpec<OpenApi>(name);
      return document?.paths ? [[name, document] as const] : [];
    });
  } catch {
    return [];
  }
})();
// `each` takes no empty table; `vendorSpec` says aloud what is missing.
if (documents.length > 0)
  it.each(documents)('%s: each of its operations can be asked about', (_, document) => {
    for (const [template, item] of Object.entries(document.paths)) {
      const server = document.servers?.[0]?.url ?? `https://${document.host}${document.basePath ?? ''}`;
      const url = (server.replace(/\/$/, '') + template).replace(/\{[^}]+\}/g, 'x');
      for (const method of ['get', 'put', 'post', 'patch', 'delete'].filter((each) => each in item)) {
        const headers = { 'content-type': 'application/json' };
        const faults = strays(document, {
          url,
          method: method.toUpperCase(),
          headers,
          body: method === 'get' ? '' : '{"x y z":1}',
        });
        expect(faults.join()).not.toContain('is not in the document,');
        expect(faults.join()).not.toContain(`${url} is not in the document`);
      }
    }
  });
