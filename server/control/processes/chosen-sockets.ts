// Which sockets the workers of this gateway have: found out once, as it starts, and told once when it is not
// what was wanted. A worker that is replaced gets the same.
import type { Config } from '../../config/schema.ts'
import { type Choice, choose, type Probes, wantedHere, wantedSockets } from '../../sockets/choose.ts'
import { SOCKETS_KINDS, type SocketsKind } from '../../sockets/socket.ts'
import { kindsHere } from '../../sockets/sockets.ts'
import type { SocketsFacts } from '../../telemetry/documents.ts'
import { type LogEvent, logEvent } from '../../telemetry/log.ts'
import { type ApplyProblem, NEEDS_RESTART } from '../problem.ts'
import { listenerPath } from '../sockets/bind-problem.ts'
import { probeRing } from './probe-ring.ts'
import { workerEnv } from './worker-command.ts'

type Wanting = Pick<Config, 'sockets'>

export interface ChosenSocketsParts {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What could be had if nothing stood against it. */
  readonly ofSystem: Probes
  /** Asks the machine what stands against rings; null: nothing. */
  readonly probe: () => Promise<string | null>
  readonly tell: LogEvent
}

export class ChosenSockets {
  readonly #parts: ChosenSocketsParts
  /** What is not asked may be there. */
  #probes: Probes
  #chosen: Choice | null = null
  #isNamed = false
  /** What each process has: others than the chosen ones where it could not make those. */
  readonly #had = new Map<string, Choice>()
  #hasTold = false
  #probing: Promise<string | null> | null = null

  constructor(parts: ChosenSocketsParts) {
    this.#parts = parts
    this.#probes = parts.ofSystem
  }

  static onThisMachine(env: ChosenSocketsParts['env']): ChosenSockets {
    return new ChosenSockets({
      env,
      ofSystem: kindsHere(),
      probe: () => probeRing({ env: workerEnv(env) }),
      tell: logEvent,
    })
  }

  /** Asks the machine while the config is read, if its text seems to want rings. */
  askEarly(text: string): void {
    const guess = wantedSockets(guessSockets(text), this.#parts.env)
    if (wantsRings(guess) && this.#parts.ofSystem.io_uring !== undefined) void this.#ask()
  }

  /** Once. */
  #ask(): Promise<string | null> {
    this.#probing ??= this.#parts.probe()
    return this.#probing
  }

  /** What is wrong with the environment, whatever the config says. */
  get problems(): readonly ApplyProblem[] {
    const wanted = wantedSockets('auto', this.#parts.env)
    return typeof wanted === 'string' ? [] : [{ path: '', message: wanted.problem, text: wanted.problem }]
  }

  /** Chooses for this run. Throws what is wrong with what is wanted, with its path. */
  async choose(config: Wanting): Promise<void> {
    const { env, ofSystem } = this.#parts
    const wanted = wantedHere(config.sockets, env, ofSystem)
    if (typeof wanted !== 'string') throw Object.assign(new Error(wanted.problem), { path: wanted.path })
    if (ofSystem.io_uring !== undefined && wantsRings(wanted))
      this.#probes = { ...ofSystem, io_uring: await this.#ask() }
    this.#chosen = choose(wanted, this.#probes)
    this.#isNamed = wanted !== 'auto'
    const { kind, why } = this.#chosen
    if (why !== null) this.#tell({ wanted, sockets: kind, why })
  }

  /** Of each worker that is started. */
  get kind(): SocketsKind {
    if (this.#chosen === null) throw new Error('sockets are not chosen yet')
    return this.#chosen.kind
  }

  /** Of all workers, the best first; more than one where some could not make those that were chosen. */
  get said(): string {
    const kinds = new Set([this.#inUse.kind, ...[...this.#had.values()].map(({ kind }) => kind)])
    return SOCKETS_KINDS.filter((kind) => kinds.has(kind)).join(', ')
  }

  /** What a process has, as it says itself. */
  heard(process: string, choice: Choice): void {
    this.#had.set(process, choice)
    if (choice.kind === this.#chosen?.kind) return
    this.#tell({ process, wanted: this.#chosen?.kind, sockets: choice.kind, why: choice.why })
  }

  /** A process is gone. */
  forget(process: string): void {
    this.#had.delete(process)
  }

  /** The chosen ones, or the best that any process has where none could make those. */
  get #inUse(): Choice {
    const chosen = this.#chosen ?? { kind: this.kind, why: null }
    const had = [...this.#had.values()]
    if (had.length === 0 || had.some(({ kind }) => kind === chosen.kind)) return chosen
    const best = SOCKETS_KINDS.find((kind) => had.some((one) => one.kind === kind))
    return had.find(({ kind }) => kind === best) ?? chosen
  }

  /** A config that wants others than are in use. */
  restartProblems({ sockets }: Wanting): readonly ApplyProblem[] {
    const wanted = wantedSockets(sockets, this.#parts.env)
    if (typeof wanted !== 'string' || this.#chosen === null) return []
    if (choose(wanted, this.#probes).kind === this.#chosen.kind) return []
    const message = `found ${sockets}, in use is ${this.#inUse.kind}: a change needs a restart`
    return [{ path: 'sockets', message, code: NEEDS_RESTART }]
  }

  /** What listeners need that these sockets have not. */
  listenerProblems({ listeners }: Pick<Config, 'listeners'>): readonly ApplyProblem[] {
    const { kind, why } = this.#inUse
    if (kind !== 'bun') return []
    const udp = Object.entries(listeners).filter(([, { protocol }]) => protocol === 'udp')
    return udp.map(([name]) => ({
      path: `${listenerPath(name)}.protocol`,
      message: `found udp: it needs sockets of ours${why === null ? '' : `, which cannot be had here (${why})`}`,
      hint: process.platform === 'linux' ? 'let "sockets" be auto, io_uring or epoll' : 'it needs Linux',
    }))
  }

  /** Null before they are chosen. */
  get facts(): SocketsFacts | null {
    if (this.#chosen === null) return null
    const { kind, why } = this.#inUse
    const others = [...this.#had].filter(([, had]) => had.kind !== kind)
    return { kind, why, others: others.map(([process, had]) => ({ process, ...had })) }
  }

  /** Once. Who named what he wanted may count on it, who left it to us does not. */
  #tell(facts: Readonly<Record<string, unknown>>): void {
    if (!this.#hasTold) this.#parts.tell(this.#isNamed ? 'warn' : 'info', 'sockets_fallback', facts)
    this.#hasTold = true
  }
}

const wantsRings = (wanted: ReturnType<typeof wantedSockets>): boolean =>
  wanted === 'auto' || wanted === 'io_uring'

/** What a config text seems to want; a wrong guess costs a question, or the time that one takes. */
function guessSockets(text: string): Config['sockets'] {
  const written = /^\s{0,4}"?sockets"?\s*[:=]\s*["']?(epoll|bun)\b/m.exec(text)?.[1]
  return written === 'epoll' || written === 'bun' ? written : 'auto'
}
