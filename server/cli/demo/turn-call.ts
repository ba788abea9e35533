// A call of the demo: two clients that reach each other through the TURN listener, and a small message each
// way now and then.
import { Address } from '../../lib/address.ts'
import { ATTRIBUTES } from '../../turn/bytes/stun.ts'
import { TurnClient } from '../turn/turn-client.ts'
import { TURN_USER } from './demo-config.ts'

const TIMEOUT_MS = 2000
const SAID_EACH_MS = 500
const MESSAGE_BYTES = 160
/** Permissions last five minutes, allocations ten (RFC 8656). */
const KEPT_EACH_MS = 120_000

export class TurnCall {
  readonly #clients: readonly TurnClient[]
  readonly #timers: readonly ReturnType<typeof setInterval>[]

  private constructor(sides: readonly [Side, Side]) {
    this.#clients = sides.map(({ client }) => client)
    const message = new Uint8Array(MESSAGE_BYTES)
    const say = (): void => {
      for (const [one, other] of bothWays(sides)) one.client.sendTo(other.relayed, message)
    }
    const keep = (): void => {
      void keepOpen(sides).catch(() => {})
    }
    this.#timers = [setInterval(say, SAID_EACH_MS), setInterval(keep, KEPT_EACH_MS)]
  }

  /** Null: there is no such listener, or it refuses. */
  static async begin(port: number, password: string): Promise<TurnCall | null> {
    const [one, other] = [await allocated(port, password), await allocated(port, password)]
    if (one === null || other === null) {
      for (const side of [one, other]) side?.client.close()
      return null
    }
    const sides = [one, other] as const
    await keepOpen(sides)
    return new TurnCall(sides)
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    for (const client of this.#clients) client.close()
  }
}

interface Side {
  readonly client: TurnClient
  readonly relayed: Address
}

const bothWays = ([one, other]: readonly [Side, Side]): readonly (readonly [Side, Side])[] => [
  [one, other],
  [other, one],
]

async function keepOpen(sides: readonly [Side, Side]): Promise<void> {
  for (const [one, other] of bothWays(sides)) {
    await one.client.refresh()
    await one.client.permit(other.relayed)
  }
}

async function allocated(port: number, password: string): Promise<Side | null> {
  const address = Address.parse('127.0.0.1', port)
  if (address === null) return null
  const target = { transport: 'udp', address, serverName: 'localhost' } as const
  const options = { timeoutMs: TIMEOUT_MS, login: { user: TURN_USER, password } }
  const client = await TurnClient.open(target, options)
  if ('failure' in client) return null
  const answer = await client.allocate()
  const relayed = 'silence' in answer ? null : answer.message.address(ATTRIBUTES.XOR_RELAYED_ADDRESS)
  if (relayed !== null && relayed !== 'malformed') return { client, relayed }
  client.close()
  return null
}
