// sluice explain by the file alone: what can be said of a request beside its URL.
import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { explain } from '../../../server/cli/explain.ts'
import type { Explained } from '../../../server/control/explain/explained.ts'
import { selfSigned } from '../../../server/tls/self-signed.ts'
import { saidBy } from '../../support/command.ts'

const cwd = mkdtempSync(join(tmpdir(), 'sluice-explain-'))
afterAll(() => rmSync(cwd, { recursive: true }))

writeFileSync(
  join(cwd, 'sluice.yaml'),
  `
listeners:
  web: { bind: "127.0.0.1:80" }
  secure: { bind: "127.0.0.1:443", protocol: https, certificates: [own] }
certificates: { own: { self_signed: true } }
rules:
  - name: office
    match: { path: /office, time: { days: [mon], from: "08:00", to: "18:00" } }
    respond: { status: 204 }
  - name: alice
    match: { tls: { client_certificate: { subject: "CN=alice,O=Acme", san: { prefix: "DNS:a" } } } }
    respond: { status: 204 }
  - name: a.example
    match: { tls: { client_certificate: { san: "DNS:a.example" } } }
    respond: { status: 204 }
  - name: shown
    match: { tls: { client_certificate: present, version: TLSv1.2 } }
    respond: { status: 204 }
  - name: secure
    match: { scheme: https, path: /s }
    respond: { status: 200, body: ok, headers: { X-Own: "1" } }
  - name: rest
    middleware:
      - ip: { deny: [192.0.2.0/24] }
      - headers: { request: { set: { X-Token: s3cret, X-Client: "{client_ip}" }, remove: [Cookie] }, response: { set: { X-Frame-Options: DENY }, remove: [Server] } }
    rewrite: { add_prefix: /v2 }
    backend: app
backends:
  app: { servers: [{ url: "http://10.0.0.1" }] }
`,
)

const said = (...args: readonly string[]) => saidBy((io) => explain(args, io), { cwd })
async function told(...args: readonly string[]): Promise<Explained> {
  const { out, err } = await said(...args, '--json')
  expect(err).toBe('')
  return JSON.parse(out) as Explained
}
const ruleOf = async (...args: readonly string[]): Promise<string | undefined> =>
  (await told(...args)).rule?.name

test('a request comes when it is said to come', async () => {
  expect(await ruleOf('http://a/office', '--time', '2026-11-30T09:00:00Z')).toBe('office')
  const late = await told('http://a/office', '--time', '2026-11-30T19:30:00+01:00')
  expect(late.rule?.name).toBe('rest')
  expect(late.trace?.candidates[0]?.unmet).toMatchObject([{ part: 'time', found: 'mon 18:30' }])
  expect((await said('http://a/', '--time', 'noon')).err).toContain('"noon" is no time such as 2026-')
})

test('what it speaks, its TLS and its certificate are as they are said to be', async () => {
  expect(await ruleOf('http://a/s')).toBe('rest')
  expect(await ruleOf('http://a/s', '--scheme', 'https')).toBe('secure')
  expect(await ruleOf('https://a/s')).toBe('secure')
  expect(await ruleOf('https://a/s', '--certificate', 'O=x, CN=y', '--tls', 'TLSv1.2')).toBe('shown')
  expect(await ruleOf('https://a/s', '--certificate', 'O=x, CN=y')).toBe('secure')
  expect(await ruleOf('https://a/x', '--tls', 'TLSv1.2,ECDHE-RSA-AES128-GCM-SHA256')).toBe('rest')
  writeFileSync(join(cwd, 'client.pem'), selfSigned(['a.example'], { nowMs: Date.now() }).cert)
  expect(await ruleOf('https://a/x', '--certificate', join(cwd, 'client.pem'))).toBe('a.example')
})

test('what cannot be so is told, and how it is written', async () => {
  const lines: string[] = []
  for (const args of [
    ['--scheme', 'ftp'],
    ['--tls', 'SSLv3'],
    ['--certificate', 'none.pem'],
    ['--certificate', join(cwd, 'sluice.yaml')],
  ])
    lines.push((await said('https://a/', ...args)).err)
  expect(lines).toEqual([
    expect.stringContaining('--scheme takes http or https'),
    expect.stringContaining('--tls takes TLSv1.2 or TLSv1.3'),
    expect.stringContaining('there is no none.pem'),
    expect.stringContaining('no certificate can be read from'),
  ])
  expect(await said('http://a/', '--tls', 'TLSv1.3')).toMatchObject({
    code: 1,
    err: 'sluice explain: TLS does not end at this listener\n',
  })
  expect(await said('https://a/', '--certificate', 'nobody=')).toMatchObject({
    code: 1,
    err: 'sluice explain: "nobody=" is no name such as "CN=alice,O=Acme"\n',
  })
})

test('an answer of ours is told with its fields, and one of a server with what steps add to it', async () => {
  const own = await told('https://a/s')
  expect(own.headers).toContainEqual(['X-Own', '1'])
  expect(own.headers).toContainEqual(['Content-Type', 'text/plain; charset=utf-8'])
  expect((await told('http://a/x')).headers).toEqual([['X-Frame-Options', 'DENY']])
  const { out } = await said('http://a/x')
  expect(out).toContain('answer      with X-Frame-Options: DENY\n')
  // What a server gets is told, and no secret of it.
  expect(out).toContain(
    'sent        as GET /v2/x; X-Token: (a secret, hidden); X-Client: 127.0.0.1; no cookie\n',
  )
  const { sent } = await told('http://a/x')
  expect(sent).toMatchObject({ target: '/v2/x', host: 'a', removed: ['cookie', 'x-token', 'x-client'] })
  // The step that refuses is reached, and the one behind it is not.
  const denied = await told('http://a/x', '--client', '192.0.2.7')
  expect([denied.status, denied.fault, denied.headers.map(([name]) => name)]).toEqual([
    403,
    'denied',
    ['Content-Type', 'Proxy-Status', 'Cache-Control', 'X-Content-Type-Options', 'Content-Length'],
  ])
})
