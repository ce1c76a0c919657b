/** A thing that anybody may ask for: what proves it is in the request itself. */
interface OpenOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<number, object>>;
}

type OpenRoutes = Readonly<Record<string, Readonly<Partial<Record<'get' | 'post', OpenOperation>>>>>;

const page = (description: string) => ({ description, content: { 'text/html': { schema: { type: 'string' } } } });

/** As the message has it: whoever changes any of it has no link of ours any more. */
const linkOfMessage: OpenOperation['parameters'] = (
  [
    ['m', true, 'The member’s id.', { type: 'string' }],
    ['c', true, 'The channel.', { type: 'string' }],
    ['p', false, 'Absent: everything that comes on that channel.', { type: 'string', const: 'marketing' }],
    ['s', true, 'The signature.', { type: 'string' }],
  ] as const
).map(([name, required, description, schema]) => ({ name, in: 'query', required, description, schema }));

const linkAnswers = (done: string): OpenOperation['responses'] => ({
  200: page(done),
  400: page('The link is none of ours, or not whole'),
  500: page('A fault of ours: try again'),
});

const nameOfVendor: OpenOperation['parameters'] = [
  {
    name: 'connector',
    in: 'path',
    required: true,
    description: 'A connector in use that is a source, such as shopify.',
    schema: { type: 'string' },
  },
];

const vendorAnswers = (done: string): OpenOperation['responses'] => ({
  200: { description: done },
  401: { description: 'Its proof is missing, old or wrong' },
  413: { description: 'More than 256 KB' },
  503: {
    description: 'Not now: send it again',
    headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds' } },
  },
});

/** What has no API key, for the API's document: links of messages, and what vendors tell. */
export const openRoutes: OpenRoutes = {
  '/v1/unsubscribe': {
    get: {
      operationId: 'askToUnsubscribe',
      summary: 'The page that the link of a message opens',
      description: 'It asks, and does nothing yet: scanners of mail open every link.',
      parameters: linkOfMessage,
      responses: linkAnswers('What shall not be sent any more?'),
    },
    post: {
      operationId: 'unsubscribe',
      summary: 'Say no, by the link of a message',
      description:
        'At once and whatever the body holds, as mail programs do it (RFC 8058). It is a no to what the link names; `no=all` makes it a no to everything on that channel.',
      parameters: linkOfMessage,
      requestBody: {
        required: false,
        content: {
          'application/x-www-form-urlencoded': {
            schema: {
              type: 'object',
              properties: {
                'List-Unsubscribe': { type: 'string', const: 'One-Click' },
                no: { type: 'string', enum: ['offers', 'all'] },
              },
            },
          },
        },
      },
      responses: linkAnswers('It is done'),
    },
  },
  '/webhooks/{connector}': {
    get: {
      operationId: 'greetWebhook',
      summary: 'Where a vendor asks whether the address is ours',
      description: 'Answered as the vendor wants it: docs/connectors says which of them ask.',
      parameters: nameOfVendor,
      responses: vendorAnswers('What the vendor wants to hear'),
    },
    post: {
      operationId: 'tellWebhook',
      summary: 'Where vendors tell what happened',
      description:
        'In the vendor’s own words, with its own proof: docs/connectors has a page for each, and docs/connectors/webhook.md one for systems of your own. What is told twice is booked once.',
      parameters: nameOfVendor,
      requestBody: { required: true, content: { '*/*': {} } },
      responses: vendorAnswers('Taken, or nothing that concerns us'),
    },
  },
};
