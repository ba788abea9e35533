// Memory: of idle keep-alive connections, and of a client that stops reading in the middle of a large answer.
import { residentBytes } from '../test/support/processes.ts'
import { type RawClient, rawClient } from '../test/support/client.ts'
import { pause } from '../test/support/wait.ts'
import type { Contender } from './contenders/contender.ts'

const memoryOf = (contender: Contender): number =>
  contender.pids().reduce((sum, pid) => sum + residentBytes(pid), 0)

/** Bytes for each of `count` connections that have had an answer and are idle. */
export async function idleMemory(
  contender: Contender,
  count: number,
): Promise<{ bytesEach: number; open: number }> {
  // A first crowd, so that what grows once for all is not counted.
  const first = await openIdle(contender.port, Math.min(500, count))
  for (const client of first) client.rst()
  await settled(contender)
  const before = memoryOf(contender)
  const clients = await openIdle(contender.port, count)
  await settled(contender)
  const after = memoryOf(contender)
  const open = clients.filter((client) => client.isOpen).length
  for (const client of clients) client.rst()
  return { bytesEach: (after - before) / count, open }
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
