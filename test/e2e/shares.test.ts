// What servers get over four workers beside what they are to get: the weights in force are read where anybody
// can, requests are counted at the servers.
import { afterEach, expect, test } from 'bun:test'
import { rawClient, type RawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { done } from '../support/orders.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { pause } from '../support/wait.ts'
import type { ServerHealth } from '../../server/telemetry/server-health.ts'

const open: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]()
})
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one)
  return one
}

/** Of each backend: the kernel spreads them over the workers. */
const CONNECTIONS = 16

type Answer = (of: string) => { readonly afterMs: number; readonly status: number }

/** Backends of servers "BACKEND-0" and so on, each asked for by the path of its name. */
class World {
  readonly origins = new Map<string, Origin>()
  readonly gateway: Gateway
  readonly weights: readonly number[]
  /** Of each backend. */
  readonly #clients: ReadonlyMap<string, readonly RawClient[]>

  static async start(
    backends: Readonly<Record<string, object>>,
    weights: readonly number[],
    answer: Answer = () => ({ afterMs: 0, status: 200 }),
  ): Promise<World> {
    const origins = new Map<string, Origin>()
    const serversOf = (backend: string) =>
      weights.map((weight, n) => {
        const name = `${backend}-${n}`
        const origin = startOrigin(async (_request, reply) => {
          const { afterMs, status } = answer(name)
          if (afterMs > 0) await pause(afterMs)
          reply.send(status, name)
        })
        origins.set(name, keep(origin))
        return { name, url: origin.url, weight }
      })
    const gateway = await startGateway({
      workers: 4,
      config: {
        listeners: { web: { bind: '127.0.0.1:0' } },
        rules: Object.keys(backends).map((name) => ({ name, match: { path: `/${name}` }, backend: name })),
        backends: Object.fromEntries(
          Object.entries(backends).map(([name, words]) => [
            name,
            { servers: serversOf(name), retry: { attempts: 1 }, ...words },
          ]),
        ),
      },
    })
    keep(gateway)
    const clients = new Map<string, readonly RawClient[]>()
    for (const name of Object.keys(backends))
      clients.set(
        name,
        await Promise.all(Array.from({ length: CONNECTIONS }, () => rawClient(gateway.port('web')))),
      )
    return new World({ origins, gateway, weights, clients })
  }

  constructor(
    parts: Pick<World, 'origins' | 'gateway' | 'weights'> & {
      clients: ReadonlyMap<string, readonly RawClient[]>
    },
  ) {
    this.origins = parts.origins
    this.gateway = parts.gateway
    this.weights = parts.weights
    this.#clients = parts.clients
  }

  /** Asks a backend so often on each connection; how many came to each of its servers. */
  async ask(backend: string, times: number): Promise<number[]> {
    const own = [...this.origins].filter(([name]) => name.startsWith(`${backend}-`))
    const before = own.map(([, { requests }]) => requests.length)
    await Promise.all(
      this.#clients.get(backend)!.map(async (client) => {
        for (let n = 0; n < times; n++) await client.get(`/${backend}`)
      }),
    )
    return own.map(([, { requests }], n) => requests.length - before[n]!)
  }

  async servers(): Promise<Map<string, ServerHealth>> {
    const { backends } = (await (await fetch(`${this.gateway.admin}/_health`)).json()) as {
      backends: ServerHealth[]
    }
    return new Map(backends.map((one) => [one.server, one]))
  }
}

/** The weight that a server has now. */
const inForce = ({ weight, slow_start, dynamic_weight }: ServerHealth): number =>
  (dynamic_weight ?? weight) * (slow_start ?? 1)

/** What was asked of a backend while the weights of its servers stayed what they were. */
interface Sample {
  readonly backend: string
  /** In force. */
  readonly weights: readonly number[]
  readonly got: readonly number[]
  readonly asked: number
  readonly shares: readonly number[]
}

/** Asks all backends at once, again and again; nothing is told of whose weights have changed meanwhile. */
async function* samples(world: World, backends: readonly string[], times: number): AsyncGenerator<Sample> {
  const read = async () => {
    const servers = await world.servers()
    return backends.map((backend) => world.weights.map((_, n) => inForce(servers.get(`${backend}-${n}`)!)))
  }
  for (let before = await read(); ;) {
    const all = await Promise.all(backends.map((backend) => world.ask(backend, times)))
    const after = await read()
    for (const [n, backend] of backends.entries()) {
      const weights = before[n]!
      if (!Bun.deepEquals(weights, after[n])) continue
      const sum = weights.reduce((sum, weight) => sum + weight, 0)
      const got = all[n]!
      const asked = got.reduce((sum, count) => sum + count, 0)
      yield { backend, weights, got, asked, shares: weights.map((weight) => weight / sum) }
    }
    before = after
  }
}

/** Of a walk through a sequence that all workers share: whatever part of it is looked at. */
const WITHIN = 2
const isNear = (got: readonly number[], asked: number, shares: readonly number[]): boolean =>
  got.every((count, n) => Math.abs(count - asked * shares[n]!) <= WITHIN)
/** Standard deviations of what is drawn. */
const SIGMAS = 5

test('a server that comes up gets, at each point of its slow start, the part of its weight that is told', async () => {
  const WEIGHTS = [2, 1]
  const LEAST = 0.05
  const KINDS = { even: 1, early: 3, late: 0.5, drawn: 1 }
  const backends = Object.entries(KINDS).map(([name, aggression]) => [
    name,
    {
      algorithm: name === 'drawn' ? 'weighted_random' : 'weighted_round_robin',
      slow_start: { over: '2s', aggression, least: LEAST },
    },
  ])
  const world = await World.start(Object.fromEntries(backends), WEIGHTS)
  const names = Object.keys(KINDS)
  const points = new Map(names.map((name) => [name, new Set<number>()]))
  const drawn = { got: 0, mean: 0, variance: 0 }
  const isEnough = (): boolean => points.values().every((own) => own.size >= 6)
  // Again, where the machine is so busy that few points were seen.
  while (!isEnough()) {
    for (const order of ['maintenance', 'ready'])
      for (const name of names) await done(world.gateway, `${name}-1`, order)
    const warm = new Set<string>()
    for await (const { backend, asked, got, weights, shares } of samples(world, names, 3)) {
      points.get(backend)!.add(Math.round(weights[1]! * 100) / 100)
      if (weights[1] === 1 && warm.add(backend).size === names.length) break
      if (backend === 'drawn') {
        drawn.got += got[1]!
        drawn.mean += asked * shares[1]!
        drawn.variance += asked * shares[0]! * shares[1]!
      } else
        expect({ backend, weights, asked, got, isNear: isNear(got, asked, shares) }).toMatchObject({
          isNear: true,
        })
    }
  }
  expect(Math.abs(drawn.got - drawn.mean)).toBeLessThan(SIGMAS * Math.sqrt(drawn.variance))
  // And the parts are those of the formula.
  for (const [name, aggression] of Object.entries(KINDS)) {
    const steps = Array.from(
      { length: 21 },
      (_, n) => Math.round(Math.min(1, Math.max(LEAST, (n / 20) ** (1 / aggression))) * 100) / 100,
    )
    expect([...points.get(name)!.keys()].filter((part) => !steps.includes(part))).toEqual([])
  }
})

test('dynamic weights stay within their bounds, and servers get what they are at each time; failing fast is no speed', async () => {
  const BOUNDS = { wide: [0.5, 1.5], narrow: [0.95, 1.05] } as const
  const backends = Object.entries(BOUNDS).map(([name, [least, most]]) => [
    name,
    { algorithm: 'weighted_round_robin', dynamic_weights: { least, most } },
  ])
  const WEIGHTS = [1, 1, 2, 1]
  const world = await World.start(Object.fromEntries(backends), WEIGHTS, (server) => ({
    afterMs: server.endsWith('0') || server.endsWith('3') ? 0 : 20,
    status: server.endsWith('3') ? 503 : 200,
  }))
  const seen = new Set<string>()
  for await (const { backend, asked, got, weights, shares } of samples(world, Object.keys(BOUNDS), 4)) {
    const [least, most] = BOUNDS[backend as keyof typeof BOUNDS]
    const parts = weights.map((weight, n) => weight / WEIGHTS[n]!)
    expect({ backend, parts: parts.filter((part) => part < least || part > most) }).toEqual({
      backend,
      parts: [],
    })
    expect({ backend, weights, asked, got, isNear: isNear(got, asked, shares) }).toMatchObject({
      isNear: true,
    })
    if (backend === 'wide') seen.add(parts.join())
    // Who is fast has most, and who fails as fast least.
    else if (seen.size >= 3 && parts[0] === most && parts[3] === least) break
  }
})
