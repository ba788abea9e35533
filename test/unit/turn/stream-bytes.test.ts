// Bytes of a client and the relay, both ways, in the clear and within TLS: all of them, in order, with no
// more memory than a read or two.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { turnListener } from '../../support/turn-config.ts'
import { staysTrue, waitFor } from '../../support/wait.ts'
import { BINDING, type Door, type OpenStreams, Scene, type Visit, type Wire } from './stream-scene.ts'

const MIB = 1_048_576
const ZEROS = new Uint8Array(MIB)

let scene: Scene
beforeEach(() => void (scene = new Scene()))
afterEach(() => scene[Symbol.dispose]())

interface Joined {
  readonly client: Wire
  readonly visit: Visit
  readonly open: OpenStreams
}

/** A client that is with the relay. */
async function join(tls: boolean, listener = scene.listener()): Promise<Joined> {
  const open = scene.listen(tls, listener)
  const client = await scene.connect(open, { tls })
  client.write(BINDING)
  const visit = await (scene.door as Door).visit()
  await waitFor(() => visit.bytes === BINDING.length)
  visit.pieces.length = 0
  visit.bytes = 0
  return { client, visit, open }
}

/** Bytes that repeat at no boundary of anything. */
function noise(length: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4))
  let x = seed
  for (let i = 0; i < words.length; i++) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0
    words[i] = x
  }
  return Buffer.from(words.buffer, 0, length)
}

const hashOf = (bytes: Uint8Array): string => new Bun.CryptoHasher('sha256').update(bytes).digest('hex')

/** Writes zeros whenever some are taken; how many were. */
function flood(wire: Wire): () => number {
  let sent = 0
  wire.onDrain = () => {
    for (let taken = 1; taken > 0; sent += taken) taken = Math.max(0, wire.socket.write(ZEROS))
  }
  wire.onDrain()
  return () => sent
}

/**
 * Hashes what comes, without keeping it; `hesitates`: stops reading at each few pieces for a turn of the
 * loop.
 */
function hashing(wire: Wire, hesitates: boolean): () => string {
  const hasher = new Bun.CryptoHasher('sha256')
  wire.keeps = false
  let count = 0
  wire.onPiece = (piece) => {
    hasher.update(piece)
    if (!hesitates || ++count % 5 !== 0) return
    wire.socket.pause()
    setImmediate(() => wire.socket.resume())
  }
  return () => hasher.digest('hex')
}

/** Waits until a number grows no more. */
const stops = (value: () => number): Promise<boolean> =>
  waitFor(() => {
    const before = value()
    return staysTrue(() => value() === before, 50)
  })

describe.each([
  ['over TCP', false],
  ['over TLS', true],
])('%s', (_, tls) => {
  test('100 MB both ways at once arrive as they were sent, at readers that stop again and again', async () => {
    const { client, visit } = await join(tls)
    const [up, down] = [noise(100_000_003, 1), noise(100_000_001, 2)]
    const [atVisit, atClient] = [hashing(visit, true), hashing(client, true)]
    await Promise.all([client.send(up), visit.send(down)])
    await waitFor(() => visit.bytes === up.length && client.bytes === down.length)
    expect([atVisit(), atClient()]).toEqual([hashOf(up), hashOf(down)])
  })

  test('the end of the client passes, and the relay may go on speaking', async () => {
    const { client, visit } = await join(tls)
    client.write('last words')
    client.socket.shutdown()
    await visit.has('last words')
    await visit.ended()
    visit.write('an answer')
    await client.has('an answer')
    expect(visit.isClosed).toBe(false)
    visit.socket.shutdown()
    await Promise.all([client.closed(), visit.closed()])
    expect([client.error, scene.open]).toEqual([null, 0])
  })

  test('the end of the relay passes, and the client may go on speaking', async () => {
    const { client, visit } = await join(tls)
    visit.write('last words')
    visit.socket.shutdown()
    await client.has('last words')
    await client.ended()
    client.write('more')
    await visit.has('more')
    expect(client.isClosed).toBe(false)
    client.socket.shutdown()
    await Promise.all([client.closed(), visit.closed()])
    await waitFor(() => scene.open === 0)
  })

  test('the relay’s last bytes reach a client that reads slowly, though the relay is gone long before', async () => {
    const { client, visit } = await join(tls)
    const bytes = noise(8 * MIB, 3)
    client.socket.pause()
    const sent = visit.send(bytes)
    const atClient = hashing(client, false)
    expect(await staysTrue(() => client.bytes === 0, 50)).toBe(true)
    client.socket.resume()
    await sent
    visit.socket.shutdown()
    visit.socket.terminate()
    await client.ended()
    expect(client.bytes).toBe(bytes.length)
    expect(atClient()).toBe(hashOf(bytes))
  })

  test('a client that breaks off is gone at the relay too', async () => {
    const { client, visit } = await join(tls)
    client.socket.terminate()
    await visit.closed()
    await waitFor(() => scene.open === 0)
  })

  test('a relay that breaks off resets the client', async () => {
    const { client, visit } = await join(tls)
    visit.socket.pause()
    client.write('unread')
    // Over a Unix socket only bytes that nobody read make a reset: they are on their way there.
    expect(await staysTrue(() => !client.isClosed, 50)).toBe(true)
    visit.socket.terminate()
    await client.closed()
    expect([client.error, scene.open]).toEqual(['ECONNRESET', 0])
  })

  test('a relay that is gone ends the client, and resets one that does not go', async () => {
    const { client, visit } = await join(tls)
    visit.write('the end')
    await client.has('the end')
    visit.socket.terminate()
    await client.ended()
    client.write('into the void')
    expect(await staysTrue(() => !client.isClosed && scene.open === 1, 50)).toBe(true)
    scene.pass(2500)
    await client.closed()
    expect(scene.open).toBe(0)
  })

  test('a client that takes nothing stops the relay, and is given up after a while', async () => {
    const options = turnListener({ timeouts: { idle: 10_000, handshake: 10_000 } })
    const { client, visit } = await join(tls, scene.listener({ options }))
    client.socket.pause()
    const sent = flood(visit)
    await stops(sent)
    // The kernel's buffers, of which that of TCP grows to 4 MiB and twice that; not much of ours.
    expect(sent()).toBeLessThan(14 * MIB)
    scene.pass(9000)
    expect(scene.open).toBe(1)
    scene.pass(9000)
    expect(scene.open).toBe(0)
    await visit.closed()
  })

  test('clients and relays that take nothing cost less than 1 MiB each', async () => {
    const open = scene.listen(tls)
    const floods: (() => number)[] = []
    ;(scene.door as Door).onVisit = (visit) => {
      visit.onPiece = () => {
        visit.socket.pause()
        floods.push(flood(visit))
      }
    }
    Bun.gc(true)
    const before = process.memoryUsage().arrayBuffers
    const count = 20
    for (let i = 0; i < count; i++) {
      const client = await scene.connect(open, { tls })
      client.write(BINDING)
      client.socket.pause()
      floods.push(flood(client))
    }
    await stops(() => floods.reduce((sum, sent) => sum + sent(), 0))
    Bun.gc(true)
    expect(scene.open).toBe(count)
    expect((process.memoryUsage().arrayBuffers - before) / count).toBeLessThan(MIB)
  })

  test('a relay that takes nothing stops the client', async () => {
    const { client, visit } = await join(tls)
    visit.socket.pause()
    const sent = flood(client)
    await stops(sent)
    expect(sent()).toBeLessThan(14 * MIB)
    const hold = sent()
    const got = hashing(visit, false)
    client.onDrain = () => {}
    visit.socket.resume()
    await waitFor(() => visit.bytes === hold)
    expect(got()).toBe(hashOf(new Uint8Array(hold)))
  })
})
