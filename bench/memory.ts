// Memory: of idle keep-alive connections, of a client that stops reading in the middle of a large answer, and
// of crowds of clients that do so, or that send requests ahead of an answer that does not come.
import type { Socket } from 'bun'
import { residentBytes } from '../test/support/processes.ts'
import { type RawClient, rawClient } from '../test/support/client.ts'
import { pause } from '../test/support/wait.ts'
import type { Contender } from './contenders/contender.ts'

const memoryOf = (contender: Contender): number =>
  contender.pids().reduce((sum, pid) => sum + residentBytes(pid), 0)

/** A connection that nobody asks on. */
interface Idle {
  readonly isOpen: boolean
  rst(): void
}

/** Bytes for each of `count` connections that have had an answer and are idle. */
export async function idleMemory(
  contender: Contender,
  count: number,
  open: (port: number, count: number) => Promise<readonly Idle[]> = openIdle,
): Promise<{ bytesEach: number; open: number }> {
  // A first crowd, so that what grows once for all is not counted.
  const first = await open(contender.port, Math.min(500, count))
  for (const client of first) client.rst()
  await settled(contender)
  const before = memoryOf(contender)
  const clients = await open(contender.port, count)
  await settled(contender)
  const after = memoryOf(contender)
  const left = clients.filter((client) => client.isOpen).length
  for (const client of clients) client.rst()
  return { bytesEach: (after - before) / count, open: left }
}

async function openIdle(port: number, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = []
  while (clients.length < count) {
    const batch = await Promise.all(
      Array.from({ length: Math.min(32, count - clients.length) }, () => rawClient(port)),
    )
    await Promise.all(batch.map((client) => client.get('/small')))
    clients.push(...batch)
  }
  return clients
}

/** Waits until memory has stopped moving: garbage is collected when it is quiet. */
async function settled(contender: Contender): Promise<void> {
  let last = memoryOf(contender)
  for (let quiet = 0, looks = 0; quiet < 4 && looks < 40; looks++) {
    await pause(250)
    const now = memoryOf(contender)
    quiet = Math.abs(now - last) < 128 << 10 ? quiet + 1 : 0
    last = now
  }
}

/** Growth in bytes while a client of a 1 GB answer does not read, measured when it has stopped growing. */
export async function stalledMemory(contender: Contender): Promise<number> {
  for (const client of await openIdle(contender.port, 100)) client.rst()
  await settled(contender)
  const before = memoryOf(contender)
  return (await stall(contender)) - before
}

async function stall(contender: Contender): Promise<number> {
  const client = await rawClient(contender.port)
  client.send('GET /1g HTTP/1.1\r\nHost: www.example.org\r\n\r\n')
  await client.readUntil('\r\n\r\n')
  client.pause()
  let most = 0
  for (let looks = 0; looks < 30; looks++) {
    await pause(100)
    most = Math.max(most, memoryOf(contender))
  }
  client.rst()
  return most
}

/** Clients that ask, send on or do not read, all at once. */
export const MASSES = [
  { name: 'ahead-1000', count: 1000, target: '/never', ahead: 1 << 20 },
  // All together stay within the kernel's memory for TCP.
  { name: 'ahead-3000', count: 3000, target: '/never', ahead: 1 << 18 },
  { name: 'stalled-1000', count: 1000, target: '/1g', ahead: 0 },
] as const
export type Mass = (typeof MASSES)[number]

/** Growth in bytes with such a crowd, at its largest. */
export async function massMemory(contender: Contender, { count, target, ahead }: Mass): Promise<number> {
  for (const client of await openIdle(contender.port, 100)) client.rst()
  await settled(contender)
  const before = memoryOf(contender)
  const request = `GET ${target} HTTP/1.1\r\nHost: www.example.org\r\n\r\n`
  const bytes = Buffer.from(
    request + 'GET /small HTTP/1.1\r\nHost: www.example.org\r\n\r\n'.repeat(ahead / 47),
  )
  const sockets: Socket[] = []
  for (let n = 0; n < count; n++) sockets.push(await silent(contender.port, bytes))
  let most = 0
  for (let looks = 0; looks < 50; looks++) {
    await pause(100)
    most = Math.max(most, memoryOf(contender))
  }
  for (const socket of sockets) socket.terminate()
  return most - before
}

/** A client that sends as much as is taken at once, and reads nothing. */
const silent = (port: number, bytes: Buffer): Promise<Socket> =>
  Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open(socket) {
        socket.pause()
        socket.write(bytes)
      },
      drain: (socket) => void socket.write(bytes),
      data() {},
      error() {},
    },
  })
