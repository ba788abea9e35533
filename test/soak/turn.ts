// TURN clients that come and go by all transports for a while; afterwards nothing of them is left: no
// allocation, port, descriptor or memory.
import type { Socket } from 'bun'
import { descriptorsOf, residentBytes } from '../support/processes.ts'
import type { Random } from '../support/random.ts'
import * as stun from '../support/stun.ts'
import { TurnLine, udpAllocate } from '../support/turn-line.ts'
import { startSluiceTurn, type TurnServer } from '../support/turn.ts'
import { startEcho } from '../support/uclient.ts'
import { pause, waitFor } from '../support/wait.ts'
import { type Actor, connects, disturbs, expires, moves, relays, SECRET, type Stage } from './turn-actors.ts'

export interface TurnSoakOptions {
  readonly seconds: number
  /** Clients may vanish too, and what they leave behind is waited for: more than a minute. */
  readonly isLong: boolean
  readonly random: Random
}

export interface TurnSoakResult {
  readonly notes: readonly string[]
  /** Empty: all was well. */
  readonly problems: readonly string[]
}

const ACTORS: readonly Actor[] = [relays, relays, relays, expires, moves, connects, disturbs]
const AT_ONCE = 24
const FIRST_PORT = 22_000
/** Of the relay, between two quiet moments: what the engine's heap may keep for later. */
const GROWTH_MAX = 12 << 20
const ROUNDS = 3

/** Runs it and looks at what is left. */
export async function soakTurn(options: TurnSoakOptions): Promise<TurnSoakResult> {
  const { seconds, isLong, random } = options
  const ports = isLong ? 1000 : 200
  const range = `${FIRST_PORT}-${FIRST_PORT + ports - 1}`
  await using server = await startSluiceTurn({
    main: { tls: true, tcp: true, mobility: true, ports: range, lifetime: '1m', ours: timing },
    rest: { secret: SECRET, ports: '24000-24999', lifetime: '1m', ours: timing },
  })
  const udpEcho = await startEcho()
  const tcpEcho = startTcpEcho()
  const stage: Stage = { server, udpEcho, tcpEcho, random, mayVanish: isLong }
  const soak = new Soak(stage)
  try {
    // Once before it counts: what grows once for all is no leak. Nobody vanishes yet.
    await soak.run(Math.min(20, seconds / 3), { ...stage, mayVanish: false })
    await soak.untilEmpty(20)
    const prints = [await soak.settled()]
    let grown = 0
    // A heap that has not been collected yet is larger once; a leak grows again each time.
    for (let rounds = 0; rounds === 0 || (rounds < ROUNDS && grown > GROWTH_MAX); rounds++) {
      await soak.run(seconds, stage)
      await soak.untilEmpty(isLong ? 100 : 20)
      prints.push(await soak.settled())
      grown = prints.at(-1)!.relayBytes - prints.at(-2)!.relayBytes
    }
    if (grown > GROWTH_MAX)
      soak.problems.push(`the relay grew by ${megabytes(grown)}, ${ROUNDS} times in a row`)
    soak.compareDescriptors(prints[0]!, prints.at(-1)!)
    await soak.allPorts(ports)
    return { notes: [...soak.notes, prints.map(show).join(' → ')], problems: soak.problems }
  } finally {
    udpEcho.close()
    tcpEcho.stop(true)
  }
}

const timing = { timeouts: { idle: '2s' } }

interface Footprint {
  readonly relayBytes: number
  readonly relayDescriptors: number
  readonly othersBytes: number
  readonly othersDescriptors: number
}

class Soak {
  readonly notes: string[] = []
  readonly problems: string[] = []
  readonly #stage: Stage
  #lives = 0

  constructor(stage: Stage) {
    this.#stage = stage
  }

  get #server(): TurnServer {
    return this.#stage.server
  }

  /** Lets so many clients live at a time, for so long. */
  async run(seconds: number, stage: Stage): Promise<void> {
    const untilMs = performance.now() + seconds * 1000
    const live = async (): Promise<void> => {
      while (performance.now() < untilMs && this.problems.length < 20) {
        const actor = stage.random.pick(ACTORS)
        try {
          await actor(stage)
          this.#lives++
        } catch (problem) {
          this.problems.push(`${actor.name}: ${String(problem)}`)
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, live))
    this.notes.push(`${this.#lives} clients came and went`)
  }

  /** Waits until the gateway says that there is no allocation and no connection. */
  async untilEmpty(withinS: number): Promise<void> {
    for (const name of ['turn_allocations', 'turn_connections']) {
      await waitFor(async () => (await this.#gauge(name)) === 0, {
        forMs: withinS * 1000,
        everyMs: 200,
      }).catch(async () => this.problems.push(`${await this.#gauge(name)} ${name} are left`))
    }
  }

  /** What its processes hold, once that stands still. */
  async settled(): Promise<Footprint> {
    let last = this.#footprint()
    for (let looks = 0, quiet = 0; looks < 40 && quiet < 4; looks++) {
      await pause(250)
      const now = this.#footprint()
      quiet = Math.abs(now.relayBytes - last.relayBytes) < 256 << 10 ? quiet + 1 : 0
      last = now
    }
    return last
  }

  compareDescriptors(before: Footprint, after: Footprint): void {
    for (const what of ['relayDescriptors', 'othersDescriptors'] as const)
      if (after[what] > before[what]) this.problems.push(`${what}: ${before[what]} → ${after[what]}`)
  }

  /** Takes every port there is, and one more, which must not be there. */
  async allPorts(count: number): Promise<void> {
    const lines: TurnLine[] = []
    try {
      for (let i = 0; i <= count; i++) lines.push(await TurnLine.open({ port: this.#server.port('main') }))
      const last = lines.pop()!
      const found = new Set<number>()
      for (const line of lines) found.add((await line.allocate()).port)
      if (found.size !== count) this.problems.push(`${found.size} different ports of ${count}`)
      const code = stun.errorCode(await last.request(stun.ALLOCATE, { before: udpAllocate }))
      last.close()
      if (code !== 508) this.problems.push(`beyond the last port: ${code}, not 508`)
    } catch (problem) {
      this.problems.push(`of ${count} ports some cannot be had: ${String(problem)}`)
    } finally {
      for (const line of lines) line.close()
    }
  }

  #footprint(): Footprint {
    const relay = this.#server.gateway!.relay
    const others = this.#server.pids().filter((pid) => pid !== relay)
    const sum = (pids: readonly number[], of: (pid: number) => number): number =>
      pids.reduce((total, pid) => total + of(pid), 0)
    return {
      relayBytes: relay === null ? 0 : residentBytes(relay),
      relayDescriptors: relay === null ? 0 : descriptorsOf(relay),
      othersBytes: sum(others, residentBytes),
      othersDescriptors: sum(others, descriptorsOf),
    }
  }

  async #gauge(name: string): Promise<number> {
    const metrics = await (await fetch(`${this.#server.gateway!.admin}/metrics`)).text()
    return metrics
      .split('\n')
      .filter((line) => line.startsWith(`lb_${name}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }
}

function startTcpEcho(): Bun.TCPSocketListener<{ unsent: Uint8Array[] }> {
  const flush = (socket: Socket<{ unsent: Uint8Array[] }>): void => {
    const { unsent } = socket.data
    for (let next = unsent[0]; next !== undefined; next = unsent[0]) {
      const taken = Math.max(0, socket.write(next))
      if (taken < next.length) return void (unsent[0] = next.subarray(taken))
      unsent.shift()
    }
  }
  return Bun.listen<{ unsent: Uint8Array[] }>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: (socket) => void (socket.data = { unsent: [] }),
      data(socket, bytes) {
        socket.data.unsent.push(Uint8Array.from(bytes))
        flush(socket)
      },
      drain: flush,
      error() {},
    },
  })
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

const show = (print: Footprint): string =>
  `relay ${megabytes(print.relayBytes)}, ${print.relayDescriptors} descriptors; others ${megabytes(print.othersBytes)}, ${print.othersDescriptors} descriptors`
