// What the gateway leans on in this Bun, beyond its manual: the server's side of TLS on a socket that was
// accepted in the clear.
import { afterEach, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { createSecureContext, connect as connectTls } from 'node:tls'
import type { Socket } from 'bun'
import { testCertificate } from '../support/certificate.ts'
import { waitFor } from '../support/wait.ts'

const open: { stop(force: boolean): void }[] = []
afterEach(() => open.splice(0).forEach((listener) => listener.stop(true)))

const pem = (): { cert: string; key: string } => {
  const { cert, key } = testCertificate()
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}

interface Seen {
  readonly events: string[]
  text: string
  socket: Socket<string> | null
}

/** A listener that upgrades what it accepts; `text` is what came decrypted. */
function upgrading(): { port: number; seen: Seen } {
  const native = createSecureContext(pem()).context as object
  const seen: Seen = { events: [], text: '', socket: null }
  const listener = Bun.listen<undefined>({
    hostname: '127.0.0.1',
    port: 0,
    allowHalfOpen: true,
    socket: {
      open(raw) {
        const options = {
          isServer: true,
          tls: { secureContext: native, ALPNProtocols: Buffer.from('\x01a\x01b') },
          data: 'first owner',
          socket: {
            handshake: (socket: Socket<string>, isDone: boolean) => {
              seen.events.push(`handshake ${isDone} ${socket.data}`)
              socket.data = 'second owner'
            },
            data: (socket: Socket<string>, bytes: Buffer) => {
              seen.text += bytes.toString()
              seen.events.push(`data ${socket.data}`)
            },
            end: () => void seen.events.push('end'),
            close: () => void seen.events.push('close'),
            drain() {},
          },
        }
        ;[, seen.socket] = raw.upgradeTLS<string>(
          options as unknown as Parameters<typeof raw.upgradeTLS<string>>[0],
        )
      },
      // No handler of data: what comes encrypted is told to nobody.
      drain() {},
    },
  })
  open.push(listener)
  return { port: listener.port, seen }
}

const client = (port: number, more: object = {}): ReturnType<typeof connectTls> =>
  connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, allowHalfOpen: true, ...more } as never)

test('a native context serves handshakes, with protocols in wire format, and its owner may change', async () => {
  const { port, seen } = upgrading()
  const socket = client(port, { ALPNProtocols: ['b', 'a'] })
  let answer = ''
  socket.on('data', (bytes: Buffer) => void (answer += bytes.toString()))
  socket.write('hello')
  await waitFor(() => seen.text === 'hello')
  expect(socket.alpnProtocol).toBe('a')
  expect(seen.events).toEqual(['handshake true first owner', 'data second owner'])
  seen.socket?.write('answer')
  await waitFor(() => answer === 'answer')
  expect(seen.socket?.remoteAddress).toBe('127.0.0.1')
  expect((seen.socket as unknown as { remotePort: number }).remotePort).toBe(socket.localPort as number)
  expect(seen.socket?.localPort).toBe(port)
  seen.socket?.terminate()
  await waitFor(() => seen.events.includes('close'))
  socket.destroy()
})

test('the end of a side leaves the other one to speak', async () => {
  const { port, seen } = upgrading()
  const socket = client(port)
  let answer = ''
  socket.on('data', (bytes: Buffer) => void (answer += bytes.toString()))
  socket.end('last words')
  await waitFor(() => seen.events.includes('end'))
  expect(seen.text).toBe('last words')
  seen.socket?.write('an answer')
  seen.socket?.shutdown()
  await waitFor(() => answer === 'an answer' && seen.events.includes('close'))
})

test('a handshake that fails is told, and its close too', async () => {
  const { port, seen } = upgrading()
  const plain = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {}, error() {} } })
  plain.write('GET / HTTP/1.1\r\n\r\n')
  await waitFor(() => seen.events.includes('close'))
  expect(seen.events).toEqual(['handshake false first owner', 'close'])
})

test('one that is broken off before is told as closed', async () => {
  const { port, seen } = upgrading()
  const plain = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {}, error() {} } })
  await waitFor(() => seen.socket)
  plain.terminate()
  await waitFor(() => seen.events.includes('close'))
})

test('a connection to a Unix socket where nobody listens fails before connect returns', async () => {
  const told: string[] = []
  const connected = Bun.connect({
    unix: '/nowhere/door',
    data: 'owner',
    socket: {
      data() {},
      connectError: (socket, error) => void told.push(`${socket.data} ${(error as { code?: string }).code}`),
    },
  })
  expect(told).toEqual(['owner ENOENT'])
  expect(connected).rejects.toThrow()
})
