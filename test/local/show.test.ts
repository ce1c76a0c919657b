import { describe, expect, it } from '@jest/globals';
import { shown } from '../../lib/local/show.ts';

const call = (body: string, url = 'https://api.acme.example/token') => ({
  id: 'call_1',
  connector: 'acme',
  method: 'POST',
  url,
  headers: { authorization: 'Bearer of-somebody' },
  body,
  at: '2026-11-21T10:00:00.000Z',
  status: 200,
});

describe('a call to a vendor is shown without credentials', () => {
  it.each([
    ['a token asked for with a form', 'grant_type=client_credentials&client_id=1&client_secret=hush', 'client_id=1'],
    ['one asked for with a signed text', 'grant_type=urn%3Ajwt-bearer&assertion=hush.hush.hush', 'jwt-bearer'],
    ['one asked for in JSON', '{"client_id":"1","client_secret":"hu\\"sh","grant_type":"x"}', '"grant_type":"x"'],
    ['a webhook that is set up', '{"topic":"order.updated","secret": "hush","status":"active"}', '"status":"active"'],
  ])('%s', (_, body, rest) => {
    const { body: text, ...others } = shown(call(body));
    expect(text).toContain('…');
    expect(text).toContain(rest);
    expect(text).not.toMatch(/hu\W*sh/);
    expect(others).not.toHaveProperty('headers');
  });

  it('an address that is one', () => {
    expect(shown(call('{"text":"hi"}', 'https://hooks.slack.com/services/T0/B0/hush')).url).not.toContain('hush');
  });

  it('and otherwise as it was', () => {
    const body = '{"text":"the secret of our cake","to":"+49301"}';
    expect(shown(call(body)).body).toBe(body);
  });
});
