// A PROXY header before TLS, on the way in of TURN: it is read to its last byte and no further, as the rest
// is the handshake's.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { Ranges } from '../../../server/lib/ranges.ts'
import { startHaproxy } from '../../support/front-proxy.ts'
import { needs } from '../../support/needs.ts'
import { turnListener } from '../../support/turn-config.ts'
import { waitFor, within } from '../../support/wait.ts'
import { makeHeader } from '../turn/sockets/headers.ts'
import { BINDING, type Door, Scene } from '../turn/stream-scene.ts'

let scene: Scene
const sockets: Socket[] = []
beforeEach(() => void (scene = new Scene()))
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  scene[Symbol.dispose]()
})
const door = (): Door => scene.door as Door

const behind = () =>
  scene.listener({
    proxies: Ranges.parse(['127.0.0.1']),
    options: turnListener({ proxy_protocol: { trusted: ['127.0.0.1'], timeout: 5000 } }),
  })

async function tcp(port: number): Promise<Socket> {
  const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true })
  sockets.push(socket)
  socket.on('error', () => {})
  await within(new Promise((resolve) => socket.once('connect', resolve)), 'a connection')
  return socket
}

function shake(socket: Socket): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const tls = connectTls({ socket, rejectUnauthorized: false }, () => resolve(tls))
  tls.on('error', reject)
  return within(promise, 'a handshake')
}

const HEADER = makeHeader({ client: '192.0.2.7:40000', local: '198.51.100.1:5349', listener: null })
const told = { client: '192.0.2.7', clientPort: 40_000, local: '198.51.100.1', localPort: 5349, isTls: true }

describe('a header before TLS', () => {
  test('in one packet with the handshake', async () => {
    const socket = await tcp(scene.listen(true, behind()).port)
    socket.cork()
    socket.write(HEADER)
    const tls = shake(socket)
    setImmediate(() => socket.uncork())
    ;(await tls).write(BINDING)
    expect((await door().visit()).announced).toMatchObject(told)
    expect(scene.open).toBe(1)
  })

  test('byte by byte, and the handshake later', async () => {
    const socket = await tcp(scene.listen(true, behind()).port)
    for (const byte of HEADER) {
      socket.write(Uint8Array.of(byte))
      await new Promise((resolve) => void setImmediate(resolve))
    }
    ;(await shake(socket)).write(BINDING)
    expect((await door().visit()).announced).toMatchObject(told)
  })

  test('in pieces, of two at the same time: each has its own', async () => {
    const { port } = scene.listen(true, behind())
    const other = makeHeader({ client: '203.0.113.9:50000', local: '198.51.100.2:443', listener: null })
    const both = [await tcp(port), await tcp(port)] as const
    for (const [i, byte] of HEADER.entries())
      for (const [socket, next] of [
        [both[0], byte],
        [both[1], other[i]!],
      ] as const) {
        socket.write(Uint8Array.of(next))
        await new Promise((resolve) => void setImmediate(resolve))
      }
    for (const [number, announced] of [
      [0, told],
      [1, { ...told, client: '203.0.113.9', clientPort: 50_000, local: '198.51.100.2', localPort: 443 }],
    ] as const) {
      ;(await shake(both[number])).write(BINDING)
      expect((await door().visit(number)).announced).toMatchObject(announced)
    }
  })

  test('as a line', async () => {
    const socket = await tcp(scene.listen(true, behind()).port)
    socket.write('PROXY TCP4 192.0.2.7 198.51.100.1 40000 5349\r\n')
    ;(await shake(socket)).write(BINDING)
    expect((await door().visit()).announced).toMatchObject(told)
  })

  test('that is missing, broken, cut off or too slow closes the connection', async () => {
    const { port } = scene.listen(true, behind())
    const gone = async (act: (socket: Socket) => void): Promise<void> => {
      const socket = await tcp(port)
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.resume()
      await waitFor(() => scene.open === 1)
      act(socket)
      await within(closed, 'its end')
      await waitFor(() => scene.open === 0)
    }
    await gone((socket) => void socket.write('\x16\x03\x01\x02\x00\x01'))
    await gone((socket) => void socket.write('PROXY TCP4\r\n'))
    await gone((socket) => void socket.end('PROXY'))
    await gone((socket) => void socket.resetAndDestroy())
    await gone((socket) => {
      socket.write('PROXY')
      scene.pass(6000)
    })
    expect(door().visits).toEqual([])
    expect(scene.arrivals.size).toBe(0)
  })

  test('is not looked for from others: what looks like one is no handshake', async () => {
    const listener = { ...behind(), proxies: Ranges.parse(['192.0.2.1']) }
    const { port } = scene.listen(true, listener)
    const socket = await tcp(port)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    socket.write(HEADER)
    await within(closed, 'its end')
    const plain = await scene.connect({ port }, { tls: true })
    plain.write(BINDING)
    expect((await door().visit()).announced).toMatchObject({ client: '127.0.0.1', isTls: true })
  })
})

describe('a header before TURN over TCP', () => {
  test('names the client, with the bytes behind it', async () => {
    const socket = await tcp(scene.listen(false, behind()).port)
    socket.write(Buffer.concat([HEADER, BINDING]))
    const visit = await door().visit()
    expect(visit.announced).toMatchObject({ ...told, isTls: false })
    await waitFor(() => visit.bytes === BINDING.length)
    expect(Buffer.concat(visit.pieces)).toEqual(BINDING)
  })

  test('a drain gives who has not named its client a second', async () => {
    const { port } = scene.listen(false, behind())
    const [silent, hesitant] = [await tcp(port), await tcp(port)]
    const closed = new Promise((resolve) => silent.once('close', resolve))
    silent.resume()
    await waitFor(() => scene.open === 2)
    let isOver = false
    scene.drain(60_000, () => (isOver = true))
    hesitant.write(Buffer.concat([HEADER, BINDING]))
    const visit = await door().visit()
    scene.pass(1500)
    await within(closed, 'the end of who said nothing')
    expect([isOver, scene.open]).toEqual([false, 1])
    visit.socket.shutdown()
    hesitant.end()
    await waitFor(() => isOver)
  })
})

describe('HAProxy', () => {
  const test = needs('haproxy')
  for (const how of ['send-proxy', 'send-proxy-v2'])
    for (const tls of [false, true])
      test(`with ${how} before TURN over ${tls ? 'TLS' : 'TCP'}`, async () => {
        await using proxy = await startHaproxy(scene.listen(tls, behind()).port, 'mode tcp', how)
        const client = await scene.connect(proxy, { tls })
        client.write(BINDING)
        expect((await door().visit()).announced).toMatchObject({
          client: '127.0.0.1',
          clientPort: client.socket.localPort,
          localPort: proxy.port,
          isTls: tls,
        })
      })
})
