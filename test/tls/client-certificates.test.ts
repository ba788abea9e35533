// Certificates of clients: who is let in, and who is told why not; on listeners of http and of tcp, with
// sessions that are resumed, and lists that change.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  alice,
  ask,
  bob,
  certify,
  dialTo,
  early,
  eve,
  expired,
  carol,
  folder,
  MtlsWorld,
  namesake,
  type Own,
  root,
  withIssuer,
} from '../support/mtls-world.ts'
import { adapted } from '../support/example-config.ts'
import { startGateway } from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { waitFor, within } from '../support/wait.ts'

let world: MtlsWorld
beforeAll(async () => {
  world = await MtlsWorld.start()
}, 60_000)
afterAll(() => world[Symbol.asyncDispose]())

const REFUSED = '403 client_certificate_'

describe('a client is let in or refused with the reason', () => {
  test.each([
    ['required', 'nobody', null, `${REFUSED}missing`],
    ['required', 'alice', alice, '200'],
    ['required', 'one that has expired', expired, `${REFUSED}expired`],
    ['required', 'one that is not valid yet', early, `${REFUSED}not_yet_valid`],
    ['required', 'one of a stranger', eve, `${REFUSED}unknown_issuer`],
    ['required', 'one by an issuer that comes along', withIssuer, '200'],
    ['required', 'one whose issuer does not come along', carol, `${REFUSED}unknown_issuer`],
    ['optional', 'nobody', null, '200'],
    ['optional', 'alice', alice, '200'],
    ['optional', 'one that has expired', expired, `${REFUSED}expired`],
    ['any', 'nobody', null, `${REFUSED}missing`],
    ['any', 'one of a stranger', eve, '200'],
    ['request', 'nobody', null, '200'],
    ['request', 'one of a stranger that is allowed', eve, '200'],
    ['request', 'one that is not', bob, `${REFUSED}denied`],
    ['revoking', 'alice', alice, '200'],
    ['revoking', 'one that is revoked', bob, `${REFUSED}revoked`],
    ['revoking', 'one that is revoked and bears the name of its issuer', namesake, `${REFUSED}revoked`],
    ['revoking', 'one by another issuer', withIssuer, '200'],
    ['stale', 'alice', alice, `${REFUSED}unchecked`],
    ['stale', 'one that is revoked', bob, `${REFUSED}revoked`],
    ['lenient', 'alice', alice, '200'],
    ['lenient', 'one that is revoked', bob, `${REFUSED}revoked`],
    ['allowed', 'alice, by name and subject', alice, '200'],
    ['allowed', 'bob, by his key', bob, '200'],
    ['allowed', 'carol', withIssuer, `${REFUSED}denied`],
    ['plain', 'nobody', null, '200'],
    ['plain', 'alice', alice, '200'],
  ] as const)('%s: %s', async (name, _, own, expected) => {
    expect(await world.visit(name, own)).toBe(expected)
  })
})

describe.each(['TLSv1.2', 'TLSv1.3'])('a session of %s that is resumed', (version) => {
  /** A session of a connection that was served. */
  async function sessionOf(name: string, own: Own, servername = 'a.example'): Promise<Buffer> {
    const socket = await world.dial(name, own, { version, servername })
    let session: Buffer | undefined
    socket.on('session', (bytes: Buffer) => (session = bytes))
    await ask(socket, servername)
    const found = await waitFor(() => session ?? (version === 'TLSv1.2' ? socket.getSession() : null))
    socket.destroy()
    return found
  }

  test('brings the certificate of its beginning', async () => {
    const session = await sessionOf('required', alice)
    const socket = await world.dial('required', null, { version, session })
    expect(socket.isSessionReused()).toBe(true)
    expect(await ask(socket)).toBe('200')
    socket.destroy()
    const chained = await sessionOf('revoking', withIssuer)
    const again = await world.dial('revoking', null, { version, session: chained })
    expect([again.isSessionReused(), await ask(again)]).toEqual([true, '200'])
    again.destroy()
  })

  test('of a listener or a name where none is asked for opens no other', async () => {
    const plain = await sessionOf('plain', null)
    const other = await world.dial('required', null, { version, session: plain })
    expect([other.isSessionReused(), await ask(other)]).toEqual([false, `${REFUSED}missing`])
    other.destroy()
    const off = await sessionOf('named', alice, 'a.example')
    const named = { version, session: off, servername: 'b.example' }
    const without = await world.dial('named', null, named)
    expect([without.isSessionReused(), await ask(without, 'b.example')]).toEqual([false, `${REFUSED}missing`])
    without.destroy()
    expect(await world.visit('named', alice, named)).toBe('200')
  })

  test('goes on for names of which the same is said, and opens none that has other issuers', async () => {
    const session = await sessionOf('named', alice, 'b.example')
    const found: unknown[] = []
    for (const servername of ['d.example', 'c.example']) {
      const again = await world.dial('named', null, { version, session, servername })
      found.push([again.isSessionReused(), await ask(again, servername)])
      again.destroy()
    }
    expect(found).toEqual([
      [true, '200'],
      [false, `${REFUSED}missing`],
    ])
  })

  test('is judged by the list of now, and so is a connection that is kept', async () => {
    const dave = certify(root, `DNS:dave-${version.toLowerCase()}.example`)
    const session = await sessionOf('revoking', dave)
    const kept = await world.dial('revoking', dave, { version })
    expect(await ask(kept)).toBe('200')
    root.revoke(dave.certFile)
    writeFileSync(join(folder, 'root.crl'), root.crl())
    await world.gateway.event('client_certificates_replaced')
    expect(await ask(kept)).toBe(`${REFUSED}revoked`)
    const again = await world.dial('revoking', null, { version, session })
    expect([again.isSessionReused(), await ask(again)]).toEqual([true, `${REFUSED}revoked`])
    for (const socket of [kept, again]) socket.destroy()
  })
})

describe('on a tcp listener', () => {
  /** What comes back; null: it was closed. */
  async function said(own: Own): Promise<string | null> {
    const { promise, resolve } = Promise.withResolvers<string | null>()
    const socket = await world.dial('tcp', own)
    socket.on('data', (bytes: Buffer) => resolve(bytes.toString()))
    socket.on('close', () => resolve(null))
    socket.on('error', () => resolve(null))
    socket.write('hello')
    const answer = await within(promise, 'an answer or an end')
    socket.destroy()
    return answer
  }

  test('who is good is joined to a server, others are ended, and the log says why', async () => {
    expect(await said(alice)).toBe('hello')
    expect(await said(withIssuer)).toBe('hello')
    for (const own of [null, bob, eve, expired]) expect(await said(own)).toBeNull()
    const lines = await waitFor(() => {
      const found = world.lines.filter(
        (line) => line['listener'] === 'tcp' && String(line['fault']).startsWith('client_certificate'),
      )
      return found.length >= 4 && found
    })
    expect(lines.map((line) => [line['fault'], line['detail'] ?? null])).toEqual([
      ['client_certificate_missing', null],
      [
        'client_certificate_revoked',
        expect.stringMatching(/^CN=bob\.example \(sha256 [0-9a-f]{64}\): it is revoked$/),
      ],
      ['client_certificate_unknown_issuer', expect.stringContaining('it is issued by CN=Strangers')],
      ['client_certificate_expired', expect.stringContaining('it expired on 2021-01-01')],
    ])
  })
})

test('the log says whose certificate it was that was let in, in exchanges and connections', async () => {
  expect(await world.visit('required', alice)).toBe('200')
  const of = (listener: string) =>
    waitFor(() => world.lines.find((line) => line['listener'] === listener && 'client_certificate' in line))
  const whose = 'O=Acme,CN=alice.example'
  expect(await of('required')).toMatchObject({ status: 200, client_certificate: whose })
  expect(await of('tcp')).toMatchObject({ protocol: 'TCP', client_certificate: whose })
  await world.visit('plain', alice)
  const plain = await waitFor(() => world.lines.find(({ listener }) => listener === 'plain'))
  expect(plain['client_certificate']).toBeUndefined()
})

test('the log and the metrics say whose certificate was refused, and why', async () => {
  await world.visit('required', eve)
  const line = await waitFor(() =>
    world.lines.find(
      ({ listener, fault }) => listener === 'required' && String(fault).endsWith('unknown_issuer'),
    ),
  )
  expect(line).toMatchObject({ status: 403, server: null, rule: null })
  expect(line['detail']).toMatch(
    /^O=Acme,CN=alice\.example \(sha256 [0-9a-f]{64}\): it is issued by CN=Strangers$/,
  )
  const metrics = await waitFor(async () => {
    const text = await (await fetch(`${world.gateway.admin}/metrics`)).text()
    return /client_certificates_total\{listener="required",result="expired"\}/.test(text) && text
  })
  for (const result of ['verified', 'none', 'unknown_issuer', 'expired', 'not_yet_valid'])
    expect(metrics).toContain(`lb_client_certificates_total{listener="required",result="${result}"}`)
})

test('files that change are taken live; one that is of no use changes nothing, and is told', async () => {
  writeFileSync(join(folder, 'stranger.pem'), 'nothing')
  const refused = await world.gateway.event('client_certificates_refused')
  expect(refused).toMatchObject({
    listener: 'named',
    why: expect.stringContaining('no certificate stands in it'),
  })
  expect(await world.visit('named', eve, { servername: 'c.example' })).toBe('200')
  const kept = await world.dial('named', eve, { servername: 'c.example' })
  expect(await ask(kept, 'c.example')).toBe('200')
  writeFileSync(join(folder, 'stranger.pem'), root.text)
  await world.gateway.event('client_certificates_replaced', ({ listener }) => listener === 'named')
  expect(await world.visit('named', alice, { servername: 'c.example' })).toBe('200')
  expect(await world.visit('named', eve, { servername: 'c.example' })).toBe(`${REFUSED}unknown_issuer`)
  expect(await ask(kept, 'c.example')).toBe(`${REFUSED}unknown_issuer`)
  kept.destroy()
})

needs('curl')('curl shows its certificate, and is told why another one is refused', async () => {
  const port = world.gateway.port('required')
  const curl = (...own: string[]): Promise<string> =>
    new Response(Bun.spawn(['curl', '-sk', ...own, `https://127.0.0.1:${port}/by-curl`]).stdout).text()
  expect(await curl('--cert', alice.certFile, '--key', alice.keyFile)).toBe('/by-curl')
  expect(JSON.parse(await curl())).toMatchObject({ status: 403, fault: 'client_certificate_missing' })
})

needs('openssl')('openssl is asked for a certificate of our issuers, by their names', async () => {
  const shown = (name: string): string => {
    const args = ['s_client', '-connect', `127.0.0.1:${world.gateway.port(name)}`, '-servername', 'a.example']
    const { stdout } = Bun.spawnSync(['openssl', ...args], { stdin: Buffer.from('') })
    return stdout.toString()
  }
  expect(shown('required')).toMatch(/Acceptable client certificate CA names\nCN = Clients/)
  for (const name of ['plain', 'any']) expect(shown(name)).toContain('No client certificate CA names sent')
  expect(shown('any')).toContain('Requested Signature Algorithms')
})

test('config/examples/client-certificates.yaml: the API is for known keys, the page for everybody', async () => {
  const config = adapted('client-certificates.yaml', {
    9001: { port: world.origin.port },
    9002: { port: world.origin.port },
    9003: { port: 1 },
  }).replace(/sha256\/[^"]+/, eve.pin)
  await using gateway = await startGateway({ config })
  const visit = async (own: Own, host: string): Promise<string> => {
    const socket = await dialTo(gateway.port('web'), own, { servername: host })
    return ask(socket, host).finally(() => socket.destroy())
  }
  expect(await visit(null, 'www.example.org')).toBe('200')
  expect(await visit(null, 'api.example.org')).toBe(`${REFUSED}missing`)
  expect(await visit(eve, 'api.example.org')).toBe('200')
  expect(await visit(alice, 'api.example.org')).toBe(`${REFUSED}denied`)
})
