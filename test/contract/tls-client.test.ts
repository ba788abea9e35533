// What the gateway leans on in this Bun, beyond its manual: the client's side of TLS on a socket that was
// connected in the clear.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createSecureContext, getCACertificates } from 'node:tls'
import type { Socket, SocketHandler } from 'bun'
import { Authority } from '../support/authority.ts'
import { startOrigin, type Origin } from '../support/origin.ts'
import { TlsFront } from '../support/tls-front.ts'
import { waitFor } from '../support/wait.ts'

const authority = new Authority()
const ANSWER = 'HTTP/1.1 200 OK\r\n\r\nhello'
let origin: Origin
beforeAll(() => {
  origin = startOrigin(async ({ target }, reply) => {
    await reply.raw(ANSWER)
    if (target === '/end') reply.fin()
  })
})
afterAll(() => origin.kill())

interface WithTls {
  write(text: string): void
  terminate(): void
  setSession(session: Buffer): void
  getSession(): Buffer
  isSessionReused(): boolean
  getAuthorizationError(): { readonly code?: string } | null
  getPeerX509Certificate(): { subjectAltName: string; checkHost(name: string): string | undefined }
}

interface Seen {
  readonly events: string[]
  socket: WithTls | null
  under: { reload(options: object): void } | null
}

const trusting = createSecureContext({ ca: authority.text, minVersion: 'TLSv1.2' }).context as object

/** Connects, upgrades, and asks for a target once the handshake is over. */
function dial(port: number, target: string, more: { context?: object; session?: Buffer } = {}): Seen {
  const seen: Seen = { events: [], socket: null, under: null }
  const tell = (event: string): void => void seen.events.push(event)
  const decrypted = {
    open: (socket: WithTls) => more.session && socket.setSession(more.session),
    handshake(socket: WithTls, isDone: boolean, error: { code?: string; message?: string } | null) {
      seen.socket = socket
      tell(`handshake ${isDone} ${error?.code ?? ''}`.trimEnd())
      if (error?.code === 'EPROTO') tell(String(error.message))
      else socket.write(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
    },
    data: () => tell('data'),
    end: () => tell('end'),
    close: () => tell('close'),
    error: (_: unknown, error: Error) => tell(error.message),
    drain() {},
  }
  const tls = { secureContext: more.context ?? trusting, serverName: 'localhost', rejectUnauthorized: false }
  const socket = {
    open(raw: Socket) {
      const options = { tls, data: 'owner', socket: decrypted }
      const [under] = raw.upgradeTLS(options as never)
      seen.under = under
    },
    data: () => tell('raw'),
    drain() {},
    error() {},
  } as unknown as SocketHandler
  const options = { hostname: '127.0.0.1', port, allowHalfOpen: true, socket }
  void Bun.connect(options as never)
  return seen
}

const dataOf = ({ events }: Seen): boolean => events.includes('data')

test('a session that is taken behind data, and given in "open", is resumed with a context of its own kind', async () => {
  await using front = await TlsFront.start(origin.port, authority.issue({ names: 'DNS:localhost' }))
  const first = dial(front.port, '/')
  await waitFor(() => dataOf(first))
  const session = first.socket?.getSession() as Buffer
  const second = dial(front.port, '/', { session })
  await waitFor(() => dataOf(second))
  expect([first.socket?.isSessionReused(), second.socket?.isSessionReused()]).toEqual([false, true])
  expect(second.socket?.getAuthorizationError()).toBeNull()
  for (const { socket } of [first, second]) socket?.terminate()
})

test('what stands against a certificate is told, and ends nothing where we are to judge', async () => {
  const old = authority.issue({ names: 'DNS:localhost', until: '20210203000000Z' })
  await using front = await TlsFront.start(origin.port, old)
  const seen = dial(front.port, '/')
  await waitFor(() => dataOf(seen))
  expect(seen.socket?.getAuthorizationError()?.code).toBe('CERT_HAS_EXPIRED')
  const certificate = seen.socket?.getPeerX509Certificate()
  expect([certificate?.subjectAltName, certificate?.checkHost('localhost')]).toEqual([
    'DNS:localhost',
    'localhost',
  ])
  seen.socket?.terminate()
  const stranger = createSecureContext({ ca: new Authority('other').text }).context as object
  await using named = await TlsFront.start(origin.port, authority.issue({ names: 'DNS:other' }))
  const other = dial(named.port, '/', { context: stranger })
  await waitFor(() => dataOf(other))
  // Not that it is for another name, which is looked at by us.
  expect(other.socket?.getAuthorizationError()?.code).toMatch(/^UNABLE_TO_/)
  other.socket?.terminate()
})

test('ciphertext is told before what it brings, until the raw half has handlers without data', async () => {
  await using front = await TlsFront.start(origin.port, authority.issue({ names: 'DNS:localhost' }))
  const seen = dial(front.port, '/')
  await waitFor(() => dataOf(seen))
  expect(seen.events.slice(-2)).toEqual(['raw', 'data'])
  seen.events.length = 0
  seen.under?.reload({ socket: { drain() {}, error() {} } } as never)
  seen.socket?.write('GET /again HTTP/1.1\r\nHost: h\r\n\r\n')
  await waitFor(() => dataOf(seen))
  expect(seen.events).toEqual(['data'])
  seen.socket?.terminate()
})

test('an end that was said, and one that was cut, are told alike', async () => {
  await using front = await TlsFront.start(origin.port, authority.issue({ names: 'DNS:localhost' }))
  const said = dial(front.port, '/end')
  await waitFor(() => said.events.includes('end'))
  const cut = dial(front.port, '/')
  await waitFor(() => dataOf(cut))
  front.cut('fin')
  await waitFor(() => cut.events.includes('end'))
  const without = ({ events }: Seen): string[] => events.filter((event) => event !== 'raw')
  expect(without(cut)).toEqual(without(said))
  for (const { socket } of [said, cut]) socket?.terminate()
})

test('a handshake that fails says why in the words of BoringSSL', async () => {
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { data: (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') },
  })
  const seen = dial(server.port, '/')
  await waitFor(() => seen.events.includes('close'))
  expect(seen.events).toEqual([
    'raw',
    'handshake false EPROTO',
    expect.stringMatching(/^error:[0-9a-f]+:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER$/),
    'close',
  ])
  server.stop(true)
})

test('the issuers that the system trusts can be had, one by one', () => {
  const issuers = getCACertificates('system')
  for (const one of issuers.slice(0, 3)) expect(one).toStartWith('-----BEGIN CERTIFICATE-----')
})
