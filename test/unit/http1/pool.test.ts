import { describe, expect, test } from 'bun:test'
import type { Endpoint } from '../../../server/http1/endpoint.ts'
import type { Outbound } from '../../../server/http1/outbound.ts'
import { learnKeepAlive, putIdle, removeIdle, retire, takeIdle } from '../../../server/http1/pool.ts'
import { METHODS, METHOD_GET } from '../../../server/tables/methods.ts'

const POST = METHODS.indexOf('POST')

function serverOf({ connections = 8, keepAliveMs = 30_000 } = {}): Endpoint {
  const live = { idle: [], keepAliveMs, isRetired: false }
  return { live, poolSize: connections } as unknown as Endpoint
}

class FakeConn {
  isClosed = false
  isFit = true
  became: string | null = null
  readonly endpoint: Endpoint

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint
  }

  drop(): void {
    this.became = 'dropped'
  }

  finishServer(): void {
    this.became = 'finished'
    removeIdle(this as unknown as Outbound)
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

  test('takes none beyond its size, none that may not stay, and none when its server is retired', () => {
    const full = serverOf({ connections: 1 })
    const [kept] = idleAt(full, 2)
    expect(full.live.idle).toEqual([kept])
    expect(putIdle(new FakeConn(serverOf({ keepAliveMs: 0 })) as unknown as Outbound)).toBe(0)
    const server = serverOf()
    const conns = idleAt(server, 3)
    retire(server.live)
    expect(conns.map(({ became }) => became)).toEqual(['finished', 'finished', 'finished'])
    expect(server.live.idle).toEqual([])
    expect(putIdle(new FakeConn(server) as unknown as Outbound)).toBe(0)
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
