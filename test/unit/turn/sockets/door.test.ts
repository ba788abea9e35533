import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ptr } from 'bun:ffi'
import { nowMs } from '../../../../server/lib/clock.ts'
import { libc } from '../../../../server/lib/native.ts'
import type { Stream } from '../../../../server/turn/network.ts'
import { makeHeader } from './headers.ts'
import { makeNet, type Net, Recorder, say } from './net.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-door-'))
afterAll(() => rmSync(folder, { recursive: true }))

const AF_UNIX = 1
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0x800 | 0x80000

function unixAddress(path: string): Uint8Array {
  const made = new Uint8Array(new ArrayBuffer(110))
  made[0] = AF_UNIX
  made.set(new TextEncoder().encode(path), 2)
  return made
}

let doors = 0

function openDoor(net: Net): {
  connect(): number
  readonly streams: Stream[]
  readonly sinks: Recorder[]
  close(): void
} {
  const path = unixAddress(join(folder, `door-${doors++}`))
  const fd = libc().socket(AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0)
  expect(libc().bind(fd, ptr(path), path.length)).toBe(0)
  expect(libc().listen(fd, 64)).toBe(0)
  const streams: Stream[] = []
  const sinks: Recorder[] = []
  const open = net.network.adoptDoor(fd, (stream) => {
    const sink = new Recorder()
    streams.push(stream)
    sinks.push(sink)
    stream.sink = sink
  })
  const connect = (): number => {
    const client = libc().socket(AF_UNIX, SOCK_STREAM_NONBLOCK_CLOEXEC, 0)
    expect(libc().connect(client, ptr(path), path.length)).toBe(0)
    return client
  }
  return { connect, streams, sinks, close: () => open.close() }
}

const write = (fd: number, bytes: Uint8Array): void =>
  void expect(libc().send(fd, bytes, bytes.length, 0)).toBe(bytes.length)

const isClosed = (fd: number): boolean => {
  const byte = new Uint8Array(1)
  return libc().recv(fd, byte, 1, 0x40) === 0
}

test('a connection with a header is a stream of the client, and what stands behind it in the same bytes is not lost', () => {
  const net = makeNet()
  const door = openDoor(net)
  const client = door.connect()
  const header = makeHeader({ isTls: true })
  write(client, new Uint8Array([...header, ...new TextEncoder().encode('first bytes')]))
  net.until(() => door.sinks[0]?.text === 'first bytes')
  const stream = door.streams[0]!
  expect(stream).toMatchObject({ transport: 'tls', listener: 'turn' })
  expect(stream.remote.toString()).toBe('192.0.2.7:40000')
  expect(stream.local.toString()).toBe('198.51.100.1:3478')
  say(stream, 'answer')
  net.network.flush()
  const got = new Uint8Array(20)
  expect(libc().recv(client, got, 20, 0x40)).toBe(6)
  // The deadline of the header is over.
  net.wheel.sweep(nowMs + 60_000)
  expect(door.sinks[0]!.closed).toEqual([])
  libc().close(client)
  net.until(() => door.sinks[0]!.closed.length === 1)
})

test('a header may come byte by byte', () => {
  const net = makeNet()
  const door = openDoor(net)
  const client = door.connect()
  for (const byte of makeHeader()) {
    write(client, Uint8Array.of(byte))
    net.turns(1)
  }
  net.until(() => door.streams.length === 1)
  write(client, Uint8Array.of(65))
  net.until(() => door.sinks[0]!.text === 'A')
  libc().close(client)
})

test('who says something else, too little for too long, or nothing, is closed and counted', () => {
  const net = makeNet()
  const door = openDoor(net)
  const [bad, slow, silent, ended] = [door.connect(), door.connect(), door.connect(), door.connect()]
  write(bad, new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'))
  write(slow, makeHeader().subarray(0, 20))
  libc().shutdown(ended, 1)
  net.until(() => isClosed(bad) && isClosed(ended))
  expect(net.network.counters.badHeaders).toBe(2)
  net.wheel.sweep(nowMs + 4000)
  expect(isClosed(slow)).toBe(false)
  net.wheel.sweep(nowMs + 6000)
  expect([slow, silent].map(isClosed)).toEqual([true, true])
  expect(net.network.counters.badHeaders).toBe(4)
  expect(door.streams).toEqual([])
})

test('many who come at once are all let in', () => {
  const net = makeNet()
  const door = openDoor(net)
  const clients = Array.from({ length: 60 }, () => door.connect())
  for (const [i, client] of clients.entries()) write(client, makeHeader({ client: `192.0.2.7:${i + 1}` }))
  net.until(() => door.streams.length === 60)
  expect(new Set(door.streams.map(({ remote }) => remote.port)).size).toBe(60)
  for (const client of clients) libc().close(client)
})

test('a closed door lets nobody in, and leaves those alone who are', () => {
  const net = makeNet()
  const door = openDoor(net)
  const client = door.connect()
  write(client, makeHeader())
  net.until(() => door.streams.length === 1)
  door.close()
  door.close()
  write(client, Uint8Array.of(66))
  net.until(() => door.sinks[0]!.text === 'B')
  libc().close(client)
})

test('without descriptors left the door waits without spinning, and opens when there are some again', async () => {
  const child = Bun.spawn(
    [
      'bash',
      '-c',
      `ulimit -n 64; exec "${process.execPath}" "${join(import.meta.dir, 'out-of-descriptors.ts')}" "$0"`,
      join(folder, 'tight'),
    ],
    { stdout: 'pipe', stderr: 'inherit' },
  )
  const result = JSON.parse(await new Response(child.stdout).text()) as Record<string, number>
  expect(await child.exited).toBe(0)
  expect(result['accepted']).toBe(1)
  expect(result['pauses']).toBeGreaterThan(0)
  // A pause each quarter of a second, and a turn or two for each.
  expect(result['turns']).toBeLessThan(20)
})
