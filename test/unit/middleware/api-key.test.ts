import { describe, expect, test } from 'bun:test'
import { keyHash } from '../../../server/lib/key-hash-text.ts'
import type { ApiKeyConfig } from '../../../server/middleware/api-key.options.ts'
import { hidden } from '../../../server/telemetry/told-request.ts'
import { stepOf } from '../../support/step-world.ts'
import { ask, fieldOf, worldOf } from './access.ts'

const OPTIONS: ApiKeyConfig = {
  mode: 'enforce',
  keys: {
    shop: [keyHash('key-1'), { hash: keyHash('key-2'), expires: '2099-01-01', rules: ['test'] }],
    old: [{ hash: keyHash('key-3'), expires: '2020-01-31T10:00:00Z', rules: [] }],
    other: [{ hash: keyHash('key-4'), rules: ['elsewhere'] }],
  },
  from: ['header X-Door', 'cookie door', 'header Authorization'],
  realm: 'API',
  pass_credentials: false,
}
const step = (more: Partial<ApiKeyConfig> = {}, ground = worldOf().ground) =>
  stepOf({ api_key: { ...OPTIONS, ...more } }, ground)

describe('whoever has a key is its owner', () => {
  test.each([
    ['in a field', ['X-Door: key-1', 'Cookie: a=b; door=junk'], { cookie: 'a=b' }],
    ['the second of two', ['x-door: key-2'], {}],
    ['in a cookie', ['Cookie: a=b; door=key-1; c=d'], { cookie: 'a=b; c=d' }],
    ['in one that is alone', ['Cookie: door=key-1'], { cookie: null }],
    ['as a bearer', ['Authorization: bearer key-1'], { authorization: null }],
    ['twice the same', ['X-Door: key-1', 'X-Door: key-1'], { 'x-door': null }],
    [
      'beside credentials of others',
      ['X-Door: key-1', 'Authorization: Basic abc'],
      { authorization: 'Basic abc' },
    ],
  ])('%s', async (_, fields, wanted) => {
    const { x, answer, sent } = await ask(step({ user_header: 'X-Owner' }), [...fields, 'X-Owner: root'])
    expect(answer).toBeUndefined()
    expect(x.identity).toEqual({ via: 'api_key', name: 'shop', claims: {} })
    expect([sent('x-door'), sent('x-owner')]).toEqual([null, 'shop'])
    for (const [name, value] of Object.entries(wanted)) expect(sent(name)).toBe(value)
  })

  test('servers get it only where that is said', async () => {
    expect((await ask(step({ pass_credentials: true }), ['X-Door: key-1'])).sent('x-door')).toBe('key-1')
  })
})

test.each([
  ['no key', ['X-Other: key-1'], 401, 'credentials_missing'],
  ['one that is nobody’s', ['X-Door: key-5'], 401, 'credentials_wrong'],
  ['a hash in place of a key', [`X-Door: ${keyHash('key-1')}`], 401, 'credentials_wrong'],
  ['one that has expired', ['X-Door: key-3'], 401, 'credentials_wrong'],
  ['one for another rule', ['X-Door: key-4'], 403, 'denied'],
  ['two that differ', ['X-Door: key-1', 'X-Door: key-2'], 401, 'credentials_wrong'],
  ['another scheme', ['Authorization: Basic key-1'], 401, 'credentials_missing'],
  ['a key and more', ['X-Door: key-1 x'], 401, 'credentials_wrong'],
  ['64 KB', [`X-Door: ${'k'.repeat(65_536)}`], 401, 'credentials_wrong'],
  ['bytes beyond ASCII', ['X-Door: ké\u{1f511}y-1'], 401, 'credentials_wrong'],
] as const)('%s: refused', async (_, fields, status, fault) => {
  const { x, answer, sent } = await ask(step({ user_header: 'X-Owner' }), [...fields, 'X-Owner: root'])
  expect([answer?.status, answer?.fault]).toEqual([status, fault])
  expect(fieldOf(answer, 'WWW-Authenticate')).toBe(status === 401 ? 'Bearer realm="API"' : undefined)
  expect(sent('x-owner')).toBeNull()
  // Whose key was refused is known; the key itself stands nowhere.
  expect(x.identity?.name).toBe(status === 403 ? 'other' : undefined)
  expect(x.detail ?? '').not.toContain('key-')
})

test('in shadow mode all pass as they came', async () => {
  const { ground, counted } = worldOf()
  const { x, answer, sent } = await ask(step({ mode: 'shadow' }, ground), ['X-Door: key-5'])
  expect([answer, x.shadow, sent('x-door')]).toEqual([undefined, 'api_key', 'key-5'])
  expect(counted).toEqual(['shadow test api_key'])
})

test('the field that carries keys is hidden wherever requests are shown', async () => {
  step({ from: ['header X-Unheard-Of'] })
  const raw = { path: '/', headers: [['x-unheard-of', 'key-1']] }
  expect(hidden(raw as never)).toMatchObject({
    headers: [['x-unheard-of', '(hidden)']],
    hidden_headers: ['x-unheard-of'],
  })
})
