// UDP, TCP and TLS as the client has them, on real sockets.
import { afterEach, expect, test } from 'bun:test'
import { Address } from '../../../../server/lib/address.ts'
import type { Link, LinkFailure, LinkSink } from '../../../../server/cli/turn/link.ts'
import { openLink } from '../../../../server/cli/turn/open-link.ts'
import type { ClientTransport } from '../../../../server/lib/turn-url.ts'
import { testCertificate } from '../../../support/certificate.ts'
import { freePort } from '../../../support/kernel.ts'
import { waitFor } from '../../../support/wait.ts'

const STUN = Buffer.from('000100002112a442000102030405060708090a0b', 'hex')
const DATA = Buffer.from('4000000568656c6c6f000000', 'hex')

class Heard implements LinkSink {
  readonly messages: string[] = []
  foreign: string | null = null
  refused = 0
  closed: string | null = null
  onMessage(bytes: Uint8Array): void {
    this.messages.push(bytes.toHex())
  }
  isChannel(channel: number): boolean {
    return channel === 0x4000
  }
  onForeign(bytes: Uint8Array): void {
    this.foreign = Buffer.from(bytes).toString('latin1')
  }
  onRefused(): void {
    this.refused++
  }
  onClose(why: string): void {
    this.closed = why
  }
}

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server that keeps its connections and what it gets. */
function listen(tls = false) {
  const { cert, key } = testCertificate()
  const sockets: Bun.Socket[] = []
  const got: Buffer[] = []
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    ...(tls && { tls: { cert: Bun.file(cert), key: Bun.file(key) } }),
    socket: {
      open: (socket) => void sockets.push(socket),
      data: (_socket, bytes) => void got.push(Buffer.from(bytes)),
      error() {},
    },
  })
  closers.push(() => server.stop(true))
  return { port: server.port, sockets, got: () => Buffer.concat(got) }
}

async function open(
  transport: ClientTransport,
  port: number,
  sink: LinkSink,
  timeoutMs = 3000,
): Promise<Link | LinkFailure> {
  const address = Address.parse('127.0.0.1', port)!
  const link = await openLink({ transport, address, serverName: 'localhost' }, sink, timeoutMs)
  if (!('failure' in link)) closers.push(() => link.close())
  return link
}

async function opened(transport: ClientTransport, port: number, sink: LinkSink): Promise<Link> {
  const link = await open(transport, port, sink)
  if ('failure' in link) throw new Error(link.detail)
  return link
}

test('a stream is cut into messages, wherever the network cuts it', async () => {
  const [server, heard] = [listen(), new Heard()]
  await opened('tcp', server.port, heard)
  const socket = await waitFor(() => server.sockets[0])
  const bytes = Buffer.concat([STUN, DATA, STUN])
  for (const byte of bytes) {
    socket.write(Uint8Array.of(byte))
    socket.flush()
  }
  await waitFor(() => heard.messages.length === 3)
  expect(heard.messages).toEqual([STUN, DATA, STUN].map((message) => message.toString('hex')))
  socket.write(bytes)
  await waitFor(() => heard.messages.length === 6)
  expect(heard.messages.slice(3)).toEqual(heard.messages.slice(0, 3))
})

test.each(['tcp', 'tls'] as const)(
  'all that is sent over %s arrives, more than the kernel takes at once',
  async (transport) => {
    const [server, heard] = [listen(transport === 'tls'), new Heard()]
    const link = await opened(transport, server.port, heard)
    const blocks = Array.from({ length: 64 }, (_, i) => Buffer.alloc(60_000, i))
    for (const block of blocks) expect(link.send(block)).toBe(true)
    const all = Buffer.concat(blocks)
    await waitFor(() => server.got().length === all.length)
    expect(server.got().equals(all)).toBe(true)
  },
)

test.each(['\xffnothing', 'HTTP/1.1 400 Bad Request'])(
  'what is neither STUN nor ChannelData ends the stream, and its first bytes are told: %s',
  async (foreign) => {
    const [server, heard] = [listen(), new Heard()]
    const link = await opened('tcp', server.port, heard)
    const socket = await waitFor(() => server.sockets[0])
    socket.write(Buffer.concat([STUN, Buffer.from(foreign, 'latin1')]))
    await waitFor(() => heard.closed)
    expect([heard.messages.length, heard.foreign]).toEqual([1, foreign])
    expect(link.send(STUN)).toBe(false)
  },
)

test('a raw stream gives on what comes, as it comes', async () => {
  const [server, heard] = [listen(), new Heard()]
  const link = await opened('tcp', server.port, heard)
  link.becomeRaw()
  const socket = await waitFor(() => server.sockets[0])
  socket.write('\xffno frame')
  await waitFor(() => heard.messages.length > 0)
  expect(Buffer.from(heard.messages.join(''), 'hex').toString()).toBe('\xffno frame')
})

test('a server that closes is noticed; our own close is not told', async () => {
  const [server, heard, own] = [listen(), new Heard(), new Heard()]
  await opened('tcp', server.port, heard)
  const other = await opened('tcp', server.port, own)
  await waitFor(() => server.sockets.length === 2)
  other.close()
  server.sockets[0]!.end()
  await waitFor(() => heard.closed)
  expect([heard.closed, own.closed]).toEqual(['closed by the server', null])
})

test('TLS shows its certificate, which need not be trusted', async () => {
  const server = listen(true)
  const link = await opened('tls', server.port, new Heard())
  expect(link.certificate).toMatchObject({ subject: 'localhost', problems: ['self_signed'] })
  expect((await opened('tcp', listen().port, new Heard())).certificate).toBeNull()
})

test('TLS with a server that has none fails as such', async () => {
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { data: (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') },
  })
  closers.push(() => server.stop(true))
  expect(await open('tls', server.port, new Heard())).toMatchObject({ failure: 'tls' })
})

test('a server that accepts and says nothing: TLS gives up in time', async () => {
  expect(await open('tls', listen().port, new Heard(), 100)).toMatchObject({ failure: 'timeout' })
})

test.each(['tcp', 'tls'] as const)('%s to a port where nobody listens is refused', async (transport) => {
  expect(await open(transport, freePort(), new Heard())).toMatchObject({ failure: 'refused' })
})

test('UDP tells its own address, and that nobody is there', async () => {
  const heard = new Heard()
  const link = await opened('udp', freePort(), heard)
  expect([link.local.host, link.local.port > 0]).toEqual(['127.0.0.1', true])
  link.send(STUN)
  await waitFor(() => heard.refused > 0)
  // It stays open: the server may come back.
  expect(link.send(STUN)).toBe(true)
  link.close()
  expect(link.send(STUN)).toBe(false)
})

test('a datagram larger than any is lost, not an exception', async () => {
  const heard = new Heard()
  const link = await opened('udp', freePort(), heard)
  expect(link.send(new Uint8Array(70_000))).toBe(true)
  await waitFor(() => heard.refused > 0)
})
