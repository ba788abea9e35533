// Certificates of clients: who is asked, who is let in, what he and his server are told; as clients of the
// world show them, on listeners of http and of tcp, with sessions that are resumed, and lists that change.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { Authority, type Issued } from '../support/authority.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { waitFor, within } from '../support/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-clients-'))
const root = new Authority('Clients')
const between = new Authority('Between', root)
const stranger = new Authority('Strangers')

const certify = (by: Authority, names: string, more: object = {}): Issued => by.issue({ names, ...more })
const alice = certify(root, 'DNS:alice.example,URI:spiffe://a.example/ns/prod/alice', { more: '/O=Acme' })
const bob = certify(root, 'DNS:bob.example')
const expired = certify(root, 'DNS:old.example', { until: '20210101000000Z' })
const early = certify(root, 'DNS:early.example', { from: '20980101000000Z' })
const eve = certify(stranger, 'DNS:alice.example', { more: '/O=Acme' })
const carol = certify(between, 'DNS:carol.example')
const withIssuer = { cert: carol.cert + readFileSync(between.file, 'latin1'), key: carol.key }

let origin: Origin
let echo: ReturnType<typeof Bun.listen>
let gateway: Gateway

const listener = (client_certificate: object | undefined, more: object = {}): object => ({
  bind: '127.0.0.1:0',
  protocol: 'https',
  certificates: ['site'],
  backend: 'app',
  client_certificate,
  ...more,
})
const ca = 'ca.pem'
const words = (more: object = {}): Record<string, unknown> => ({
  certificates: { site: { self_signed: { names: ['a.example', 'b.example', 'c.example', 'd.example'] } } },
  listeners: {
    required: listener({ ca }),
    optional: listener({ mode: 'optional', ca }),
    any: listener({ mode: 'any', headers: 'both' }),
    request: listener({ mode: 1, ca, allow: [{ spki: alice.pin }, { spki: eve.pin }] }),
    revoking: listener({ ca: [ca, 'between.pem'], crl: ['root.crl', 'between.crl'] }),
    stale: listener({ ca, crl: 'stale.crl' }),
    lenient: listener({ ca, crl: 'stale.crl', expired_crl: 'use' }),
    allowed: listener({
      ca: [ca, 'between.pem'],
      allow: [{ san: 'spiffe://a.example/ns/prod/*', subject: 'O=Acme' }, { san: '*.nowhere' }, { spki: bob.pin }],
    }),
    named: listener({
      mode: 'off',
      ca,
      names: { 'b.example': { mode: 'required' }, 'd.example': { mode: 'required' }, 'c.example': { mode: 'required', ca: 'stranger.pem' } },
    }),
    plain: listener(undefined),
    behind: listener({ ca }, { trusted_proxies: ['127.0.0.1'] }),
    tcp: {
      bind: '127.0.0.1:0',
      protocol: 'tcp',
      certificates: ['site'],
      backend: 'echo',
      client_certificate: { ca: [ca, 'between.pem'], crl: ['root.crl', 'between.crl'] },
    },
    ...more,
  },
  backends: {
    app: { servers: [{ url: origin.url }] },
    echo: { servers: [{ url: `tcp://127.0.0.1:${echo.port}` }] },
  },
  logs: { access: { enabled: true, file: 'access.log' } },
})

beforeAll(async () => {
  origin = startOrigin((request, reply) => reply.send(200, request.target))
  echo = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: (socket, bytes) => void socket.write(bytes) } })
  writeFileSync(join(folder, 'ca.pem'), root.text)
  writeFileSync(join(folder, 'between.pem'), between.text)
  writeFileSync(join(folder, 'stranger.pem'), stranger.text)
  root.revoke(bob.certFile)
  writeFileSync(join(folder, 'root.crl'), root.crl())
  writeFileSync(join(folder, 'stale.crl'), root.crl('20210101000000Z'))
  writeFileSync(join(folder, 'between.crl'), between.crl())
  gateway = await startGateway({ folder, config: words() })
}, 60_000)
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
  echo.stop(true)
  rmSync(folder, { recursive: true, force: true })
})

interface Visit {
  readonly servername?: string
  readonly session?: Buffer | undefined
  readonly version?: string
}
type Own = { readonly cert: string; readonly key: string } | null

function dial(name: string, own: Own, { servername = 'a.example', session, version }: Visit = {}): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const socket = connect(
    {
      port: gateway.port(name),
      host: '127.0.0.1',
      rejectUnauthorized: false,
      servername,
      ...(session && { session }),
      ...(version && { minVersion: version, maxVersion: version }),
      ...(own && { cert: own.cert, key: own.key }),
    } as never,
    () => resolve(socket),
  )
  socket.on('error', reject)
  return within(promise, 'a handshake')
}

/** The answer to a request; its status and fault. */
async function ask(socket: TLSSocket, host = 'a.example', more = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  const take = (bytes: Buffer): void => {
    text += bytes.toString('latin1')
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Number.NaN)
    if (text.length - text.indexOf('\r\n\r\n') - 4 >= length) resolve(text)
  }
  socket.on('data', take)
  socket.on('close', () => reject(new Error(`closed behind ${JSON.stringify(text)}`)))
  socket.write(`GET /asked HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`)
  const answer = await within(promise, 'an answer')
  socket.off('data', take)
  const fault = /details="([a-z_]+)"/.exec(answer)?.[1]
  return `${answer.slice(9, 12)}${fault === undefined ? '' : ` ${fault}`}`
}

async function visit(name: string, own: Own, more: Visit & { readonly host?: string } = {}): Promise<string> {
  const socket = await dial(name, own, more)
  try {
    return await ask(socket, more.host ?? more.servername)
  } finally {
    socket.destroy()
  }
}

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
    expect(await visit(name, own)).toBe(expected)
  })
})
