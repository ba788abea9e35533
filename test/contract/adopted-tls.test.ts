// What the gateway leans on in this Bun, beyond its manual: a connection that stands is taken by its
// descriptor, at once and unread, and TLS is spoken on it as its server.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { bunSockets } from '../../server/sockets/bun/bun-sockets.ts'
import { libc } from '../../server/lib/native.ts'
import { listeningFd } from '../../server/sockets/open-listening.ts'
import { localName } from '../../server/sockets/socket-ends.ts'
import { testCertificate } from '../support/certificate.ts'
import { waitFor, within } from '../support/wait.ts'

/** A connection whose other end is a descriptor that nobody reads. */
async function joined(): Promise<{ client: ReturnType<typeof connectTcp>; fd: number; port: number }> {
  const listening = listeningFd({ hostname: '127.0.0.1', port: 0 })
  libc().listen(listening, 16)
  const port = localName(listening)?.port ?? 0
  const client = connectTcp({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  await within(new Promise((resolve) => client.once('connect', resolve)), 'a connection')
  const fd = libc().accept4(listening, null, null, 0x800 | 0x80000)
  libc().close(listening)
  return { client, fd, port }
}

test.if(process.platform === 'linux')(
  'what came before it was taken is in the handshake; both ends say theirs apart; its descriptor is closed with it',
  async () => {
    const { client, fd, port } = await joined()
    const { cert, key } = testCertificate()
    const tls = connectTls({ socket: client, rejectUnauthorized: false, allowHalfOpen: true } as never)
    tls.write('with the first flight')
    // The hello is in the kernel before anybody takes the descriptor.
    const byte = new Uint8Array(1)
    await waitFor(() => libc().recv(fd, Buffer.from(byte.buffer) as never, 1, 0x42) === 1)
    const adopted = bunSockets.adopt(fd)
    expect(adopted.fd).toBe(fd)
    expect(adopted.localPort).toBe(port)
    const events: string[] = []
    let text = ''
    const [, server] = adopted.native.upgradeTLS<string>({
      isServer: true,
      tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') },
      data: '',
      socket: {
        handshake: (_: unknown, isDone: boolean) => void events.push(`handshake ${isDone}`),
        data: (_: unknown, bytes: Buffer) => void (text += bytes.toString()),
        end: () => void events.push('end'),
        close: () => void events.push('close'),
        drain() {},
      },
    } as never)
    await waitFor(() => text === 'with the first flight')
    let answer = ''
    tls.on('data', (bytes: Buffer) => void (answer += bytes.toString()))
    tls.end()
    await waitFor(() => events.includes('end'))
    server.write('after its end')
    await waitFor(() => answer === 'after its end')
    server.shutdown()
    await waitFor(() => events.includes('close'))
    expect(events).toEqual(['handshake true', 'end', 'close'])
    expect(localName(fd)).toBeNull()
  },
)
