import { describe, expect, test } from 'bun:test'
import type { Exchange } from '../../../server/http/exchange.ts'
import { parseConfig } from '../../../server/config/load.ts'
import { stepOf } from '../../support/step-world.ts'
import { exchange, responseOf } from './exchanges.ts'
import type { MiddlewareConfig } from '../../../server/middleware/middleware.options.ts'

/** The step as a config file would have it, its defaults filled in; or what is wrong with it. */
function checked(words: object): { step: MiddlewareConfig | null; problems: string[] } {
  const rules = [{ name: 'r', respond: {}, middleware: [{ security_headers: words }] }]
  const text = JSON.stringify({ listeners: { web: { bind: ':8080' } }, rules })
  const loaded = parseConfig('t.yaml', Buffer.from(text), {})
  if (!loaded.ok)
    return { step: null, problems: loaded.problems.map(({ message, hint }) => `${message} ${hint ?? ''}`) }
  return { step: loaded.config.rules[0]?.middleware[0] ?? null, problems: [] }
}

const over = (scheme: 'http' | 'https'): Exchange => {
  const x = exchange()
  return { ...x, client: { ...x.client, scheme } }
}

function answered(words: object, fields: readonly string[] = [], scheme: 'http' | 'https' = 'https') {
  const { step } = checked(words)
  const head = responseOf(...fields)
  stepOf(step as MiddlewareConfig).response?.(over(scheme), head, undefined)
  return (name: string): string | null => head.get(name)
}

describe('security_headers', () => {
  test('by itself says what breaks no page; HSTS to clients that speak https alone', () => {
    const get = answered({})
    expect(get('strict-transport-security')).toBe('max-age=31536000')
    expect(get('x-frame-options')).toBe('SAMEORIGIN')
    expect(get('x-content-type-options')).toBe('nosniff')
    expect(get('referrer-policy')).toBe('strict-origin-when-cross-origin')
    for (const name of ['content-security-policy', 'permissions-policy', 'cross-origin-opener-policy'])
      expect(get(name)).toBeNull()
    expect(answered({}, [], 'http')('strict-transport-security')).toBeNull()
    expect(answered({ hsts: false })('strict-transport-security')).toBeNull()
  })

  test('says all that is written', () => {
    const get = answered({
      hsts: { max_age: '730d', subdomains: true, preload: true },
      csp: "default-src 'self'",
      csp_report_only: 'img-src *',
      frame: 'deny',
      permissions: 'camera=()',
      coop: 'same-origin',
      coep: 'require-corp',
      corp: 'same-site',
    })
    expect(get('strict-transport-security')).toBe('max-age=63072000; includeSubDomains; preload')
    expect(get('content-security-policy')).toBe("default-src 'self'")
    expect(get('content-security-policy-report-only')).toBe('img-src *')
    expect(get('x-frame-options')).toBe('DENY')
    expect(get('permissions-policy')).toBe('camera=()')
    expect(get('cross-origin-opener-policy')).toBe('same-origin')
    expect(get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(get('cross-origin-resource-policy')).toBe('same-site')
    const none = answered({ frame: 'off', nosniff: false, referrer: 'off' })
    for (const name of ['x-frame-options', 'x-content-type-options', 'referrer-policy'])
      expect(none(name)).toBeNull()
  })

  test('what a server says itself stays, unless ours take its place; what tells of it goes', () => {
    const fields = ['Server: nginx/1.2', 'X-Powered-By: PHP', 'X-Frame-Options: ALLOW-FROM a', 'X-Kept: 1']
    const get = answered({}, fields)
    expect([get('server'), get('x-powered-by'), get('x-frame-options'), get('x-kept')]).toEqual([
      null,
      null,
      'ALLOW-FROM a',
      '1',
    ])
    expect(answered({ replace: true }, fields)('x-frame-options')).toBe('SAMEORIGIN')
    expect(answered({ remove: ['X-Kept'] }, fields)('server')).toBe('nginx/1.2')
  })

  test.each([
    [{ hsts: { preload: true } }, 'found preload without subdomains'],
    [
      { hsts: { preload: true, subdomains: true, max_age: '30d' } },
      'found preload with a max_age below 365d',
    ],
    [{ remove: ['Content-Length'] }, 'found the field "Content-Length"'],
    [{ csp: "default-src 'self'\r\nX-Evil: 1" }, 'one line of text without control characters'],
    [{ csp: 'a\0b' }, 'one line of text without control characters'],
    [{ csp: 'x'.repeat(65_536) }, 'at most 8192 characters'],
    [{ permissions: 'snow☃' }, 'one line of text without control characters'],
    [{ frame: 'allow' }, 'deny'],
    [{ xss_protection: '1' }, 'write csp'],
    [{ hsts: true }, 'write {} for the defaults'],
  ])('%j is told with what is allowed', (words, wanted) => {
    expect(checked(words).problems.join('\n')).toContain(wanted)
  })
})
