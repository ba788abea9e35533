// The way in with TLS before HTTP/1.1: the steps fit together, and an address may change to it and back while
// clients come.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { connect as connectTls } from 'node:tls'
import { Arrivals } from '../../../server/accept/arriving.ts'
import { Count } from '../../../server/accept/count.ts'
import { Gate } from '../../../server/accept/gate.ts'
import { OpenAddress } from '../../../server/accept/open-address.ts'
import { TlsEntry } from '../../../server/accept/tls-entry.ts'
import { HttpEntry } from '../../../server/http1/http-entry.ts'
import { alpnList } from '../../../server/tls/accept-tls.ts'
import { rawClient } from '../../support/client.ts'
import { type TestEngine, startEngine, toServers } from '../../support/engine.ts'
import { httpListener } from '../../support/listeners.ts'
import { type Origin, startOrigin } from '../../support/origin.ts'
import { within } from '../../support/wait.ts'
import { certificate, tlsOf } from '../turn/stream-scene.ts'

const MANY = 3_000_000
const BODY = Buffer.alloc(MANY, 'abcdefghij')

let origin: Origin
let gateway: TestEngine
let handshakes: string[]
let address: OpenAddress
let gates: { readonly plain: Gate; readonly encrypted: Gate }
beforeEach(() => {
  handshakes = []
  origin = startOrigin((request, reply) => {
    if (request.target === '/many') reply.send(200, BODY)
    else reply.send(200, String(request.body.length))
  })
  gateway = startEngine({ config: toServers([origin.url]) })
  const { engine, board } = gateway
  const listener = httpListener(gateway.snapshot)
  const count = new Count(board, { came() {}, left() {} })
  const http = new HttpEntry(listener, engine, engine.wheel)
  const tls = new TlsEntry({
    arrivals: new Arrivals(engine.wheel),
    listener: 'web',
    meter: { ended: (...told) => void handshakes.push(told.join(' ')), clientCertificate: () => {} },
    tls: tlsOf(certificate()),
    alpn: alpnList(['http/1.1']),
    next: http,
  })
  const made = { listener: 'web', connections: 1000, count, limitReached() {} }
  gates = {
    plain: new Gate({ ...made, next: http, isTls: false }),
    encrypted: new Gate({ ...made, next: tls, isTls: true }),
  }
  address = new OpenAddress({ hostname: '127.0.0.1', port: 0 }, gates.plain)
})
afterEach(async () => {
  address.stop()
  await gateway.settled()
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
})

/** Sends this over TLS; what comes until the other side ends. */
function exchange(...pieces: readonly (string | Buffer)[]): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const seen: Buffer[] = []
  const socket = connectTls({ port: address.port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
    for (const piece of pieces) socket.write(piece)
  })
  socket.on('data', (bytes: Buffer) => void seen.push(bytes))
  socket.on('end', () => resolve(Buffer.concat(seen)))
  socket.on('error', reject)
  return within(promise, 'an answer over TLS')
}

const CLOSE = 'Host: h\r\nConnection: close\r\n'

test('an upload and a download in volume arrive whole: nobody reads the ciphertext past TLS', async () => {
  address.swap(gates.encrypted)
  const up = await exchange(`POST /up HTTP/1.1\r\n${CLOSE}Content-Length: ${MANY}\r\n\r\n`, BODY)
  expect(up.toString('latin1')).toEndWith(`\r\n\r\n${MANY}`)
  const down = await exchange(`GET /many HTTP/1.1\r\n${CLOSE}\r\n`)
  expect(down.subarray(-MANY).equals(BODY)).toBe(true)
})

test('servers are told that the client came by https', async () => {
  address.swap(gates.encrypted)
  await exchange(`GET /a HTTP/1.1\r\n${CLOSE}\r\n`)
  expect(handshakes).toEqual(['web TLSv1.3 full'])
  const seen = await origin.received(1)
  expect([seen.get('x-forwarded-proto'), seen.get('x-forwarded-port')]).toEqual(['https', '443'])
})

test('an address that changes between both while clients come loses nobody, and who is there stays', async () => {
  const staying = await rawClient(address.port)
  const GET = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n'
  staying.send(GET)
  await staying.readAnswer()
  let connected = 0
  for (let round = 0; round < 20; round++) {
    const isTls = round % 2 === 0
    address.swap(isTls ? gates.encrypted : gates.plain)
    const clients = Array.from({ length: 10 }, async () => {
      if (isTls) return (await exchange(`GET /a HTTP/1.1\r\n${CLOSE}\r\n`)).toString('latin1')
      await using client = await rawClient(address.port)
      client.send(`GET /a HTTP/1.1\r\n${CLOSE}\r\n`)
      return (await client.readAnswer()).head
    })
    for (const head of await Promise.all(clients)) if (head.startsWith('HTTP/1.1 200')) connected++
    staying.send(GET)
    expect((await staying.readAnswer()).status).toBe(200)
  }
  expect([connected, address.accepted]).toEqual([200, 201])
  staying.rst()
})
