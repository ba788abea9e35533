// TLS that ends at a tcp listener: servers get what was in it, and are told of it where they want to be.
import { expect, test } from 'bun:test'
import { connect } from 'node:tls'
import { readProxyHeader, readTlvs } from '../../server/lib/proxy-header.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { echoServer, RawServer } from '../support/raw-server.ts'
import { waitFor, within } from '../support/wait.ts'

interface Further {
  readonly listener?: object
  readonly top?: object
}

const before = (server: RawServer, backend: object = {}, more: Further = {}): Promise<Gateway> =>
  startGateway({
    config: {
      ...more.top,
      certificates: { own: { self_signed: { names: ['db.example'] } } },
      listeners: {
        db: { bind: '127.0.0.1:0', protocol: 'tcp', certificates: 'own', backend: 'b', ...more.listener },
      },
      backends: { b: { servers: [{ url: server.url }], ...backend } },
    },
  })

/** Sends this by TLS, ends, and gives all that comes back. */
function say(port: number, bytes: Buffer): Promise<{ back: Buffer; protocol: string | false | null }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    back: Buffer
    protocol: string | false | null
  }>()
  const parts: Buffer[] = []
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername: 'db.example',
    rejectUnauthorized: false,
    ALPNProtocols: ['postgresql'],
  })
  socket.on('secureConnect', () => void socket.end(bytes))
  socket.on('data', (part: Buffer) => void parts.push(part))
  socket.on('end', () => void resolve({ back: Buffer.concat(parts), protocol: socket.alpnProtocol }))
  socket.on('error', reject)
  return within(promise, 'what comes back by TLS')
}

test('bytes within it go to a plain server and come back', async () => {
  using server = echoServer()
  await using gateway = await before(server)
  const sent = Buffer.alloc(1 << 20, 'within tls ')
  const { back, protocol } = await say(gateway.port(), sent)
  expect(back.equals(sent)).toBe(true)
  // Which protocol is spoken is between client and server: nothing is agreed on here.
  expect(protocol).toBeFalsy()
  const line = await waitFor(async () => (await gateway.accessLog())[0])
  expect(line).toMatchObject({ protocol: 'TCP', bytes_in: sent.length, bytes_out: sent.length, fault: null })
  expect(line['tls']).toEqual({
    version: 'TLSv1.3',
    cipher: expect.stringMatching(/^TLS_/),
    sni: 'db.example',
    alpn: null,
  })
})

test('lines for people say by which TLS a connection came, also one that was refused', async () => {
  using server = echoServer()
  await using gateway = await before(
    server,
    {},
    { listener: { allow: ['192.0.2.1'] }, top: { logs: { format: 'text', access: { file: 'access.log' } } } },
  )
  await say(gateway.port(), Buffer.from('hello')).catch(() => {})
  const line = await waitFor(async () => (await gateway.accessLines())[0])
  expect(line).toMatch(/ attempts=0 fault=denied tls=TLSv1\.3 cipher=TLS_\w+ sni=db\.example alpn=-$/)
})

test('a PROXY header of version 2 says that there was TLS, in which version, and for which name', async () => {
  using server = new RawServer((connection) => void connection.fin())
  await using gateway = await before(server, { proxy_protocol: 'v2' })
  await say(gateway.port(), Buffer.from('hello'))
  const [behind] = server.all
  const all = Buffer.from(await behind!.readToEnd(), 'latin1')
  const header = readProxyHeader(all, 0, all.length)
  if (typeof header === 'string') throw new Error(header)
  expect(all.toString('latin1', header.length)).toBe('hello')
  const tlvs = new Map<number, string>()
  readTlvs(all, header.tlvsAt, header.length, (type, value) => {
    tlvs.set(type, Buffer.from(value).toString('latin1'))
    return true
  })
  expect(tlvs.get(0x02)).toBe('db.example')
  expect(tlvs.get(0x20)).toContain('TLSv1.3')
})
