// One check of one server: resolve, connect, talk, within the timeout. It ends with the reason why it failed,
// or null.
import type { ServerAddress } from '../../backends/server.ts'
import type { Suspects } from '../../lib/address-race.ts'
import { formatDuration } from '../../lib/durations.ts'
import type { Resolver } from '../../lib/resolver.ts'
import type { Connect, ProbeConnection, ProbeEvents } from './probe-connection.ts'
import { HttpTalk, type ServerCheck } from './probe-http.ts'
import { ProbeRace } from './probe-race.ts'

/** Calls `then` after so many ms; calling the answer takes it back. */
export type After = (ms: number, then: () => void) => () => void

export interface ProbeWorld {
  readonly resolver: Pick<Resolver, 'lookup'>
  readonly connect: Connect
  readonly after: After
  /** Addresses that lately did not answer. */
  readonly suspects: Suspects
  readonly now: () => number
}

export interface ProbeTarget extends ServerAddress {
  readonly check: ServerCheck
}

/** Says how a check ended: null for a pass, else why it failed. */
export type ProbeDone = (reason: string | null) => void

/**
 * Starts a check. `done` is called once, never before this returns; calling the answer gives the check up
 * without it.
 */
export function probe(target: ProbeTarget, world: ProbeWorld, done: ProbeDone): () => void {
  const run = new ProbeRun(target, world, done)
  return () => run.cancel()
}

class ProbeRun implements ProbeEvents {
  readonly #target: ProbeTarget
  readonly #world: ProbeWorld
  readonly #stopTimer: () => void
  #done: ProbeDone | null
  #connection: ProbeConnection | null = null
  #talk: HttpTalk | null = null
  /** What a timeout says was going on. */
  #doing: string

  constructor(target: ProbeTarget, world: ProbeWorld, done: ProbeDone) {
    this.#target = target
    this.#world = world
    this.#done = done
    this.#doing = `resolving ${target.host}`
    this.#stopTimer = world.after(target.check.timeout, () => this.#timeOut())
    // Known names are answered at once.
    queueMicrotask(() => {
      if (this.#done) world.resolver.lookup(target.host, (addresses, why) => this.#resolved(addresses, why))
    })
  }

  cancel(): void {
    this.#done = null
    this.#stopTimer()
    this.#connection?.close()
  }

  connected(): void {
    if (this.#target.check.type === 'tcp') return this.#finish(null)
    this.#doing = 'waiting for the answer'
    this.#talk = new HttpTalk(this.#target.check, this.#target.authority)
    this.#connection?.write(this.#talk.request)
  }

  data(bytes: Uint8Array): void {
    const ending = this.#talk?.take(bytes)
    if (ending) this.#finish(ending.reason)
    else if (this.#talk?.hasHead) this.#doing = 'reading the body'
  }

  ended(): void {
    if (this.#talk) this.#finish(this.#talk.end().reason)
  }

  failed(reason: string): void {
    this.#finish(reason)
  }

  #resolved(addresses: readonly string[], why: string | null): void {
    if (this.#done === null) return
    if (addresses.length === 0) return this.#finish(`name not resolved: ${why ?? 'no address'}`)
    this.#doing = 'connecting'
    // A name may have addresses that the server does not listen on: any one that takes us will do.
    this.#connection = new ProbeRace(addresses, this.#target, this.#world, this)
    this.#connection.start()
  }

  #timeOut(): void {
    this.#finish(`timed out after ${formatDuration(this.#target.check.timeout)} while ${this.#doing}`)
  }

  #finish(reason: string | null): void {
    const done = this.#done
    if (done === null) return
    this.cancel()
    done(reason)
  }
}
