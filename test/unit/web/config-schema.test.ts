import { expect, test } from 'bun:test'
import { configSchema } from '../../../server/config/schema-json.ts'
import { type Formed, type Schema, schemaOf } from '../../../web/data/config-schema.ts'
import { kindOf } from '../../../web/parts/schema-fields.ts'

const document = configSchema() as Parameters<typeof schemaOf>[0]
const field = (schema: Schema, ...path: readonly string[]): Schema =>
  path.reduce<Schema>((of, name) => (of.items ?? of).properties?.[name] ?? {}, schema)

test('each protocol has the fields of its own listeners', () => {
  const names = (protocol: string) => Object.keys(schemaOf(document, 'listener', protocol).properties ?? {})
  expect(names('http')).toContain('redirect_https')
  expect(names('https')).toContain('hsts')
  expect(names('tcp')).not.toContain('hsts')
  expect(names('udp')).toContain('responses')
  expect(names('turn')).toContain('realm')
})

test('durations, sizes, choices and numbers are what they are, though ${…} may stand for each of them', () => {
  const listener = schemaOf(document, 'listener', 'http')
  const kind = (...path: readonly string[]) => kindOf(field(listener, ...path), undefined)
  expect(kind('timeouts', 'head')).toEqual({ is: 'amount', of: 'duration' })
  expect(kind('limits', 'body')).toEqual({ is: 'amount', of: 'size' })
  expect(kind('limits', 'connections')).toEqual({ is: 'number', isInteger: true })
  expect(kind('steer')).toEqual({ is: 'choice', words: ['off', 'client_address'] })
  expect(kind('trusted_proxies')).toEqual({ is: 'texts' })
})

test('what is said of a field stays with it', () => {
  const connections = field(schemaOf(document, 'listener', 'http'), 'limits', 'connections')
  expect(connections.default).toBe(16_384)
  expect(connections.description).toContain('client connections')
  expect(connections.minimum).toBe(1)
})

test('nothing of a form refers elsewhere', () => {
  for (const of of ['listener', 'backend', 'server', 'rule', 'step'] as const satisfies readonly Formed[])
    expect(JSON.stringify(schemaOf(document, of))).not.toContain('$ref')
})

test('one or several is a list, which one alone is as well', () => {
  const status = field(schemaOf(document, 'backend'), 'health_check', 'expect', 'status')
  const kind = (value?: unknown) => kindOf(status, value).is
  expect([kind(), kind('2xx'), kind(204), kind([200, '300-399'])]).toEqual([
    'texts',
    'texts',
    'texts',
    'texts',
  ])
  expect(kind({ from: 200 })).toBe('json')
})

test('a key that says the same as another has no field', () => {
  const retry = field(schemaOf(document, 'backend'), 'retry')
  const names = Object.keys(retry.properties ?? {})
  expect(names).toContain('attempts')
  expect(names).not.toContain('max_retries')
})
