// What of TLS leads nowhere as a whole is warned of: each part of it is valid.
import { expect, test } from 'bun:test'
import { selfSigned } from '../../../server/tls/self-signed.ts'
import { linesOf } from './parse.ts'

const text = (listeners: string, certificates = 's: { self_signed: true }'): string => `
certificates: { ${certificates} }
listeners: { ${listeners} }
rules: [{ name: all, match: { listener: [${/^\s*(\w+)/.exec(listeners)?.[1]}] }, backend: app }]
backends: { app: { servers: [{ url: "http://a:1" }] } }`

const WEB = 'web: { bind: ":443", protocol: https, certificates: s }'
const acme = (challenge: string): string =>
  `s: { acme: { domains: a.org, agree_to_terms: true, challenge: ${challenge} } }`

test('a certificate that no listener names, and that one by ACME is obtained all the same', () => {
  expect(linesOf(text(WEB))).toEqual([])
  const [plain, byAcme, ...none] = linesOf(
    text(
      `${WEB}, plain: { bind: ":80", redirect_https: true }`,
      `s: { self_signed: true }, t: { self_signed: true }, u: { acme: { domains: a.org, agree_to_terms: true } }`,
    ),
  )
  expect(plain).toContain('certificates.t: warning: found certificate "t", which no listener names')
  expect(byAcme).toMatch(/certificates\.u: warning: .*; it is obtained and renewed all the same$/)
  expect(none).toEqual([])
})

test('two certificates of a listener that are for one name, and which of them is served', () => {
  const web = WEB.replace('certificates: s', 'certificates: [s, t, u]')
  const both = (t: string): string[] =>
    linesOf(
      text(
        web,
        `s: { self_signed: { names: [A.example, "*.b.example"] } }, t: { self_signed: { names: ${t} } }, u: { self_signed: true }`,
      ),
    )
  expect(both('[c.example, x.b.example]')).toEqual([])
  const [line, ...none] = both('[c.example, a.example.]')
  expect(line).toContain('web.certificates: warning: found "s" and "t", which are both for a.example')
  expect(line).toContain('; "s" is served for it, as it comes first')
  expect(none).toEqual([])
})

test('two certificates from files are compared by what stands in them', () => {
  const [one, other] = ['a.example', 'a.example'].map((name) => selfSigned([name], { nowMs: Date.now() }))
  const files = {
    '/etc/sluice/s.pem': one!.cert + one!.key,
    '/etc/sluice/t.pem': other!.cert + other!.key,
  }
  const web = WEB.replace('certificates: s', 'certificates: [t, s]')
  const words = 's: { cert: s.pem, key: s.pem }, t: { cert: t.pem, key: t.pem }'
  expect(linesOf(text(web, words), { files })).toEqual([
    expect.stringContaining('found "t" and "s", which are both for a.example'),
  ])
})

test.each(['a..b', '.a', '*..a'])('%s is no name that a certificate could be for', (name) => {
  const [line] = linesOf(text(WEB, `s: { self_signed: { names: "${name}" } }`))
  expect(line).toContain('allowed a name such as "dev.example.org"')
})

test.each(['a', 'a.b.', '*.a.b', '10.0.0.1', '::1', '2001:db8::7', '::ffff:10.0.0.1'])('%s is one', (name) =>
  expect(linesOf(text(WEB, `s: { self_signed: { names: "${name}" } }`))).toEqual([]),
)

test('max_age of hsts is in seconds', () => {
  const [line] = linesOf(text(WEB.replace('certificates: s', 'certificates: s, hsts: { max_age: 1y }')))
  expect(line).toEndWith('; write 31536000, in seconds')
})

test('a challenge for which the CA finds no listener', () => {
  const [http01, ...none] = linesOf(text(WEB, acme('http-01')))
  expect(http01).toContain(
    'certificates.s.acme.challenge: warning: found the challenge http-01, and no http listener',
  )
  expect(http01).toContain('plain: { bind: "0.0.0.0:80", redirect_https: true }')
  expect(none).toEqual([])
  const both = `${WEB}, plain: { bind: ":80", redirect_https: true }`
  for (const challenge of ['http-01', 'tls-alpn-01']) expect(linesOf(text(both, acme(challenge)))).toEqual([])
  const tcp = `web: { bind: ":80" }, db: { bind: ":5432", protocol: tcp, certificates: s, backend: db }`
  const found = linesOf(
    text(tcp, acme('tls-alpn-01')).replace('app:', 'db: { servers: [{ url: "tcp://a:1" }] }, app:'),
  )
  expect(found).toEqual([expect.stringContaining('found the challenge tls-alpn-01, and no https listener')])
})

test('a redirect to port 443 while https is elsewhere, unless the port is written', () => {
  const moved = (port: string, redirect: string): string[] =>
    linesOf(
      text(
        `web: { bind: "127.0.0.1:${port}", protocol: https, certificates: s }, p: { bind: ":80", redirect_https: ${redirect} }`,
      ),
    )
  const [line] = moved('8443', 'true')
  expect(line).toContain(
    'listeners.p.redirect_https: warning: found a redirect to port 443, where no https listener is',
  )
  expect(line).toContain('write redirect_https: { port: 8443 }, or { port: 443 }')
  expect(moved('8443', '{ status: 301 }')).toHaveLength(1)
  for (const redirect of ['{ port: 8443 }', '{ port: 443 }']) expect(moved('8443', redirect)).toEqual([])
  // Where it is, may be, or is none of ours.
  for (const port of ['443', '0']) expect(moved(port, 'true')).toEqual([])
  expect(linesOf(text('app: { bind: ":80", redirect_https: true }', ''))).toEqual([])
})

test('a protocol whose key is misspelt is heeded all the same, and nothing else is found wrong for it', () => {
  const lines = linesOf(text('web: { bind: ":443", protcol: https, certificates: s, hsts: true }'))
  expect(lines).toEqual([expect.stringMatching(/listeners\.web\.protcol: .*; did you mean "protocol"\?$/)])
})
