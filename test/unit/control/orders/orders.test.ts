import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KeptOrder, OrderNews, OrderStore } from '../../../../server/control/orders/order.ts'
import type { Given } from '../../../../server/control/orders/order.ts'
import { Orders } from '../../../../server/control/orders/orders.ts'
import { SERVER_ORDERS, ServerOrders } from '../../../../server/control/store/server-orders.ts'
import { StateDb } from '../../../../server/control/store/state-db.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'
import {
  ADMIN_DRAIN,
  ADMIN_MAINTENANCE,
  ADMIN_READY,
  adminOf,
  packOrder,
  weightOf,
} from '../../../../server/scoreboard/states.ts'
import { waitFor } from '../../../support/wait.ts'

const MINUTE = 60_000

/** Kept as in state.db. */
class Memory implements OrderStore {
  readonly rows = new Map<string, KeptOrder>()
  isBroken = false

  all(): KeptOrder[] {
    if (this.isBroken) throw new Error('damaged')
    return [...this.rows.values()]
  }
  keep(order: KeptOrder): void {
    if (this.isBroken) throw new Error('disk full')
    this.rows.set(`${order.backend} ${order.server} ${order.url} ${order.kind}`, order)
  }
  forget({ backend, server, url }: { backend: string; server: string; url: string }, kind: string): void {
    if (this.isBroken) throw new Error('disk full')
    this.rows.delete(`${backend} ${server} ${url} ${kind}`)
  }
}

class Scene {
  readonly board = scoreboardOn(privateRegion(64, 1), -1)
  readonly news: OrderNews[] = []
  readonly notKept: string[] = []
  wallMs: number
  steadyMs = 0
  isSettled = true
  readonly orders: Orders

  store: OrderStore | null

  constructor(store: OrderStore | null, wallMs = 1_800_000_000_000) {
    this.store = store
    this.wallMs = wallMs
    this.orders = new Orders({
      board: this.board,
      open: () => Promise.resolve(this.store),
      onNews: (news) => void this.news.push(news),
      onNotKept: ({ server }) => void this.notKept.push(server),
      onNotRead: (error) => void this.notKept.push(String(error)),
      isSettled: () => this.isSettled,
      nowMs: () => this.wallMs,
      steadyMs: () => this.steadyMs,
    })
  }

  /** A gateway that starts with this config. */
  static async started(store: OrderStore | null, servers: Words, wallMs?: number): Promise<Scene> {
    const scene = new Scene(store, wallMs)
    await scene.orders.load()
    scene.serve(1, servers)
    return scene
  }

  serve(number: number, servers: Words, breaker: object | null = {}): void {
    this.orders.commit(planOf(number, servers, breaker))
  }

  give(change: Partial<Given> & Pick<Given, 'value'>, server = 'a'): Promise<boolean> {
    const place = this.orders.place('api', server)!
    return this.orders.give({
      place,
      kind: 'admin',
      reason: null,
      by: 'ana',
      sinceMs: this.wallMs,
      untilMs: null,
      ...change,
    })
  }

  /** Time goes on, and rounds with it. */
  pass(ms: number): void {
    this.wallMs += ms
    this.steadyMs += ms
    this.orders.look()
  }

  admin(slot: number): number {
    return adminOf(this.board.order(slot))
  }
}

type Words = Readonly<Record<string, readonly [url: string, slot: number]>>
const TWO: Words = { a: ['http://a:1', 2], b: ['http://b:1', 3] }

const planOf = (number: number, servers: Words, breaker: object | null = {}): PlanBody =>
  ({
    number,
    config: {
      backends: {
        api: {
          servers: Object.entries(servers).map(([name, [url]]) => ({ name, url, weight: 1 })),
          ...(breaker && { circuit_breaker: breaker }),
        },
      },
    },
    slots: {
      api: {
        slot: { index: 1, generation: 0 },
        servers: Object.fromEntries(
          Object.entries(servers).map(([name, [, index]]) => [name, { index, generation: 0 }]),
        ),
      },
    },
  }) as unknown as PlanBody

describe('an order', () => {
  test('stands on the scoreboard at once, and its kinds leave each other alone', async () => {
    const scene = await Scene.started(new Memory(), TWO)
    const epoch = scene.board.epoch(1)
    expect(await scene.give({ value: 'drain', reason: 'disk swap' })).toBe(true)
    expect([scene.admin(2), scene.admin(3)]).toEqual([ADMIN_DRAIN, ADMIN_READY])
    expect(scene.board.epoch(1)).toBeGreaterThan(epoch)
    await scene.give({ kind: 'weight', value: 7, by: 'bob' })
    expect(scene.board.order(2)).toBe(packOrder(ADMIN_DRAIN, 7))
    await scene.give({ kind: 'health', value: 'down' })
    await scene.give({ value: null })
    expect(scene.board.order(2)).toBe(packOrder(ADMIN_READY, 7))
    await scene.give({ kind: 'weight', value: null })
    expect(weightOf(scene.board.order(2), 5)).toBe(5)
    expect(scene.orders.facts().get(2)).toMatchObject([{ kind: 'health', value: 'down', by: 'ana' }])
    expect(scene.news.map(({ kind, order, was }) => [kind, order?.value, was?.value])).toEqual([
      ['admin', 'drain', undefined],
      ['weight', 7, undefined],
      ['health', 'down', undefined],
      ['admin', undefined, 'drain'],
      ['weight', undefined, 7],
    ])
  })

  test('takes the place of the one before, with its time', async () => {
    const scene = await Scene.started(new Memory(), TWO)
    await scene.give({ value: 'drain', untilMs: scene.wallMs + MINUTE })
    await scene.give({ value: 'maintenance' })
    scene.pass(2 * MINUTE)
    expect(scene.admin(2)).toBe(ADMIN_MAINTENANCE)
    expect(scene.news.at(-1)).toMatchObject({ cause: 'asked', was: { value: 'drain' } })
  })

  test('of a server that the config does not name is none', async () => {
    const scene = await Scene.started(new Memory(), TWO)
    expect([scene.orders.place('api', 'c'), scene.orders.place('web', 'a')]).toEqual([null, null])
  })

  test('is in force though it cannot be kept, which is said', async () => {
    const memory = new Memory()
    const scene = await Scene.started(memory, TWO)
    memory.isBroken = true
    expect(await scene.give({ value: 'drain' })).toBe(false)
    expect([scene.admin(2), scene.notKept]).toEqual([ADMIN_DRAIN, ['a']])
    const storeless = await Scene.started(null, TWO)
    expect(await storeless.give({ value: 'drain' })).toBe(false)
    expect(storeless.admin(2)).toBe(ADMIN_DRAIN)
  })
})

test('a store that cannot be read keeps nobody from being served, and is read once it can be', async () => {
  const memory = new Memory()
  await (await Scene.started(memory, TWO)).give({ value: 'drain' })
  memory.isBroken = true
  const scene = await Scene.started(memory, TWO)
  expect([scene.admin(2), scene.notKept]).toEqual([ADMIN_READY, ['Error: damaged']])
  memory.isBroken = false
  expect(await scene.give({ value: 'maintenance' }, 'b')).toBe(true)
  expect([scene.admin(2), scene.admin(3)]).toEqual([ADMIN_DRAIN, ADMIN_MAINTENANCE])
})

test('a database that is put back under a running gateway is read: who was out is out again, and all are told', async () => {
  const memory = new Memory()
  const before = await Scene.started(memory, TWO)
  await before.give({ value: 'drain', untilMs: before.wallMs + 10 * MINUTE })
  const scene = new Scene(null)
  scene.wallMs += 1
  await scene.orders.load()
  scene.serve(1, TWO)
  scene.pass(1000)
  expect(scene.admin(2)).toBe(ADMIN_READY)
  scene.store = memory
  await waitFor(() => {
    scene.orders.look()
    return scene.admin(2) === ADMIN_DRAIN
  })
  expect(scene.news).toMatchObject([
    { server: 'a', kind: 'admin', order: { value: 'drain', by: 'ana' }, cause: 'asked' },
  ])
})

test('one that cannot be read is told once, not each second', async () => {
  const memory = new Memory()
  memory.isBroken = true
  const scene = await Scene.started(memory, TWO)
  for (let second = 0; second < 3; second++) {
    scene.pass(1000)
    await Promise.resolve()
  }
  expect(scene.notKept).toEqual(['Error: damaged'])
})

describe('the time of an order', () => {
  test('ends it by itself, and a moment before it does not', async () => {
    const memory = new Memory()
    const scene = await Scene.started(memory, TWO)
    await scene.give({ value: 'drain', untilMs: scene.wallMs + 10 * MINUTE })
    scene.pass(10 * MINUTE - 1)
    expect(scene.admin(2)).toBe(ADMIN_DRAIN)
    scene.pass(1)
    expect([scene.admin(2), memory.rows.size]).toEqual([ADMIN_READY, 0])
    expect(scene.news.at(-1)).toMatchObject({ cause: 'until', order: null, was: { value: 'drain' } })
  })

  test('goes on while the clock is set back', async () => {
    const scene = await Scene.started(new Memory(), TWO)
    await scene.give({ value: 'drain', untilMs: scene.wallMs + 10 * MINUTE })
    scene.wallMs -= 3000 * MINUTE
    scene.pass(9 * MINUTE)
    expect(scene.admin(2)).toBe(ADMIN_DRAIN)
    scene.pass(MINUTE)
    expect(scene.admin(2)).toBe(ADMIN_READY)
  })

  test('is over after a machine has slept through it', async () => {
    const scene = await Scene.started(new Memory(), TWO)
    await scene.give({ value: 'drain', untilMs: scene.wallMs + 10 * MINUTE })
    scene.wallMs += 60 * MINUTE
    scene.orders.look()
    expect(scene.admin(2)).toBe(ADMIN_READY)
  })

  test('goes on over a restart, and what ended meanwhile is ended before anybody is served', async () => {
    const memory = new Memory()
    const first = await Scene.started(memory, TWO)
    await first.give({ value: 'drain', untilMs: first.wallMs + 10 * MINUTE })
    await first.give({ value: 'maintenance', untilMs: first.wallMs + MINUTE }, 'b')
    const second = await Scene.started(memory, TWO, first.wallMs + 4 * MINUTE)
    expect([second.admin(2), second.admin(3)]).toEqual([ADMIN_DRAIN, ADMIN_READY])
    expect(second.news).toMatchObject([{ server: 'b', cause: 'until' }])
    second.pass(6 * MINUTE)
    expect([second.admin(2), memory.rows.size]).toEqual([ADMIN_READY, 0])
  })

  test('is never longer than it was meant, when the clock is set back before a restart', async () => {
    const memory = new Memory()
    const first = await Scene.started(memory, TWO)
    await first.give({ value: 'drain', untilMs: first.wallMs + 10 * MINUTE })
    const second = await Scene.started(memory, TWO, first.wallMs - 50_000 * MINUTE)
    second.pass(9 * MINUTE)
    expect(second.admin(2)).toBe(ADMIN_DRAIN)
    // Another restart does not begin it again.
    const third = await Scene.started(memory, TWO, second.wallMs)
    third.pass(MINUTE)
    expect(third.admin(2)).toBe(ADMIN_READY)
  })
})

describe('another config', () => {
  test('keeps what is ordered, also of a server that only got another name', async () => {
    const memory = new Memory()
    const scene = await Scene.started(memory, TWO)
    await scene.give({ value: 'drain' })
    scene.board.setOrder(2, 0) // as a record that was given away is
    scene.serve(2, { c: ['http://a:1', 2], b: ['http://b:1', 3] })
    expect(scene.admin(2)).toBe(ADMIN_DRAIN)
    expect(scene.orders.of({ backend: 'api', server: 'c', url: 'http://a:1' })).toHaveLength(1)
    expect(memory.all()).toMatchObject([{ server: 'c', value: 'drain' }])
    expect(scene.news).toHaveLength(1)
  })

  test('without the server ends it, unless the one before may come back by itself', async () => {
    const memory = new Memory()
    const scene = await Scene.started(memory, TWO)
    await scene.give({ value: 'drain' })
    scene.isSettled = false
    scene.serve(2, { b: ['http://b:1', 3] })
    scene.pass(20 * MINUTE)
    // What was before comes back: so does what was ordered.
    scene.serve(3, TWO)
    expect([scene.admin(2), scene.news.length]).toEqual([ADMIN_DRAIN, 1])
    scene.serve(4, { b: ['http://b:1', 3] })
    scene.isSettled = true
    scene.pass(9 * MINUTE)
    expect(scene.news).toHaveLength(1)
    scene.pass(MINUTE)
    expect(scene.news.at(-1)).toMatchObject({ server: 'a', cause: 'gone' })
    expect(memory.rows.size).toBe(0)
    scene.serve(5, TWO)
    expect(scene.orders.of({ backend: 'api', server: 'a', url: 'http://a:1' })).toEqual([])
  })

  test('with another address under the same name is about another server', async () => {
    const scene = await Scene.started(new Memory(), TWO)
    await scene.give({ value: 'drain' })
    scene.serve(2, { a: ['http://a:2', 4], b: ['http://b:1', 3] })
    expect(scene.admin(4)).toBe(ADMIN_READY)
  })

  test('at a start ends what is kept of servers that are gone', async () => {
    const memory = new Memory()
    await (await Scene.started(memory, TWO)).give({ value: 'drain' })
    const scene = await Scene.started(memory, { b: ['http://b:1', 3] })
    scene.pass(9 * MINUTE)
    expect(scene.news).toEqual([])
    scene.pass(MINUTE)
    expect(scene.news).toMatchObject([{ server: 'a', cause: 'gone' }])
    expect(memory.rows.size).toBe(0)
  })
})

test('an order on a breaker does nothing while there is none, and ends when that lasts', async () => {
  const memory = new Memory()
  const scene = await Scene.started(memory, TWO)
  await scene.give({ kind: 'circuit', value: 'open', reason: 'smells' })
  expect(scene.admin(2)).toBe(ADMIN_READY)
  const placed = () => scene.orders.placed('circuit')
  expect(placed()).toMatchObject([{ slot: 2, place: { server: 'a' }, order: { value: 'open', by: 'ana' } }])
  scene.serve(2, TWO, null)
  scene.pass(9 * MINUTE)
  expect([placed(), scene.orders.facts().get(2), scene.news.length]).toEqual([[], [], 1])
  scene.serve(3, TWO)
  expect(placed()).toHaveLength(1)
  const again = await Scene.started(memory, TWO, scene.wallMs)
  expect(again.orders.placed('circuit')).toMatchObject([{ slot: 2, order: { value: 'open' } }])
  scene.serve(4, TWO, { mode: 'off' })
  scene.pass(9 * MINUTE)
  // Another change without one does not begin the time anew.
  scene.serve(5, TWO, null)
  scene.pass(MINUTE)
  expect([memory.rows.size, scene.news.at(-1)]).toMatchObject([0, { kind: 'circuit', cause: 'gone' }])
  scene.serve(6, TWO)
  expect(placed()).toEqual([])
})

test('orders come back from state.db as they were, and what it cannot mean is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orders-'))
  try {
    const db = StateDb.open(folder, [SERVER_ORDERS])
    const orders = new ServerOrders(db)
    const place = { backend: 'api', server: 'http://a:1', url: 'http://a:1' }
    const admin: KeptOrder = {
      ...place,
      kind: 'admin',
      value: 'maintenance',
      reason: 'disk "swap"',
      by: 'ana',
      sinceMs: 1,
      untilMs: 2,
    }
    const weight: KeptOrder = { ...admin, kind: 'weight', value: 3, reason: null, untilMs: null }
    orders.keep({ ...admin, value: 'drain' })
    orders.keep(admin)
    orders.keep(weight)
    expect(orders.all()).toEqual([admin, weight])
    const circuit: KeptOrder = { ...admin, kind: 'circuit', value: 'open' }
    orders.keep(circuit)
    expect(orders.all()).toContainEqual(circuit)
    orders.forget(place, 'circuit')
    db.sql.run("UPDATE server_orders SET value = 'half' WHERE kind = 'weight'")
    expect(orders.all()).toEqual([admin])
    orders.forget(place, 'admin')
    expect(orders.all()).toEqual([])
    db.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a name that every object has is no backend', () => {
  const scene = new Scene(null)
  expect(scene.orders.place('constructor', 'a')).toBeNull()
  scene.serve(1, TWO)
  for (const name of ['constructor', '__proto__', 'toString'])
    expect([name, scene.orders.place(name, 'a')]).toEqual([name, null])
})
