// Turns of connections that have plenty to read: how many bytes, and in which order, before others are looked
// after.
import { ptr } from 'bun:ffi'
import { afterEach, expect, test } from 'bun:test'
import { type Pumped, SHARE_BYTES, TURN_BYTES, enqueue, pump } from '../../../../server/sockets/bun/pump.ts'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import { PIECE_BYTES } from '../../../../server/lib/read-piece.ts'
import { libc } from '../../../../server/lib/native.ts'

const opened: number[] = []
afterEach(() => closeFds(opened.splice(0)))

/** What was read, in the order of the reads, and the turns of the loop between them. */
interface Read {
  readonly name: string
  readonly count: number
  readonly turn: number
}

/** A connection whose socket holds `bytes`; `full` is told of each read. */
function holding(name: string, bytes: number, seen: Read[], turn: () => number): Pumped & { full(): void } {
  const pair = new Int32Array(2)
  libc().socketpair(1, 1, 0, ptr(pair))
  const [ours = -1, theirs = -1] = pair
  opened.push(ours, theirs)
  libc().setsockopt(theirs, 1, 7, ptr(new Int32Array([4 * bytes])), 4)
  const fill = Buffer.alloc(bytes, name)
  expect(libc().send(theirs, ptr(fill), bytes, 0x40)).toBe(bytes)
  const conn = {
    fd: ours,
    isDecrypted: false,
    isPaused: false,
    isClosed: false,
    isPumped: false,
    isQueued: false,
    readable: Number.POSITIVE_INFINITY,
    settleReading() {},
    broke() {},
    terminate() {},
    full: () => {},
    received(read: Buffer) {
      expect(read.every((byte) => byte === name.charCodeAt(0))).toBe(true)
      seen.push({ name, count: read.length, turn: turn() })
      this.full()
    },
  }
  return conn
}

async function turns(count: number, next: () => void): Promise<void> {
  for (let n = 0; n < count; n++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    next()
  }
}

if (process.platform === 'linux') {
  test('a connection that broke behind its bytes is told so: the kernel says it once, and then an end', () => {
    const seen: Read[] = []
    const conn = holding('a', 1000, seen, () => 0)
    let broken = 0
    conn.broke = () => void broken++
    // Who closes with something unread resets.
    const theirs = opened.pop()!
    expect(libc().send(conn.fd, ptr(Buffer.from('x')), 1, 0x40)).toBe(1)
    libc().close(theirs)
    pump(conn)
    expect([seen.length, broken]).toEqual([1, 1])
  })

  test('a connection reads a share, and goes on after all others have had theirs', async () => {
    const seen: Read[] = []
    let turn = 0
    const bytes = 2 * SHARE_BYTES - PIECE_BYTES
    const conns = ['a', 'b', 'c'].map((name) => holding(name, bytes, seen, () => turn))
    for (const conn of conns) pump(conn)
    await turns(8, () => turn++)
    const order = seen.map(({ name }) => name).join('')
    // Each has read a share as it came; then they go on in turns.
    expect(order).toBe('aabbccabc')
    expect(seen.every(({ count }) => count === PIECE_BYTES)).toBe(true)
    expect(conns.some(({ isPumped }) => isPumped)).toBe(false) // empty: Bun reads them again
  })

  test('however many have plenty, a turn of the loop reads no more than its bytes', async () => {
    const seen: Read[] = []
    let turn = 0
    const conns = Array.from({ length: 12 }, (_, n) =>
      holding(String.fromCharCode(97 + n), SHARE_BYTES + PIECE_BYTES, seen, () => turn),
    )
    for (const conn of conns) pump(conn)
    turn = 1
    await turns(20, () => turn++)
    for (let at = 1; at < turn; at++) {
      const read = seen.filter((one) => one.turn === at).reduce((sum, { count }) => sum + count, 0)
      expect(read).toBeLessThanOrEqual(TURN_BYTES)
    }
    expect(seen.reduce((sum, { count }) => sum + count, 0)).toBe(12 * (SHARE_BYTES + PIECE_BYTES))
  })

  test('who pauses reads no further, and has a turn again when it goes on', async () => {
    const seen: Read[] = []
    const conn = holding('a', 3 * PIECE_BYTES, seen, () => 0)
    conn.full = () => Object.assign(conn, { isPaused: true })
    pump(conn)
    await turns(3, () => {})
    expect([seen.length, conn.isPumped]).toEqual([1, true])
    conn.full = () => {}
    Object.assign(conn, { isPaused: false })
    enqueue(conn)
    await turns(3, () => {})
    expect([seen.length, conn.isPumped]).toEqual([3, false])
  })
}
