// The TURN engine on a network in memory and a clock that tests set.
import { createHmac } from 'node:crypto'
import { spyOn } from 'bun:test'
import { nowMs, tick } from '../../server/lib/clock.ts'
import { Wheel } from '../../server/lib/wheel.ts'
import { Registry } from '../../server/telemetry/registry.ts'
import type { RelayPlan, RelaySocketPlan } from '../../server/turn/messages.ts'
import { Turn } from '../../server/turn/turn.ts'
import type { TurnListenerConfig } from '../../server/turn/turn.options.ts'
import { type ConfigParts, configOf } from './turn-config.ts'
import { at, FakeNetwork, type FakeUdp } from './turn-network.ts'

export interface LogLine {
  readonly level: string
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}

export class World {
  readonly network = new FakeNetwork()
  readonly registry = new Registry(() => nowMs / 1000)
  readonly log: LogLine[] = []
  readonly wheel: Wheel
  readonly turn: Turn
  #ms = 1_000_000
  #random = 0
  #number = 0
  readonly #spy

  constructor(
    listeners: Readonly<Record<string, ConfigParts>> = { turn: {} },
    routed: readonly string[] = [],
  ) {
    this.#spy = spyOn(performance, 'now').mockImplementation(() => this.#ms)
    tick()
    this.wheel = new Wheel(() => nowMs)
    this.turn = new Turn(
      {
        network: this.network,
        registry: this.registry,
        wheel: this.wheel,
        randomBytes: (length) => this.#bytes(length),
        unixMs: () => this.unixMs,
        log: (level, event, fields = {}) => void this.log.push({ level, event, fields }),
      },
      () => ({ routed, all: ['127.0.0.1', '198.51.100.1'] }),
    )
    this.apply(listeners)
  }

  /** Unix time. */
  get unixMs(): number {
    return 1_700_000_000_000 + this.#ms
  }

  /** A Buffer over a pool, as that of node:crypto is. */
  #bytes(length: number): Uint8Array {
    const pool = Buffer.alloc(64 + length)
    const digest = createHmac('sha512', 'chance')
      .update(String(this.#random++))
      .digest()
    digest.copy(pool, 64, 0, length)
    return pool.subarray(64, 64 + length)
  }

  /** Lets time pass, in steps that a loop would take. */
  advance(ms: number): void {
    const until = this.#ms + ms
    while (this.#ms < until) {
      this.#ms = Math.min(until, this.#ms + 250)
      tick()
      this.wheel.sweep(nowMs)
    }
  }

  plan(listeners: Readonly<Record<string, ConfigParts>>, ownAddresses: readonly string[] = []): RelayPlan {
    const configs = Object.fromEntries(
      Object.entries(listeners).map(([name, parts]) => [name, configOf(parts)]),
    )
    const sockets = Object.entries(configs).flatMap(([name, config]) => socketsOf(name, config))
    return {
      number: ++this.#number,
      listeners: configs,
      ownAddresses,
      nonceKey: '00112233445566778899aabbccddeeff'.repeat(2),
      logs: { level: 'info', format: 'json' },
      sockets,
      arriving: [],
    }
  }

  apply(listeners: Readonly<Record<string, ConfigParts>>, ownAddresses: readonly string[] = []): void {
    this.turn.apply(this.plan(listeners, ownAddresses), ({ host, port }, sink): FakeUdp =>
      this.network.adopt(host, port, sink),
    )
  }

  /** What a counter or gauge says; 0 without it. */
  metric(name: Parameters<Registry['counter']>[0], ...labels: string[]): number {
    this.registry.read()
    const series = this.registry.families.get(name)?.series.get(labels.join('\u001F'))
    return series !== undefined && 'value' in series ? Number(series.value) : 0
  }

  events(event: string): LogLine['fields'][] {
    return this.log.filter((line) => line.event === event).map(({ fields }) => fields)
  }

  close(): void {
    this.#spy.mockRestore()
    tick()
  }
}

function socketsOf(listener: string, { bind, discovery, transports }: TurnListenerConfig): RelaySocketPlan[] {
  if (!transports.includes('udp')) return []
  const one = at(bind)
  const socket = (place: number, host: string, port: number) => ({
    listener,
    key: `${listener}#${place}`,
    host,
    port,
  })
  if (discovery === undefined) return [socket(0, one.host, one.port)]
  const other = at(discovery)
  return [
    socket(0, one.host, one.port),
    socket(1, one.host, other.port),
    socket(2, other.host, one.port),
    socket(3, other.host, other.port),
  ]
}
