import { describe, expect, test } from 'bun:test'
import type { Endpoint } from '../../../server/http1/endpoint.ts'
import type { Outbound } from '../../../server/http1/outbound.ts'
import { endOldest, learnKeepAlive, putIdle, retire, takeIdle } from '../../../server/http1/pool.ts'
import { nowMs } from '../../../server/lib/clock.ts'
import { type Listed, Recent } from '../../../server/lib/recent.ts'
import { METHODS, METHOD_GET } from '../../../server/tables/methods.ts'

const POST = METHODS.indexOf('POST')

function serverOf({ connections = 8, keepAliveMs = 30_000 } = {}): Endpoint {
  const live = { idle: new Recent(), keepAliveMs, isRetired: false }
  return { live, onBehalf: null, poolSize: connections } as unknown as Endpoint
}

class FakeConn implements Listed {
  older: Listed | null = null
  newer: Listed | null = null
  isListed = false
  dueMs = 0
  isClosed = false
  isFit = true
  became: string | null = null
  readonly endpoint: Endpoint

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint
  }

  drop(): void {
    this.became = 'dropped'
    this.endpoint.live.idle.remove(this)
  }

  finishServer(): void {
    this.became = 'finished'
    this.endpoint.live.idle.remove(this)
  }
}

function idleAt(server: Endpoint, count: number): FakeConn[] {
  const conns = Array.from({ length: count }, () => new FakeConn(server))
  for (const conn of conns) putIdle(conn as unknown as Outbound)
  return conns
}

describe('a pool', () => {
  test('gives the connection that was used last, and none that is closed', () => {
    const server = serverOf()
    const [first, second, third] = idleAt(server, 3) as [FakeConn, FakeConn, FakeConn]
    third.isClosed = true
    expect<unknown>(takeIdle(server, METHOD_GET)).toBe(second)
    expect<unknown>(takeIdle(server, METHOD_GET)).toBe(first)
    expect(takeIdle(server, METHOD_GET)).toBeNull()
  })

  test('gives what must not be sent twice only a connection on which nothing has come', () => {
    const server = serverOf()
    const [first, second] = idleAt(server, 2) as [FakeConn, FakeConn]
    second.isFit = false
    expect<unknown>(takeIdle(server, POST)).toBe(first)
    expect(second.became).toBe('dropped')
  })

  test('gives what must not be sent twice none whose time is over, though it is not ended yet', () => {
    const server = serverOf()
    const [first, second] = idleAt(server, 2) as [FakeConn, FakeConn]
    first.dueMs = nowMs + 1000
    second.dueMs = nowMs
    expect<unknown>(takeIdle(server, POST)).toBe(first)
    expect(second.became).toBe('dropped')
    const [over] = idleAt(server, 1) as [FakeConn]
    over.dueMs = nowMs
    expect<unknown>(takeIdle(server, METHOD_GET)).toBe(over)
  })

  test('takes as many again beyond its size for a moment, none that may not stay, and none when its server is retired', () => {
    const full = serverOf({ connections: 1 })
    const [kept, beyond] = [new FakeConn(full), new FakeConn(full)]
    expect(putIdle(kept as unknown as Outbound)).toBe(30_000)
    expect(putIdle(beyond as unknown as Outbound)).toBe(250)
    expect(putIdle(new FakeConn(serverOf({ connections: 0 })) as unknown as Outbound)).toBe(0)
    expect(full.live.idle.length).toBe(2)
    expect(putIdle(new FakeConn(full) as unknown as Outbound)).toBe(0)
    expect<unknown>(takeIdle(full, METHOD_GET)).toBe(beyond)
    expect<unknown>(takeIdle(full, METHOD_GET)).toBe(kept)
    expect(putIdle(new FakeConn(serverOf({ keepAliveMs: 0 })) as unknown as Outbound)).toBe(0)
    const server = serverOf()
    const conns = idleAt(server, 3)
    retire(server.live)
    expect(conns.map(({ became }) => became)).toEqual(['finished', 'finished', 'finished'])
    expect(server.live.idle.length).toBe(0)
    expect(putIdle(new FakeConn(server) as unknown as Outbound)).toBe(0)
  })

  test('gives up those that have been idle longest, whichever their server', () => {
    const [a, b] = [serverOf(), serverOf()]
    const [first, third] = idleAt(a, 2) as [FakeConn, FakeConn]
    const [second] = idleAt(b, 1) as [FakeConn]
    for (const [n, conn] of [first, second, third].entries()) conn.dueMs = 1000 + n
    expect(endOldest()).toBe(true)
    expect([first, second, third].map(({ became }) => became)).toEqual(['dropped', null, null])
    expect([endOldest(), endOldest(), endOldest()]).toEqual([true, true, false])
    expect([a.live.idle.length, b.live.idle.length]).toEqual([0, 0])
  })

  test.each([
    ['timeout=10', 9000],
    ['max=100, timeout = "5"', 4000],
    ['timeout=1', 0],
    ['timeout=999999', 60_000],
    ['max=100', 30_000],
    ['notimeout=5', 30_000],
  ])('hears %p of its server as %p ms', (value, keepAliveMs) => {
    const { live } = serverOf()
    learnKeepAlive(live, value)
    expect(live.keepAliveMs).toBe(keepAliveMs)
  })
})
