// Against the kernel itself: which of the sockets of an address its clients meet.
import { afterEach, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { Sockets } from '../../../../server/control/sockets/sockets.ts'
import { parseBind, socketKey } from '../../../../server/lib/bind.ts'
import { duplicateFd } from '../../../../server/lib/pass-fds.ts'
import { waitFor } from '../../../support/wait.ts'

type Listeners = Record<string, { bind: string; steer?: string }>

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

const listenersOf = (bind: string, steer: string | undefined = 'client_address'): Listeners => ({
  web: { bind, steer },
})

/** The sockets of a supervisor for these slots, served by a worker each. */
class Scene {
  readonly sockets: Sockets
  readonly listeners: Listeners
  readonly workers = new Map<number, { stop(): void }>()
  /** Of each address, the slots whose workers it met. */
  #met = new Map<string, string[]>()
  #count = 0
  readonly #name: string

  constructor(listeners: Listeners, slots: readonly number[], more: { name?: string } = {}) {
    this.listeners = listeners
    this.#name = more.name ?? ''
    this.sockets = new Sockets(() => true)
    expect(this.sockets.stage(listeners, slots)).toEqual([])
    this.sockets.commit(listeners)
    stops.push(() => this.end())
    for (const slot of slots) this.start(slot)
  }

  get bind(): string {
    return this.listeners['web']?.bind ?? ''
  }

  get port(): number {
    return parseBind(String(this.sockets.addresses(this.listeners)['web'])).port
  }

  start(slot: number): void {
    const fd = duplicateFd(this.sockets.take(socketKey('web', this.bind), slot).fd)
    const socket = {
      open: (client: { readonly remoteAddress: string; terminate(): void }) => {
        const address = client.remoteAddress.replace('::ffff:', '')
        this.#met.set(address, [...(this.#met.get(address) ?? []), `${this.#name}${slot}`])
        this.#count++
        client.terminate()
      },
      data() {},
    }
    const listener = Bun.listen({ fd, socket } as unknown as Parameters<typeof Bun.listen>[0])
    this.workers.set(slot, { stop: () => listener.stop(true) })
  }

  stop(slot: number): void {
    this.workers.get(slot)?.stop()
    this.workers.delete(slot)
  }

  /** Our copies of a supervisor that is killed; its workers stay. */
  kill(): void {
    this.sockets.close()
  }

  end(): void {
    for (const { stop } of this.workers.values()) stop()
    this.sockets.close()
  }

  /** Whom each of these addresses met since it was last asked. */
  take(): Map<string, string[]> {
    const met = this.#met
    this.#met = new Map()
    this.#count = 0
    return met
  }

  get count(): number {
    return this.#count
  }
}

const addresses = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `127.${i % 7}.${i >> 4}.${1 + (i % 251)}`)

/** Comes from each address so many times; whom each met, in all of these scenes. */
async function knock(scenes: readonly Scene[], from: readonly string[], times = 3): Promise<string[][]> {
  for (const scene of scenes) scene.take()
  const port = scenes[0]?.port ?? 0
  for (let time = 0; time < times; time++)
    await Promise.all(
      from.map((localAddress) => {
        const { promise, resolve } = Promise.withResolvers<void>()
        const socket = connect({ port, host: '127.0.0.1', localAddress })
        socket.on('error', () => {})
        socket.on('close', () => resolve())
        return promise
      }),
    )
  await waitFor(() => scenes.reduce((sum, { count }) => sum + count, 0) === from.length * times)
  const met = scenes.map((scene) => scene.take())
  return from.map((address) => met.flatMap((one) => one.get(address) ?? []))
}

/** Of addresses that met one worker only: which; throws where one met several. */
function each(met: readonly string[][]): string[] {
  expect(met.filter((all) => new Set(all).size !== 1)).toEqual([])
  return met.map(([first = '']) => first)
}

const howMany = (all: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const one of all) counts[one] = (counts[one] ?? 0) + 1
  return counts
}

describe.if(process.platform === 'linux')('steering', () => {
  test.each(['127.0.0.1:0', '0.0.0.0:0', '[::]:0'])(
    'at %s, of 200 addresses none meets two workers, and each worker has its share',
    async (bind) => {
      const counts = howMany(each(await knock([new Scene(listenersOf(bind), [0, 1, 2])], addresses(200))))
      expect(Object.keys(counts).sort()).toEqual(['0', '1', '2'])
      for (const count of Object.values(counts)) expect(count).toBeGreaterThan(35)
    },
  )

  test('unless it is wanted most meet several', async () => {
    const met = await knock([new Scene(listenersOf('127.0.0.1:0', 'off'), [0, 1, 2])], addresses(60))
    expect(met.filter((all) => new Set(all).size > 1).length).toBeGreaterThan(30)
  })

  test('a worker that is replaced keeps its clients', async () => {
    const scene = new Scene(listenersOf('127.0.0.1:0'), [0, 1, 2])
    const before = each(await knock([scene], addresses(60)))
    scene.stop(0)
    scene.start(0)
    expect(each(await knock([scene], addresses(60)))).toEqual(before)
  })

  test('a worker more gets its share at once; when it leaves, all are where they were', async () => {
    const scene = new Scene(listenersOf('127.0.0.1:0'), [0, 1, 2])
    const before = each(await knock([scene], addresses(60)))
    scene.start(3)
    expect(howMany(each(await knock([scene], addresses(60))))['3']).toBeGreaterThan(5)
    scene.sockets.closeSlot(3)
    // Its worker still has its copy: nobody comes to it already.
    expect(each(await knock([scene], addresses(60)))).toEqual(before)
    scene.stop(3)
    expect(each(await knock([scene], addresses(60)))).toEqual(before)
  })

  test('a slot without a worker leaves the group to the others, whichever it was', async () => {
    const scene = new Scene(listenersOf('127.0.0.1:0'), [0, 1, 2])
    scene.stop(1)
    scene.sockets.vacateSlot(1)
    const two = howMany(each(await knock([scene], addresses(60))))
    expect(Object.keys(two).sort()).toEqual(['0', '2'])
    scene.start(1)
    const three = howMany(each(await knock([scene], addresses(60))))
    expect(Object.keys(three).sort()).toEqual(['0', '1', '2'])
  })

  test('a reload turns it on and off', async () => {
    const scene = new Scene(listenersOf('127.0.0.1:0', 'off'), [0, 1, 2])
    const change = (steer: string): void => {
      const listeners = listenersOf('127.0.0.1:0', steer)
      scene.sockets.stage(listeners, [0, 1, 2])
      scene.sockets.commit(listeners)
    }
    const isSpread = async (): Promise<boolean> =>
      (await knock([scene], addresses(60))).some((all) => new Set(all).size > 1)
    expect(await isSpread()).toBe(true)
    change('client_address')
    expect(await isSpread()).toBe(false)
    change('off')
    expect(await isSpread()).toBe(true)
  })

  test.each(['client_address', 'off'])(
    'workers that a killed supervisor left behind get nobody more, and keep nothing once they are gone (then: %s)',
    async (steer) => {
      const old = new Scene(listenersOf('127.0.0.1:0'), [0, 1, 2], { name: 'old ' })
      const { port } = old
      old.kill()
      const next = new Scene(listenersOf(`127.0.0.1:${port}`, steer), [0, 1, 2])
      const both = (await knock([next, old], addresses(60))).flat()
      if (steer === 'off') expect(both.some((who) => !who.startsWith('old'))).toBe(true)
      else expect(both.filter((who) => who.startsWith('old'))).toEqual([])
      old.stop(0)
      // Ours that took its place is not led to by its index, but gets some all the same.
      const mixed = (await knock([next, old], addresses(60))).flat()
      expect(mixed.some((who) => !who.startsWith('old'))).toBe(true)
      old.stop(1)
      old.stop(2)
      if (steer === 'off') {
        const met = await knock([next], addresses(60))
        expect(met.filter((all) => new Set(all).size > 1).length).toBeGreaterThan(30)
      } else {
        await waitFor(async () =>
          (await knock([next], addresses(60))).every((all) => new Set(all).size === 1),
        )
        expect(Object.keys(howMany(each(await knock([next], addresses(60))))).sort()).toEqual(['0', '1', '2'])
      }
    },
  )
})
