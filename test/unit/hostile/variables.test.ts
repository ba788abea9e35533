// Values that nobody sends by mistake: none of them breaks a line, a URL, a page or a document.
import { describe, expect, test } from 'bun:test'
import type { Sink } from '../../../server/rules/template-escapes.ts'
import { template, urlTemplate, VALUE_CHARS_MAX } from '../../../server/rules/template.ts'
import { FAMILIES, VARIABLES } from '../../../server/rules/variables.options.ts'
import type { Told } from '../../../server/rules/variables.ts'
import { told } from '../../support/told.ts'

const HOSTILE = {
  'CR and LF': 'a\r\nSet-Cookie: b=c',
  'a lone LF': '\n',
  NUL: 'a\0b',
  'escape and delete': '\x1b[31m\x7f',
  '64 KB': 'x'.repeat(65_536),
  'bytes that are no UTF-8': '\xff\xfe\xc3',
  'half a letter': '\ud800',
  'a letter that ends in LF': 'Ċ',
  'separators of lines': '\u2028\u2029\u0085',
  markup: `"><script>alert('1')</script>&amp;\``,
  'another host': '//evil.example\\@x:80/../..?#',
  braces: '{host}{{client_ip}',
} as const

/** An exchange in which all that a client can choose is this, even what no head could hold. */
function exchangeOf(value: string): Told {
  const plain = told()
  const map = new Proxy(
    {},
    {
      has: () => true,
      get: () => value,
      getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value }),
    },
  )
  // Of a head each byte is one character.
  const bytes = Buffer.from(value, [...value].some((one) => one > '\xff') ? 'utf8' : 'latin1').latin1Slice()
  const cut = { certificate: null, facts: null, commonName: value, isGood: true }
  return {
    ...plain,
    id: value,
    rule: {
      name: 'rule',
      to: { is: 'respond' },
      captures: Object.assign(() => ({ x: bytes }), { ofHost: () => ({ x: bytes }) }),
    },
    request: {
      ...{ method: bytes, host: bytes, path: bytes, query: `x=${bytes}`, version: 11, edits: null },
      authority: plain.request.authority,
      get: () => bytes,
      values: (name: string) => [name === 'cookie' ? `x=${bytes}` : bytes],
    },
    client: {
      ...plain.client,
      tls: {
        serverName: value,
        version: 'TLSv1.3',
        cipher: 'X',
        protocol: null,
        isResumed: false,
        client: cut,
      },
    } as unknown as Told['client'],
    identity: { name: value, claims: map },
    server: { name: value, backend: 'api', authority: '10.0.0.1' },
  }
}

const NAMES = [...Object.keys(VARIABLES), ...Object.keys(FAMILIES).map((family) => `${family}.x`)]

const make = (sink: Exclude<Sink, 'authority' | 'path' | 'query' | 'fragment'>, value: string): string[] =>
  NAMES.map((name) => template(`<{${name}}>`, sink).filled(exchangeOf(value)))

describe.each(Object.entries(HOSTILE))('%s', (_, value) => {
  test('breaks no field', () => {
    for (const made of make('field', value)) expect(made).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/)
  })

  test('breaks no line of a text', () => {
    for (const made of make('text', value)) expect(made).not.toMatch(/[\0-\x08\x0a-\x1f\x7f]/)
  })

  test('ends nothing of a page', () => {
    for (const made of make('html', value)) {
      expect(made.slice(1, -1)).not.toMatch(/[<>"'`\0\x1b]/)
      expect(made.slice(1, -1).replaceAll(/&(?:amp|lt|gt|quot|#39|#96);/g, '')).not.toContain('&')
    }
  })

  test('stays one string of a JSON document', () => {
    for (const name of NAMES) {
      const made = template(`{"a":"{${name}}"}`, 'json').filled(exchangeOf(value))
      expect(made).not.toMatch(/[<\u2028\u2029\0-\x1f]/)
      expect(Object.keys(JSON.parse(made) as object)).toEqual(['a'])
    }
  })

  test('is one part of a URL', () => {
    for (const name of NAMES) {
      const exchange = exchangeOf(value)
      const inQuery = urlTemplate(`https://example.org/?a={${name}}&b=1`).filled(exchange)
      expect(inQuery).toMatch(/^[!-~]*$/)
      expect([...new URL(inQuery).searchParams.keys()]).toEqual(['a', 'b'])
      const isTarget = ['path', 'query', 'uri', 'path.x'].includes(name)
      const inPath = urlTemplate(`https://example.org/a/{${name}}`).filled(exchange)
      expect(inPath).toMatch(/^[!-~]*$/)
      expect(new URL(inPath).host).toBe('example.org')
      if (!isTarget) expect(inPath.slice('https://example.org/a/'.length)).not.toMatch(/[/?#\\]/)
    }
  })

  test('chooses no host', () => {
    for (const name of NAMES) {
      if (['host', 'path', 'uri'].includes(name)) continue // of hosts it was read; the others cannot stand there
      const made = urlTemplate(`https://{${name}}.example.org/`).filled(exchangeOf(value))
      expect(new URL(made.replace('//.', '//none.')).host).toEndWith('.example.org')
    }
  })
})

test('what is longer than 8 KiB counts as no value', () => {
  const of = (chars: number) =>
    template('{header.x}', 'field').whole(told({ fields: [`x: ${'a'.repeat(chars)}`] }))
  expect(of(VALUE_CHARS_MAX)).toHaveLength(VALUE_CHARS_MAX)
  expect(of(VALUE_CHARS_MAX + 1)).toBeNull()
})
