// What is asked of clients' certificates: what stands against it is found before anything is served.
import { describe, expect, test } from 'bun:test'
import { Authority } from '../../support/authority.ts'
import { configOf, linesOf } from './parse.ts'

const authority = new Authority('Clients')
const files = {
  '/etc/sluice/ca.pem': authority.text,
  '/etc/sluice/good.crl': authority.crl(),
  '/etc/sluice/old.crl': authority.crl('20210203000000Z'),
  '/etc/sluice/strange.crl': new Authority('Strangers').crl(),
  '/etc/sluice/words.pem': 'no certificate',
}
const certificates = 'certificates: { site: { self_signed: true } }'
const backends = 'backends: { a: { servers: [{ url: "http://a" }] }, t: { servers: [{ url: "tcp://a:1" }] } }'
const asking = (words: string, listener = 'protocol: https, certificates: site, backend: a'): string =>
  `${certificates}\nlisteners: { web: { bind: ":443", ${listener}, client_certificate: { ${words} } }, db: { bind: ":5432", protocol: tcp, backend: t }, plain: { bind: ":80", backend: a } }\n${backends}`
const told = (words: string): string[] =>
  linesOf(asking(words), { files }).map((line) => line.replace(/^\S+ listeners\.web\.client_certificate/, ''))

const modeOf = (word: string): unknown => {
  const { web } = configOf(asking(`mode: ${word}, ca: ca.pem`), { files }).listeners
  return web?.protocol === 'https' && web.client_certificate?.mode
}

test.each([
  ['required', 'required'],
  ['optional', 'optional'],
  ['any', 'any'],
  ['request', 'request'],
  ['4', 'required'],
  ['3', 'optional'],
  ['2', 'any'],
  ['1', 'request'],
  ['"4"', 'required'],
])('the mode %s is %s', (written, mode) => {
  expect(modeOf(written)).toBe(mode)
})

test('what is no map is told what one holds', () => {
  for (const said of ['true', ''])
    expect(linesOf(asking('').replace('{  }', said), { files }).at(-1)).toEndWith(
      'allowed a map; write { ca: clients-ca.pem }, the issuers whose clients are trusted',
    )
})

test('one must be good where nothing else is written, and what is left out of a name is that of the listener', () => {
  const { web } = configOf(asking('ca: ca.pem, names: { "*.a.example": {} }'), { files }).listeners
  expect(web).toMatchObject({
    client_certificate: {
      mode: 'required',
      ca: ['/etc/sluice/ca.pem'],
      crl: [],
      expired_crl: 'refuse',
      headers: 'x-client-cert',
      names: { '*.a.example': { ca: [], crl: [] } },
    },
  })
})

describe('what is told', () => {
  test.each<[words: string, said: string[]]>([
    ['', ['no "ca"']],
    ['mode: any', []],
    ['mode: off', ['of which none is asked']],
    ['mode: off, names: { a.example: { ca: ca.pem } }', ['of which none is asked']],
    ['mode: off, names: { a.example: { mode: required } }', ['.names["a.example"]: found no "ca"']],
    ['mode: off, ca: ca.pem, names: { a.example: { mode: required } }', []],
    ['mode: 5, ca: ca.pem', ['or its number in Go, 0 to 4']],
    ['mode: on, ca: ca.pem', ['write "required"']],
    ['mode: optional_no_ca, ca: ca.pem', ['write "request"']],
    ['ca: words.pem', ['without a certificate in it']],
    ['ca: gone.pem', ['which cannot be read']],
    ['ca: ca.pem, crl: good.crl', []],
    ['ca: ca.pem, crl: words.pem', ['no list of revoked certificates stands in it']],
    ['ca: ca.pem, crl: gone.crl', ['which cannot be read']],
    [
      'ca: ca.pem, crl: [good.crl, strange.crl]',
      ['.crl[1]: found "strange.crl", a list of CN=Strangers, signed by none of the issuers'],
    ],
    ['ca: ca.pem, crl: old.crl', ['where the list of CN=Clients expired on 2021-02-03']],
    ['mode: any, crl: good.crl', ['without "ca"']],
    ['ca: ca.pem, allow: [{}]', ['.allow[0]']],
    ['ca: ca.pem, allow: [{ san: "DNS:a.example" }]', ['write "a.example"']],
    ['ca: ca.pem, allow: [{ san: "spiffe://a*" }]', ['"*" stands only at the end, behind "/"']],
    ['ca: ca.pem, allow: [{ subject: alice }]', ['write "CN=alice"']],
    ['ca: ca.pem, allow: [{ subject: "/O=Acme/CN=alice" }]', ['write "O=Acme, CN=alice"']],
    ['ca: ca.pem, allow: [{ cn: alice }]', ['write subject: "CN=alice"']],
    ['ca: ca.pem, verify: required', ['it is called "mode"']],
    ['ca: ca.pem, names: { "a b": {} }', ['a host name']],
  ])('of %j', (words, said) => {
    const lines = told(words)
    expect(lines).toHaveLength(said.length)
    for (const [place, text] of said.entries()) expect(lines[place]).toContain(text)
  })

  test('where TLS does not end', () => {
    const tcp = linesOf(asking('ca: ca.pem', 'protocol: tcp, backend: t'), { files })
    expect(tcp.join('\n')).toContain('certificates of clients where TLS does not end')
    const named = 'ca: ca.pem, names: { status.example: { mode: off } }'
    const open = linesOf(asking(named, 'protocol: tcp, certificates: site, backend: t'), { files })
    expect(open).toEqual([
      expect.stringContaining(
        'client_certificate.names: found names on a listener of tcp, which leads to one backend whatever a client asks for',
      ),
    ])
    const plain = linesOf(asking('ca: ca.pem', 'backend: a'), { files })
    expect(plain.join('\n')).toContain('it needs "protocol: https"')
  })
})
