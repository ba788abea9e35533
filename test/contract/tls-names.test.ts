// What https listeners lean on in this Bun, beyond its manual: certificates by the name that a client asks
// for, tickets of one context for all of them, both kinds of keys for one name.
import { afterEach, describe, expect, test } from 'bun:test'
import { createSecureContext, connect as connectTls, type TLSSocket } from 'node:tls'
import type { Socket } from 'bun'
import { ptr } from 'bun:ffi'
import { libc } from '../../server/lib/native.ts'
import { makeIssuer, makePair } from '../support/pki.ts'
import { waitFor, within } from '../support/wait.ts'

const open: { stop(force: boolean): void }[] = []
afterEach(() => open.splice(0).forEach((listener) => listener.stop(true)))

type Context = object
const contextOf = (options: object): Context => createSecureContext(options).context as Context

const [a, b] = [makePair(['a.example']), makePair(['b.example'])]
const [contextA, contextB] = [contextOf(a), contextOf(b)]

interface Told {
  readonly asked: string[]
  readonly reused: boolean[]
}

/** A listener whose handshakes begin with `base()`. */
function upgrading(
  base: () => Context,
  byName: (name: string) => Context | undefined = () => undefined,
  onDone: (socket: { readonly fd: number }) => void = () => {},
) {
  const told: Told = { asked: [], reused: [] }
  const listener = Bun.listen<undefined>({
    hostname: '127.0.0.1',
    port: 0,
    allowHalfOpen: true,
    socket: {
      open(raw) {
        const options = {
          isServer: true,
          tls: { secureContext: base(), ALPNProtocols: Buffer.from('\x08http/1.1') },
          data: told,
          socket: {
            serverName(data: Told, name: string) {
              data.asked.push(name)
              return byName(name)
            },
            handshake(socket: Socket<Told>, isDone: boolean) {
              const { isSessionReused } = socket as unknown as { isSessionReused(): boolean }
              if (!isDone) return
              onDone(socket as unknown as { readonly fd: number })
              socket.data.reused.push(isSessionReused.call(socket))
            },
            data: (socket: Socket<Told>) => void socket.write('answer'),
            drain() {},
          },
        }
        raw.upgradeTLS<Told>(options as unknown as Parameters<typeof raw.upgradeTLS<Told>>[0])
      },
      drain() {},
    },
  })
  open.push(listener)
  return { port: listener.port, told }
}

interface Seen {
  readonly name: string | undefined
  readonly key: string | undefined
  readonly depth: number
  readonly session: Buffer
}

/** A whole connection; what was seen of the other side. */
async function visit(port: number, servername?: string, more: object = {}): Promise<Seen> {
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false, servername, ...more }
  const { promise, resolve, reject } = Promise.withResolvers<Seen>()
  const socket: TLSSocket = connectTls(options as never, () => socket.write('ask'))
  let session: Buffer | null = null
  socket.on('session', (bytes: Buffer) => (session = bytes))
  socket.on('error', reject)
  socket.on('data', () => {
    const shown = socket.getPeerCertificate(true)
    let depth = 1
    for (let at = shown; at.issuerCertificate && at.issuerCertificate !== at && depth < 5; depth++)
      at = at.issuerCertificate
    void waitFor(() => session ?? socket.getSession()).then((found) => {
      resolve({ name: shown.subject?.CN as string, key: shown.asn1Curve ?? 'rsa', depth, session: found })
      socket.destroy()
    })
  })
  return within(promise, 'an answer')
}

test('a handler tells the context for a name; it is not asked where the client gives none', async () => {
  const { port, told } = upgrading(
    () => contextA,
    (name) => (name === 'b.example' ? contextB : undefined),
  )
  expect((await visit(port, 'b.example')).name).toBe('b.example')
  expect((await visit(port, 'c.example')).name).toBe('a.example')
  expect((await visit(port)).name).toBe('a.example')
  expect(told.asked).toEqual(['b.example', 'c.example'])
})

test('a handler that throws, or gives a context without a certificate, refuses the handshake', async () => {
  const { port } = upgrading(
    () => contextA,
    () => {
      throw new Error('no')
    },
  )
  expect(visit(port, 'b.example')).rejects.toThrow()
  await visit(port)
})

describe.each(['TLSv1.2', 'TLSv1.3'])('a session of %s', (version) => {
  const only = { minVersion: version, maxVersion: version }

  test('is resumed as long as handshakes begin with the same context, whatever name they are for', async () => {
    const { port, told } = upgrading(
      () => contextA,
      () => contextB,
    )
    const { session } = await visit(port, 'b.example', only)
    await visit(port, 'b.example', { ...only, session })
    expect(told.reused).toEqual([false, true])
  })

  test('of another context leads to a whole handshake, and to no failure', async () => {
    const bases = [contextA, contextOf(a)]
    const { port, told } = upgrading(
      () => bases.shift()!,
      () => contextB,
    )
    const { session } = await visit(port, 'b.example', only)
    await visit(port, 'b.example', { ...only, session })
    expect(told.reused).toEqual([false, false])
  })
})

test('lists of chains and keys serve both kinds of keys for one name, each with its issuers', async () => {
  const between = makeIssuer('between', makeIssuer('root'))
  const [rsa, ec] = (['rsa', 'ec'] as const).map((kind) => makePair(['a.example'], { kind, issuer: between }))
  const both = contextOf({ cert: [rsa!.cert, ec!.cert], key: [rsa!.key, ec!.key] })
  const { port } = upgrading(() => both)
  const only = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }
  const byRsa = await visit(port, 'a.example', { ...only, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' })
  const byEcdsa = await visit(port, 'a.example', { ...only, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })
  expect([byRsa.key, byEcdsa.key, byRsa.depth, byEcdsa.depth]).toEqual(['rsa', 'prime256v1', 2, 2])
  expect((await visit(port, 'a.example')).key).toBe('prime256v1')
})

test('versions are those of the context that a handshake begins with, ciphers those of the one for the name', async () => {
  const modern = upgrading(
    () => contextOf({ ...a, minVersion: 'TLSv1.3' }),
    () => contextB,
  )
  expect(visit(modern.port, 'b.example', { maxVersion: 'TLSv1.2' })).rejects.toThrow()
  await visit(modern.port, 'b.example')
  const old = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }
  const ciphers = 'ECDHE-ECDSA-AES128-GCM-SHA256'
  const chosen = upgrading(
    () => contextOf({ ...a, ciphers }),
    (name) => (name === 'b.example' ? contextB : contextOf({ ...b, ciphers })),
  )
  expect(visit(chosen.port, undefined, old)).rejects.toThrow()
  expect(visit(chosen.port, 'c.example', old)).rejects.toThrow()
  await visit(chosen.port, 'b.example', old)
  await visit(chosen.port, 'c.example', { maxVersion: 'TLSv1.2' })
})

test('behind a handshake the kernel puts its acknowledgement off, unless it is told not to', async () => {
  const QUICKACK = 12
  const value = new Int32Array(1)
  const length = new Uint32Array([4])
  const isQuick = (fd: number): boolean => {
    libc().getsockopt(fd, 6, QUICKACK, ptr(value), ptr(length))
    return value[0] === 1
  }
  const seen: boolean[] = []
  const { port } = upgrading(
    () => contextA,
    undefined,
    ({ fd }) => {
      seen.push(isQuick(fd))
      value[0] = 1
      libc().setsockopt(fd, 6, QUICKACK, ptr(value), 4)
      seen.push(isQuick(fd))
    },
  )
  await visit(port)
  expect(seen).toEqual([false, true])
})
