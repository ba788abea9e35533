// What a client's connection that waits for its next request holds: there may be very many.
import { expect, test } from 'bun:test'
import type { Inbound } from '../../../server/http1/inbound.ts'
import { startEngine, toServers } from '../../support/engine.ts'
import { type Wired, wire } from '../../support/wired.ts'

const CONNECTIONS = 64
const GET = Buffer.from('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n')
const POST = Buffer.from('POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 4\r\n\r\nbody')
const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')

interface Snapshot {
  readonly nodes: readonly number[]
  readonly nodeClassNames: readonly string[]
}

/** How many objects of these classes there are. */
function countsOf(names: readonly string[]): Record<string, number> {
  Bun.gc(true)
  const { nodes, nodeClassNames } = Bun.generateHeapSnapshot() as unknown as Snapshot
  const counts: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]))
  // Of four numbers for each object the third is its class.
  for (let i = 2; i < nodes.length; i += 4) {
    const name = nodeClassNames[nodes[i]!]!
    if (name in counts) counts[name]!++
  }
  return counts
}

test('a connection that has served requests without a body has no reader of bodies, and nothing to hold bytes in', async () => {
  await using gateway = startEngine({ config: toServers(['http://127.0.0.1:1']) })
  const names = ['Inbound', 'Http1Stream', 'Pipeline', 'Outbound', 'BodyReader', 'Held']
  const clients: Inbound[] = []
  const wired: Wired[] = []
  const before = countsOf(names)
  for (let n = 0; n < CONNECTIONS; n++) {
    const both = wire(gateway)
    both.client.data(GET)
    both.server.data(ANSWER)
    expect(both.client.text).toEndWith('hi')
    both.server.data(ANSWER) // which nobody asked for: the next request takes the next connection
    clients.push(both.client.conn)
    wired.push(both)
  }
  const after = countsOf(names)
  const each = names.map((name) => [name, Math.round((after[name]! - before[name]!) / CONNECTIONS)])
  expect(Object.fromEntries(each)).toEqual({
    Inbound: 1,
    Http1Stream: 1,
    Pipeline: 1,
    // The server's connection, which has one of each.
    Outbound: 1,
    BodyReader: 1,
    Held: 1,
  })
  expect(clients.every(({ isIdle }) => isIdle)).toBe(true)
  for (const both of wired) both.end()
})

test('a reader of bodies is its own from the first body on', async () => {
  await using gateway = startEngine({ config: toServers(['http://127.0.0.1:1']) })
  const [one, other] = [wire(gateway), wire(gateway)]
  expect(one.client.conn.reader).toBe(other.client.conn.reader)
  one.client.data(POST)
  const { reader } = one.client.conn
  expect(reader).not.toBe(other.client.conn.reader)
  expect(reader.contentBytes).toBe(4)
  expect(other.client.conn.reader.contentBytes).toBe(0)
  for (const { server } of [one, other]) if (server.text !== '') server.data(ANSWER)
  expect(one.client.text).toEndWith('hi')
  one.end()
  other.end()
})
