// What the gateway leans on in this Bun, beyond or beside its manual: how sockets take, give and end.
import { afterEach, expect, test } from 'bun:test'
import type { Socket, SocketHandler } from 'bun'
import { waitFor, within } from '../support/wait.ts'

type Handlers = SocketHandler<undefined>
const open: { stop(force: boolean): void }[] = []
afterEach(() => open.splice(0).forEach((listener) => listener.stop(true)))

/** Two ends of a connection. */
async function pair(
  ours: Handlers,
  theirs: Handlers,
): Promise<{ us: Socket<undefined>; them: Socket<undefined> }> {
  const accepted = Promise.withResolvers<Socket<undefined>>()
  const listener = Bun.listen<undefined>({
    hostname: '127.0.0.1',
    port: 0,
    allowHalfOpen: true,
    socket: {
      ...ours,
      open(socket) {
        ours.open?.(socket)
        accepted.resolve(socket)
      },
    },
  })
  open.push(listener)
  const them = await Bun.connect<undefined>({
    hostname: '127.0.0.1',
    port: listener.port,
    allowHalfOpen: true,
    socket: theirs,
  })
  return { us: await within(accepted.promise, 'a connection'), them }
}

const MANY = new Uint8Array(32 * 1_048_576)

test('write tells how much was taken: a part, then nothing, and -1 once the socket is closed', async () => {
  let drains = 0
  const closed = Promise.withResolvers<void>()
  const { us, them } = await pair(
    { data() {}, drain: () => void drains++, close: () => closed.resolve() },
    { data() {} },
  )
  them.pause()
  const taken = us.write(MANY)
  expect(taken).toBeGreaterThan(0)
  expect(taken).toBeLessThan(MANY.length)
  let more = us.write(MANY)
  while (more > 0) more = us.write(MANY)
  expect(more).toBe(0)
  expect(drains).toBe(0)
  them.resume()
  await waitFor(() => drains > 0)
  us.terminate()
  await within(closed.promise, 'the close')
  expect(us.write('x')).toBe(-1)
  them.terminate()
})

test('each read has memory of its own, of at most 512 KiB', async () => {
  const reads: Buffer[] = []
  let length = 0
  const onData = (_: unknown, bytes: Buffer): void => {
    reads.push(bytes)
    length += bytes.length
  }
  const bytes = Uint8Array.from({ length: 8 * 1_048_576 }, (_, i) => (i * 31 + (i >> 12)) & 255)
  let at = 0
  const send = (socket: Socket<undefined>): void => {
    while (at < bytes.length) {
      const taken = socket.write(bytes.subarray(at))
      if (taken <= 0) return
      at += taken
    }
  }
  const { us, them } = await pair({ data() {}, drain: send }, { data: onData })
  send(us)
  await waitFor(() => length === bytes.length)
  expect(reads.length).toBeGreaterThan(1)
  expect(Math.max(...reads.map((read) => read.length))).toBeLessThanOrEqual(524_288)
  expect(new Set(reads.map((read) => read.buffer)).size).toBe(reads.length)
  // What was read first is still what was sent first.
  expect(Buffer.concat(reads).equals(bytes)).toBe(true)
  us.terminate()
  them.terminate()
})

test('with allowHalfOpen the end of the other side comes before close, and we may still write', async () => {
  const events: string[] = []
  let answer = ''
  const { them } = await pair(
    {
      data() {},
      end(socket) {
        events.push('end')
        socket.write('after the end')
        socket.shutdown()
      },
      close: () => void events.push('close'),
    },
    { data: (_, bytes) => void (answer += bytes.toString()) },
  )
  them.shutdown()
  await waitFor(() => events.includes('close'))
  expect(events).toEqual(['end', 'close'])
  await waitFor(() => answer === 'after the end')
})

test('shutdown() loses nothing of what was taken, while the other side goes on sending', async () => {
  let got = 0
  let received = 0
  let isEnded = false
  const { us, them } = await pair(
    { data: (_, bytes) => void (received += bytes.length) },
    { data: (_, bytes) => void (got += bytes.length), end: () => void (isEnded = true) },
  )
  them.pause()
  const taken = us.write(new Uint8Array(200_000))
  expect(taken).toBeGreaterThan(0)
  us.shutdown()
  let sent = 0
  for (let i = 0; i < 20; i++) {
    const count = Math.max(0, them.write(new Uint8Array(10_000)))
    sent += count
    await waitFor(() => received === sent)
  }
  expect(received).toBeGreaterThan(0)
  them.resume()
  await waitFor(() => isEnded)
  expect(got).toBe(taken)
  us.terminate()
  them.terminate()
})

test('a paused socket gives nothing until it is resumed, and then all', async () => {
  let got = ''
  let echoed = ''
  const { us, them } = await pair(
    { data: (_, bytes) => void (got += bytes.toString()) },
    { data: (_, bytes) => void (echoed += bytes.toString()) },
  )
  us.pause()
  them.write('held')
  // The other way round is as open as before, and takes its time.
  us.write('echo')
  await waitFor(() => echoed === 'echo')
  expect(got).toBe('')
  us.resume()
  await waitFor(() => got === 'held')
  us.terminate()
  them.terminate()
})
