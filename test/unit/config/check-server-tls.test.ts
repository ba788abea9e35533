// TLS with servers: what stands against it is found before anything is served.
import { describe, expect, test } from 'bun:test'
import { Authority, issued } from '../../support/authority.ts'
import { configOf, linesOf } from './parse.ts'

const authority = new Authority()
const own = authority.issue({ names: 'DNS:gateway' })
const other = authority.issue({ names: 'DNS:other' })
const old = authority.issue({ names: 'DNS:old', until: '20210203000000Z' })
const files = {
  '/etc/sluice/ca.pem': authority.text,
  '/etc/sluice/own.pem': own.cert,
  '/etc/sluice/own.key': own.key,
  '/etc/sluice/other.key': other.key,
  '/etc/sluice/old.pem': old.cert,
  '/etc/sluice/old.key': old.key,
  '/etc/sluice/words.pem': 'no certificate',
}

const withTls = (tls: string, url = 'https://a'): string =>
  `listeners: { web: { bind: ":80", backend: a } }\nbackends: { a: { servers: [{ url: "${url}" }], tls: { ${tls} } } }`
const told = (tls: string, url?: string): string[] =>
  linesOf(withTls(tls, url), { files }).map((line) => line.replace(/^\S+ backends\.a\./, ''))

test('is verified unless somebody says otherwise, and its port is 443', () => {
  const { tls } = configOf(withTls(''), { files }).backends['a']!
  expect(tls).toEqual({ verify: true, ca: [], pin: [], min_version: 'TLSv1.2', resume: true })
  expect(
    configOf(withTls('ca: ca.pem, cert: own.pem, key: own.key'), { files }).backends['a']?.tls,
  ).toMatchObject({
    ca: ['/etc/sluice/ca.pem'],
    cert: '/etc/sluice/own.pem',
  })
})

test('two ways to write one server are one server', () => {
  const text =
    'listeners: { web: { bind: ":80", backend: a } }\nbackends: { a: { servers: [{ url: "https://a" }, { url: "https://A:443" }] } }'
  expect(linesOf(text)).toHaveLength(1)
})

describe('what is told', () => {
  test('skip_verify, as others call it', () => {
    for (const key of ['skip_verify', 'insecure_skip_verify', 'insecureSkipVerify'])
      expect(told(`${key}: true`)[0]).toEndWith('; verify: false takes any certificate')
  })

  test.each<[tls: string, lines: string[]]>([
    [
      'cert: own.pem',
      [
        'tls.cert: found "cert" without "key", allowed both, or neither; they are what servers are shown that want a certificate',
      ],
    ],
    [
      'key: own.key',
      [
        'tls.key: found "key" without "cert", allowed both, or neither; they are what servers are shown that want a certificate',
      ],
    ],
    [
      'cert: own.pem, key: other.key',
      [
        'tls.key: found "other.key", the key of another certificate, allowed that of the first one in "own.pem"',
      ],
    ],
    [
      'cert: old.pem, key: old.key',
      [
        'tls.cert: warning: found "old.pem", which expired on 2021-02-03, allowed a certificate that is valid now; clients refuse it',
      ],
    ],
    [
      'ca: words.pem',
      [
        'tls.ca: found "words.pem", without a certificate in it, allowed a certificate and those of its issuers, in PEM',
      ],
    ],
    [
      'ca: [ca.pem, words.pem]',
      [
        'tls.ca[1]: found "words.pem", without a certificate in it, allowed a certificate and those of its issuers, in PEM',
      ],
    ],
    [
      'ca: old.pem',
      [
        'tls.ca: warning: found "old.pem", where all have expired, allowed issuers that are valid now; servers with their certificates are refused',
      ],
    ],
    [
      'ca: ca.pem, verify: false',
      [
        'tls.ca: warning: found "ca" beside "verify: false", allowed one of the two; no certificate is held against it',
      ],
    ],
    [
      'pin: "sha256/abc"',
      [
        'tls.pin: found "sha256/abc", allowed "sha256/" and the SHA-256 of a public key in base64, 44 characters',
      ],
    ],
    [
      'server_name: "https://b.example/"',
      [
        'tls.server_name: found "https://b.example/", allowed the name of a host, such as "app.example.org", or an address; write "b.example"',
      ],
    ],
    ['min_version: TLSv1.1', ['tls.min_version: found "TLSv1.1", allowed one of TLSv1.2, TLSv1.3']],
  ])('%s', (tls, lines) => {
    const found = told(tls)
    expect(found).toHaveLength(lines.length)
    for (const [place, line] of lines.entries()) expect(found[place]).toStartWith(line)
  })

  test('a pin in other spellings', () => {
    const { pin } = issued(own.certFile, own.keyFile)
    const hex = Buffer.from(pin.slice('sha256/'.length), 'base64').toString('hex')
    for (const written of [pin.slice('sha256/'.length), hex])
      expect(told(`pin: "${written}"`)[0]).toEndWith(`write "${pin}"`)
    expect(told(`pin: "${pin}"`)).toEqual([])
  })

  test('words on TLS beside servers that are spoken to without it', () => {
    expect(told('verify: true', 'http://a')).toEqual([
      'tls: found "tls" beside servers that are spoken to without it, as http://a, allowed "tls" with servers whose URL begins with "https://" or "tls://"; write url: "https://a", or leave "tls" out',
    ])
  })

  test('a file that is not there', () => {
    expect(told('ca: gone.pem')[0]).toStartWith('tls.ca: found "gone.pem", which cannot be read')
  })
})
