// What the supervisor looks after while it serves, in rounds: workers that hang, files that changed with no
// event, servers whose requests begin to fail, code that only the start needed.
import { StartCode } from '../lib/start-code.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { AttemptWatch } from '../telemetry/attempts.ts'
import type { ServerFacts } from '../telemetry/server-health.ts'
import type { Totals } from '../telemetry/registry.ts'
import type { WorkerFacts } from './facts.ts'
import { tellAttempts } from './news.ts'
import type { OrderDesk } from './order-desk.ts'
import type { Crew } from './processes/crew.ts'
import { HungWorkers } from './processes/hung-workers.ts'
import { Rounds } from './rounds.ts'
import type { SeenLive } from './seen-live.ts'

/** Changes of files that the system does not tell (network file systems) are seen after so long. */
const POLL_EVERY_MS = 2000

export interface LookoutParts {
  readonly crew: () => Crew
  readonly totals: Totals
  readonly board: () => Scoreboard
  readonly servers: () => readonly ServerFacts[]
  readonly live: Pick<SeenLive, 'look'>
  readonly desk: () => Pick<OrderDesk, 'look'> | null
  /** What is kept is another gateway's for now: nothing is to come of a look. */
  readonly isFrozen: () => boolean
  /** Looks for changes of files. */
  readonly lookAtFiles: () => void
}

export class Lookout {
  readonly #parts: LookoutParts
  readonly #hung: HungWorkers
  readonly #attempts = new AttemptWatch()
  readonly #startCode = new StartCode()
  readonly #rounds: Rounds
  #unpolledMs = 0

  constructor(parts: LookoutParts) {
    this.#parts = parts
    this.#hung = new HungWorkers(parts)
    this.#rounds = new Rounds({
      served: () => parts.board().served(),
      isCounting: () => this.#hung.isAnyoneSilent || this.#attempts.isCounting,
      look: (sinceMs, isQuiet) => this.#look(sinceMs, isQuiet),
    })
  }

  /** How many workers there are, and which of them are not well. */
  get workers(): WorkerFacts {
    const { crew, totals } = this.#parts
    const { wanted, serving } = crew()
    const full = totals.gaugesOf('accept_stopped').filter(({ value }) => value === 1)
    return { wanted, serving, silent: this.#hung.silent, full: full.map(({ labels }) => labels[0] ?? '') }
  }

  begin(): void {
    this.#rounds.begin()
  }

  /** What a start needs was needed again, as for a change of the config. */
  startCodeUsed(): void {
    this.#startCode.used()
  }

  #look(sinceMs: number, isQuiet: boolean): void {
    const { board, servers, live, lookAtFiles } = this.#parts
    this.#startCode.look(isQuiet)
    board().reconcile()
    this.#hung.look(performance.now(), sinceMs)
    this.#parts.desk()?.look()
    this.#unpolledMs += sinceMs
    if (this.#unpolledMs >= POLL_EVERY_MS && !this.#parts.isFrozen()) {
      this.#unpolledMs = 0
      lookAtFiles()
    }
    const all = servers()
    live.look(all)
    for (const news of this.#attempts.look(all, board())) tellAttempts(news)
  }
}
