// Hellos of real clients and made ones, however they are cut: what they ask for, and what is none.
import { expect, test } from 'bun:test'
import { HELLO_BYTES_MAX, readClientHello } from '../../../server/tls/client-hello.ts'
import { extension, hello, type HelloParts, inRecords, names, u16, vector } from '../../support/hello.ts'
import { helloOf, HELLOS, type HelloName } from '../../vectors/hellos.ts'

const read = (bytes: Uint8Array): ReturnType<typeof readClientHello> => readClientHello(bytes, bytes.length)
const made = (parts: HelloParts = {}): ReturnType<typeof readClientHello> => read(inRecords(hello(parts)))

const TLS_10 = 0x0301
const TLS_11 = 0x0302
const TLS_12 = 0x0303
const TLS_13 = 0x0304
const REAL: Record<HelloName, ReturnType<typeof readClientHello>> = {
  openssl: {
    serverName: 'www.example.org',
    alpn: ['h2', 'http/1.1'],
    versions: [TLS_13, TLS_12, TLS_11, TLS_10],
    hasHidden: false,
  },
  openssl12: { serverName: null, alpn: [], versions: [TLS_12], hasHidden: false },
  curl: {
    serverName: 'app.example.org',
    alpn: ['h2', 'http/1.1'],
    versions: [TLS_13, TLS_12, TLS_11, TLS_10],
    hasHidden: false,
  },
  chromium: {
    serverName: 'shop.example.org',
    alpn: ['h2', 'http/1.1'],
    versions: [TLS_13, TLS_12],
    hasHidden: true,
  },
}

test('what OpenSSL, curl and Chromium ask for', () => {
  for (const name of Object.keys(HELLOS) as HelloName[])
    expect({ ...(read(helloOf(name)) as object) }).toEqual(REAL[name] as object)
})

test('a hello that comes byte by byte is not whole before its last one, and nothing behind it counts', () => {
  for (const name of Object.keys(HELLOS) as HelloName[]) {
    const bytes = helloOf(name)
    const longer = Buffer.concat([bytes, Buffer.from([0xff, 0xff, 0xff])])
    for (let count = 0; count < bytes.length; count++) expect(readClientHello(longer, count)).toBe('more')
    expect(readClientHello(longer, longer.length)).toEqual(read(bytes))
  }
})

test('a hello in records of any size, the one of a browser as well', () => {
  for (const size of [1, 2, 3, 5, 64, 511]) {
    const bytes = inRecords(helloOf('chromium').subarray(5), size)
    expect(read(bytes)).toEqual(REAL.chromium)
    for (let count = 0; count < bytes.length; count += 7) expect(readClientHello(bytes, count)).toBe('more')
  }
})

test('who speaks something else is told by what it speaks', () => {
  const said = (text: string): unknown => read(Buffer.from(text, 'latin1'))
  expect(said('GET / HTTP/1.1\r\n')).toBe('plain_http')
  expect(said('PRI * HTTP/2.0\r\n')).toBe('plain_http')
  expect(said('GE')).toBe('more')
  expect(said('SSH-2.0-x\r\n')).toBe('not_tls')
  expect(said('ABCDEFGHIJKLMNOPQRSTUVWXYZ')).toBe('not_tls')
  expect(said('\x80\x2e\x01\x03\x01')).toBe('ssl_2')
  expect(said('\x80\x2e')).toBe('more')
  expect(said('\x80\x2e\x02')).toBe('not_tls')
  expect(said('\x15\x03\x01\0\x02\x02\x28')).toBe('not_tls')
  expect(said('\x16\x02')).toBe('not_tls')
  expect(said('')).toBe('more')
})

test('a hello that is too long is refused as soon as it says so, or once so much has come', () => {
  const long = inRecords(hello({ extensions: [extension(0xaaaa, Buffer.alloc(HELLO_BYTES_MAX))] }))
  expect(readClientHello(long, 9)).toBe('too_large')
  expect(readClientHello(long, 8)).toBe('more')
  const bytes = inRecords(hello())
  expect(readClientHello(bytes, 9, bytes.length)).toBe('more')
  expect(readClientHello(bytes, 9, bytes.length - 1)).toBe('too_large')
  // So many records that their heads alone are too much.
  const many = inRecords(hello(), 1)
  expect(readClientHello(many, many.length, many.length)).toMatchObject({ serverName: null })
  expect(readClientHello(many, many.length / 2, many.length / 2)).toBe('too_large')
})

test('names: lower case, without the last dot, and one only', () => {
  const named = (...all: Buffer[]): unknown => made({ extensions: [names(...all)] })
  const host = (name: string): Buffer =>
    Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name, 'latin1'))])
  expect(named(host('WWW.Example.ORG.'))).toMatchObject({ serverName: 'www.example.org' })
  expect(named(host('_x-1.example'))).toMatchObject({ serverName: '_x-1.example' })
  expect(named(host('a.example'), host('b.example'))).toBe('several_names')
  const other = Buffer.concat([Buffer.from([7]), vector(2, Buffer.from('?'))])
  expect(named(other, host('a.example'))).toMatchObject({ serverName: 'a.example' })
  for (const bad of ['', '.', 'a..b', '.a', 'a b', 'a\0b', 'ä.example', '*.example', 'a/b', 'x'.repeat(256)])
    expect(named(host(bad))).toBe('bad_name')
  expect(named()).toBe('malformed')
  expect(made({ extensions: [extension(0, Buffer.alloc(0))] })).toBe('malformed')
})

test('values that mean nothing (GREASE) are left out', () => {
  const versions = vector(1, Buffer.concat([u16(0x7a7a), u16(TLS_13), u16(0x0a1a)]))
  expect(made({ extensions: [extension(0x1a1a, Buffer.alloc(0)), extension(43, versions)] })).toMatchObject({
    versions: [TLS_13, 0x0a1a],
  })
})

test('a hello without extensions, as of old, is one', () => {
  expect(made({ extensions: null })).toMatchObject({ serverName: null, alpn: [], versions: [TLS_12] })
})

test('what breaks the form is refused', () => {
  const alpn = (...all: string[]): Buffer =>
    extension(16, vector(2, Buffer.concat(all.map((name) => vector(1, Buffer.from(name))))))
  expect(made({ extensions: [alpn('h2', '')] })).toBe('malformed')
  expect(made({ extensions: [alpn()] })).toBe('malformed')
  expect(made({ extensions: [alpn('h2'), alpn('h2')] })).toBe('malformed')
  expect(made({ extensions: [extension(16, Buffer.from([0, 9, 2, 1]))] })).toBe('malformed')
  expect(made({ extensions: [extension(43, vector(1, Buffer.from([3])))] })).toBe('malformed')
  expect(made({ extensions: [extension(43, vector(1, Buffer.alloc(0)))] })).toBe('malformed')
  expect(made({ session: Buffer.alloc(33) })).toBe('malformed')
  expect(made({ suites: Buffer.alloc(0) })).toBe('malformed')
  expect(made({ compressions: Buffer.alloc(0) })).toBe('malformed')
  expect(made({ behind: Buffer.from([1]) })).toBe('malformed')
  // Another message than a hello, an empty record, something else between two records of one.
  expect(read(inRecords(Buffer.from([2, 0, 0, 0])))).toBe('malformed')
  expect(read(Buffer.from([22, 3, 1, 0, 0]))).toBe('malformed')
  expect(read(Buffer.from([22, 3, 1, 0, 1, 1, 21]))).toBe('malformed')
  expect(read(Buffer.from([22, 3, 1, 0x40, 1, 1]))).toBe('malformed')
})
