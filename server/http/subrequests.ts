// All requests of ours that a worker has under way at backends: so many at most (limits.subrequests). They
// are counted apart from those of clients.
import type { Wheel } from '../lib/wheel.ts'
import { nowMs } from '../lib/clock.ts'
import { event } from '../lib/event.ts'
import type { ExchangeMeter } from '../telemetry/exchange-meter.ts'
import type { SubrequestOutcome } from '../telemetry/subrequest-meter.ts'
import type { Servers } from './ends.ts'
import type { AskedFor } from './asked-for.ts'
import { Collected, Subrequest, type SubrequestWorld } from './subrequest.ts'
import type {
  AsksBackends,
  Awaited,
  SubrequestAnswer,
  SubrequestEvents,
  SubrequestFailure,
  SubrequestWords,
  UnderWay,
} from './subrequest-words.ts'

/** What they are made with: the engine's. */
interface Ground {
  readonly servers: Servers
  readonly wheel: Wheel
  readonly meter: ExchangeMeter
  readonly isDebugging: boolean
  readonly chance: () => number
  readonly snapshot: { readonly config: { readonly limits: { readonly subrequests: number } } }
  limitReached(limit: string, value: number): void
}

export class Subrequests implements SubrequestWorld {
  readonly #ground: Ground
  readonly #underWay = new Set<Subrequest>()

  constructor(ground: Ground) {
    this.#ground = ground
  }

  /** How many are under way. */
  get size(): number {
    return this.#underWay.size
  }

  /** Asks on behalf of this client. */
  of(of: AskedFor): AsksBackends {
    return new ForOne(this, of)
  }

  /** See AsksBackends. */
  ask(words: SubrequestWords, of: AskedFor, events: SubrequestEvents): UnderWay | null {
    const { subrequests: most } = this.#ground.snapshot.config.limits
    if (this.#underWay.size >= most) {
      this.#ground.limitReached('limits.subrequests', most)
      this.#count(words, 'refused', 0)
      return null
    }
    const one = new Subrequest({ words, of, events, world: this })
    this.#underWay.add(one)
    one.start()
    return one
  }

  /** The gateway stops: nobody waits for them. */
  cancelAll(): void {
    for (const one of this.#underWay) one.cancel()
  }

  subrequestOver(one: Subrequest, outcome: SubrequestOutcome): void {
    this.#underWay.delete(one)
    this.#count(one.words, outcome, nowMs - one.startedMs)
  }

  #count({ purpose, backend }: SubrequestWords, outcome: SubrequestOutcome, ms: number): void {
    this.#ground.meter.subrequests.over(purpose, backend.name, outcome, ms)
  }

  // ── what they are made with ──

  get servers(): Servers {
    return this.#ground.servers
  }
  get wheel(): Wheel {
    return this.#ground.wheel
  }
  get meter(): ExchangeMeter {
    return this.#ground.meter
  }
  get isDebugging(): boolean {
    return this.#ground.isDebugging
  }
  chance(): number {
    return this.#ground.chance()
  }
}

class ForOne implements AsksBackends {
  readonly #all: Subrequests
  readonly #of: AskedFor

  constructor(all: Subrequests, of: AskedFor) {
    this.#all = all
    this.#of = of
  }

  ask(words: SubrequestWords, events: SubrequestEvents): UnderWay | null {
    return this.#all.ask(words, this.#of, events)
  }

  answerOf(words: SubrequestWords): Awaited {
    const { promise, resolve } = Promise.withResolvers<SubrequestAnswer | SubrequestFailure>()
    let one: UnderWay | null = null
    event(() => (one = this.ask(words, new Collected(resolve))))
    if (one === null) resolve({ is: 'failure', code: 'subrequest_limit', detail: null })
    return { answer: promise, cancel: () => event(() => one?.cancel()) }
  }
}
