// What listeners that ask for certificates of clients lean on in this Bun, beyond its manual: nobody is
// refused in the handshake, and what was shown, what was found and what came along can be asked for, also in
// a session that was resumed.
import { afterEach, describe, expect, test } from 'bun:test'
import { createSecureContext, connect as connectTls, type TLSSocket } from 'node:tls'
import type { Socket } from 'bun'
import { Authority, type Issued } from '../support/authority.ts'
import { makePair } from '../support/pki.ts'
import { waitFor, within } from '../support/wait.ts'

const open: { stop(force: boolean): void }[] = []
afterEach(() => open.splice(0).forEach((listener) => listener.stop(true)))

const root = new Authority('Clients')
const between = new Authority('Between', root)
const alice = between.issue({ names: 'DNS:alice.example' })
const old = root.issue({ names: 'DNS:old.example', until: '20210101000000Z' })
const eve = new Authority('Strangers').issue({ names: 'DNS:eve.example' })
const [a, b] = [makePair(['a.example']), makePair(['b.example'])]

const contextOf = (options: object): object => createSecureContext(options as never).context as object
const ASKS = { requestCert: true, rejectUnauthorized: false }
const asking = (pair: object, ca: string): object => contextOf({ ...pair, ca, ...ASKS })

interface Shown {
  readonly isDone: boolean
  readonly subject: string | undefined
  readonly found: string | null
  readonly isResumed: boolean
  /** Common names from the client's certificate up. */
  readonly chain: readonly string[]
}
interface Link {
  readonly subject?: { readonly CN?: string }
  readonly issuerCertificate?: Link
}
type Decrypted = Omit<Socket<object>, 'getAuthorizationError' | 'getPeerCertificate'> & {
  getPeerX509Certificate(): { readonly subject: string } | undefined
  getAuthorizationError(): { readonly code?: string } | null
  getPeerCertificate(isShort: boolean): Link | undefined
  isSessionReused(): boolean
  setVerifyMode(asks: boolean, refuses: boolean): void
}

function chainOf(socket: Decrypted): string[] {
  const names: string[] = []
  for (let link = socket.getPeerCertificate(false); link?.subject; link = link.issuerCertificate) {
    names.push(link.subject.CN ?? '')
    if (link.issuerCertificate === link) break
  }
  return names
}

/** A listener whose handshakes begin with this context, and go on with another one for some names. */
function listening(
  base: object,
  asks: object,
  named?: (name: string, socket: Decrypted) => object | undefined,
) {
  const shown: Shown[] = []
  const listener = Bun.listen<undefined>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(raw) {
        const options = {
          isServer: true,
          tls: { secureContext: base, ...asks },
          data: {},
          socket: {
            serverName: (_: object, name: string, socket: Decrypted) => named?.(name, socket),
            handshake(socket: Decrypted, isDone: boolean) {
              shown.push({
                isDone,
                subject: socket.getPeerX509Certificate()?.subject,
                found: socket.getAuthorizationError()?.code ?? null,
                isResumed: socket.isSessionReused(),
                chain: chainOf(socket),
              })
            },
            data: (socket: Decrypted) => void socket.write('answer'),
            drain() {},
          },
        }
        raw.upgradeTLS(options as unknown as Parameters<typeof raw.upgradeTLS>[0])
      },
      drain() {},
    },
  })
  open.push(listener)
  return { port: listener.port, shown }
}

/** A whole connection; its session. */
async function visit(
  port: number,
  servername: string,
  own: Pick<Issued, 'cert' | 'key'> | null,
  more: object,
) {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false, servername, ...own, ...more }
  const socket: TLSSocket = connectTls(options as never, () => socket.write('ask'))
  let session: Buffer | undefined
  socket.on('session', (bytes: Buffer) => (session = bytes))
  socket.on('error', reject)
  socket.on('data', () => void waitFor(() => session ?? socket.getSession()).then(resolve))
  return within(promise, 'an answer').finally(() => socket.destroy())
}

const withIssuer = { cert: alice.cert + between.text, key: alice.key }

describe.each(['TLSv1.2', 'TLSv1.3'])('with %s', (version) => {
  const only = { minVersion: version, maxVersion: version }

  test('nobody is refused; what was shown and what stands against it is told, also when it is resumed', async () => {
    const { port, shown } = listening(asking(a, root.text), ASKS)
    const sessions: Buffer[] = []
    for (const own of [null, withIssuer, old, eve]) sessions.push(await visit(port, 'a.example', own, only))
    for (const session of sessions) await visit(port, 'a.example', null, { ...only, session })
    const expected = [
      { isDone: true, subject: undefined, found: 'UNABLE_TO_GET_ISSUER_CERT', chain: [] },
      {
        isDone: true,
        subject: 'CN=alice.example',
        found: null,
        chain: ['alice.example', 'Between', 'Clients'],
      },
      {
        isDone: true,
        subject: 'CN=old.example',
        found: 'CERT_HAS_EXPIRED',
        chain: ['old.example', 'Clients'],
      },
      {
        isDone: true,
        subject: 'CN=eve.example',
        found: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
        chain: ['eve.example'],
      },
    ]
    expect(shown).toEqual([
      ...expected.map((one) => ({ ...one, isResumed: false })),
      ...expected.map((one) => ({ ...one, isResumed: true })),
    ])
  })

  test('a name asks by itself, and its sessions are its own', async () => {
    const contextB = asking(b, root.text)
    const { port, shown } = listening(contextOf(a), {}, (name, socket) => {
      if (name !== 'b.example') return undefined
      socket.setVerifyMode(true, false)
      return contextB
    })
    const ofA = await visit(port, 'a.example', withIssuer, only)
    const ofB = await visit(port, 'b.example', withIssuer, { ...only, session: ofA })
    await visit(port, 'a.example', null, { ...only, session: ofB })
    await visit(port, 'b.example', null, { ...only, session: ofB })
    const subject = 'CN=alice.example'
    expect(shown.map((one) => [one.subject, one.isResumed])).toEqual([
      [undefined, false],
      [subject, false],
      [undefined, false],
      [subject, true],
    ])
  })

  test('a name may ask nobody where handshakes begin by asking', async () => {
    const { port, shown } = listening(asking(a, root.text), ASKS, (name, socket) => {
      if (name !== 'b.example') return undefined
      socket.setVerifyMode(false, false)
      return contextOf(b)
    })
    await visit(port, 'b.example', withIssuer, only)
    expect(shown.map(({ subject }) => subject)).toEqual([undefined])
  })
})

test('by TLS 1.3 who has shown between 33 and 64 KB gets no answer: both tickets hold it, and wait for that', async () => {
  const { port, shown } = listening(asking(a, root.text), ASKS)
  const only = { minVersion: 'TLSv1.3' }
  const names = Array.from({ length: 700 }, (_, i) => `${`n${i}`.padEnd(52, 'x')}.example`)
  const large = makePair(names)
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...large,
    ...only,
  } as never)
  socket.on('secureConnect', () => socket.write('ask'))
  socket.on('data', () => resolve('an answer'))
  socket.on('error', () => {})
  socket.on('close', () => resolve('closed'))
  expect(await within(promise, 'its end')).toBe('closed')
  expect(shown.map(({ isDone }) => isDone)).toEqual([true])
})
