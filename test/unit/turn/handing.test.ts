// Clients of TCP that a worker hands to the relay by their descriptors: before a door that takes them, does
// not, or says nothing.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test'
import { type Pointer, ptr } from 'bun:ffi'
import { readdirSync } from 'node:fs'
import { listenUnix } from '../../../server/lib/bind-fd.ts'
import { libc } from '../../../server/lib/native.ts'
import { closeFds, receiveWithFds } from '../../../server/lib/pass-fds.ts'
import { OPEN_FLAGS } from '../../../server/sockets/calls.ts'
import { useSockets } from '../../../server/sockets/sockets.ts'
import { NOT_TAKEN, TAKEN } from '../../../server/turn/messages.ts'
import { socketsOfRun, socketsWanted } from '../../support/sockets.ts'
import { turnListener } from '../../support/turn-config.ts'
import { staysTrue, waitFor } from '../../support/wait.ts'
import { Peer } from '../sockets/conformance/peer.ts'
import { BINDING, readHeader, Scene, type Wire } from './stream-scene.ts'

const kind = socketsOfRun()
const isBun = kind === 'bun'
if (isBun) process.stderr.write('skipped: needs sockets of ours\n')
const own = test.skipIf(isBun)

let scene: Scene
/** The relay's listening socket. */
let door = -1
beforeAll(() => useSockets(kind))
afterAll(() => useSockets(socketsWanted() ?? 'bun'))
beforeEach(() => {
  scene = new Scene()
  scene.door?.close()
  scene.door = null
  door = listenUnix(scene.path, 64)
})
afterEach(() => {
  closeFds([door])
  scene[Symbol.dispose]()
})

const descriptors = (): number => readdirSync('/proc/self/fd').length
const room = Buffer.alloc(64 * 1024)

/** What came through the door: its connection, the descriptor, and what was said with it. */
interface Handed {
  readonly tie: Peer
  readonly client: Peer
  readonly said: Buffer
}

/** Who knocks next. */
function knocked(): Promise<Peer> {
  return waitFor(() => {
    const fd = libc().accept4(door, null, null, OPEN_FLAGS)
    return fd < 0 ? null : new Peer(fd)
  })
}

async function next(): Promise<Handed> {
  const tie = await knocked()
  const got = await waitFor(() => {
    const received = receiveWithFds(tie.fd, ptr(room) as Pointer, room.length)
    return received.length < 0 ? null : received
  })
  const bytes = Buffer.from(room.subarray(0, got.length))
  const header = readHeader(bytes)
  expect(header).toMatchObject({ hasDescriptor: true, isTls: false, listener: 'turn', client: '127.0.0.1' })
  expect(got.fds).toHaveLength(1)
  return { tie, client: new Peer(got.fds[0] ?? -1), said: bytes.subarray(header?.length) }
}

/** A client that has spoken. */
async function spoken(listener = scene.listener()): Promise<Wire> {
  const wire = await scene.connect(scene.listen(false, listener))
  wire.write(BINDING)
  return wire
}

/** The relay says that it has it, and its worker has no copy any more. */
async function take({ tie }: Handed): Promise<void> {
  const before = descriptors()
  tie.send(Uint8Array.of(TAKEN))
  await waitFor(() => descriptors() < before)
}

own(
  'one that the relay has taken is its own alone, and counts until the relay says that it is gone',
  async () => {
    const wire = await spoken()
    const handed = await next()
    expect(handed.said).toEqual(BINDING)
    await take(handed)
    handed.client.send('answer')
    await wire.has('answer')
    wire.write('and more')
    expect((await handed.client.readBytes(8)).toString()).toBe('and more')
    // A silence of the client is nothing to its worker.
    scene.pass(600_000)
    expect([scene.open, handed.tie.read(), handed.tie.over]).toEqual([1, 0, 'no'])
    // The last copy: the client sees its end.
    handed.client.close()
    await wire.ended()
    expect(scene.open).toBe(1)
    handed.tie.close()
    await waitFor(() => scene.open === 0)
  },
)

own('one that it could not take is served through here, with what it was told already', async () => {
  const wire = await spoken()
  const { tie, client } = await next()
  client.close()
  tie.send(Buffer.concat([Uint8Array.of(NOT_TAKEN), Buffer.from('answer')]))
  await wire.has('answer')
  wire.write('and more')
  expect((await tie.readBytes(8)).toString()).toBe('and more')
  wire.socket.shutdown()
  expect(await tie.readToEnd()).toBe('end')
  tie.close()
  await waitFor(() => scene.open === 0)
  expect(wire.text).toBe('answer')
})

own('a relay that knows of no descriptors answers the client, and serves it through here', async () => {
  const wire = await spoken()
  const { tie, client } = await next()
  client.close()
  wire.write('meanwhile')
  tie.send('\x01\x01answer')
  await wire.has('\x01\x01answer')
  expect((await tie.readBytes(9)).toString()).toBe('meanwhile')
  tie.close()
  wire.socket.terminate()
  await waitFor(() => scene.open === 0)
})

own('a client that has said more than goes in one piece is served through here', async () => {
  const said = Buffer.concat([BINDING, Buffer.alloc(40_000, 'more')])
  const wire = await scene.connect(scene.listen(false))
  expect(wire.write(said)).toBe(said.length)
  const tie = await knocked()
  await tie.readBytes(said.length + 30)
  const header = readHeader(tie.bytes)
  expect(header?.hasDescriptor).toBe(false)
  expect((await tie.readBytes(said.length + header!.length)).subarray(header!.length)).toEqual(said)
  tie.send('answer')
  await wire.has('answer')
  tie.close()
  wire.socket.terminate()
  await waitFor(() => scene.open === 0)
})

own(
  'a relay that goes without an answer, or gives none for the idle time, costs the client its connection',
  async () => {
    const gone = await spoken()
    const first = await next()
    first.client.close()
    first.tie.close()
    await gone.closed()
    const options = turnListener({ timeouts: { idle: 5000, handshake: 10_000 } })
    const waits = await spoken(scene.listener({ options }))
    const second = await next()
    scene.pass(4000)
    expect(await staysTrue(() => !waits.isClosed, 30)).toBe(true)
    scene.pass(2000)
    // Also where a copy is under way yet.
    await waits.ended()
    expect(await second.tie.readToEnd()).toBe('end')
    for (const peer of [second.tie, second.client]) peer.close()
    expect(scene.open).toBe(0)
  },
)

own('a drain lets go of those that the relay has, and they stay', async () => {
  const wire = await spoken()
  const handed = await next()
  await take(handed)
  let isOver = false
  scene.drain(60_000, () => void (isOver = true))
  expect([isOver, scene.open]).toEqual([true, 0])
  expect(await handed.tie.readToEnd()).toBe('end')
  handed.client.send('still here')
  await wire.has('still here')
  expect(wire.isClosed).toBe(false)
  for (const peer of [handed.tie, handed.client]) peer.close()
})

own('a drain waits for the answer of the relay, which may take one yet', async () => {
  const wire = await spoken()
  const handed = await next()
  let isOver = false
  scene.drain(60_000, () => void (isOver = true))
  expect(isOver).toBe(false)
  handed.tie.send(Uint8Array.of(TAKEN))
  await waitFor(() => isOver)
  handed.client.send('served')
  await wire.has('served')
  for (const peer of [handed.tie, handed.client]) peer.close()
})

own('clients and relays that leave at whatever moment leave no descriptor', async () => {
  const open = scene.listen(false)
  const before = descriptors()
  for (let round = 0; round < 60; round++) {
    const wire = await scene.connect(open)
    if (round % 10 === 0) {
      wire.socket.terminate()
      await waitFor(() => scene.open === 0)
      continue
    }
    wire.write(BINDING)
    if (round % 10 === 1) {
      // Whether it is brought to the door is chance.
      wire.socket.terminate()
      await waitFor(() => (closeFds([libc().accept4(door, null, null, OPEN_FLAGS)]), scene.open === 0))
      continue
    }
    if (round % 10 === 2) wire.socket.shutdown()
    const { tie, client } = await next()
    if (round % 10 === 3) wire.socket.terminate()
    if (round % 10 > 4) tie.send(Uint8Array.of(round % 2 === 0 ? TAKEN : NOT_TAKEN))
    if (round % 10 > 6) await waitFor(() => scene.open > 0)
    if (round % 10 === 7) wire.socket.terminate()
    client.close()
    tie.close()
    wire.socket.terminate()
  }
  await waitFor(() => scene.open === 0)
  expect(scene.clients.size).toBe(0)
  await waitFor(() => descriptors() <= before)
})
