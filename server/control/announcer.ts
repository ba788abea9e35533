// Says what is served to whoever has to know: the service manager, commands that look for the control socket,
// the supervisor that comes when this one is killed, and the log.
import type { Config } from '../config/schema.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Served } from './change/apply.ts'
import { ControlSocket, type OpenControlAt } from './control-socket.ts'
import { openAddresses, type Parts } from './make-parts.ts'
import { ListenerNews } from './listener-news.ts'
import { editionFacts } from './news.ts'
import type { Rejection } from './problem.ts'
import { RunStateKeeper } from './run-state.ts'
import { ServiceManager } from './service-manager.ts'
import type { Predecessor } from './upgrade/predecessor.ts'
import type { HandedSockets } from './sockets/handed-sockets.ts'
import type { AddressesByName } from './sockets/binds.ts'
import { lineOf } from './source/places.ts'

export interface AnnouncerParts {
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly openControl: OpenControlAt
  /** Sockets that were open before us. */
  readonly handed: Pick<HandedSockets, 'closeRest'>
  /** The gateway that this one takes over from; null: there is none. */
  readonly predecessor: Pick<Predecessor, 'isOver'> | null
  readonly parts: () => Parts | null
  /** Process ids. */
  readonly workers: () => readonly number[]
  /** Where the admin listener is; null: it is turned off. */
  readonly admin: () => string | null
  /** SHA-256 of its certificate; null: it speaks no TLS. */
  readonly fingerprint: () => string | null
  /** Kinds of sockets that workers have. */
  readonly sockets: () => string
  readonly rejection: () => Rejection | null
  readonly isDraining: () => boolean
}

export class Announcer {
  readonly manager: ServiceManager
  readonly #parts: AnnouncerParts
  readonly #controlSocket: ControlSocket
  readonly #runState = new RunStateKeeper()
  readonly #listeners = new ListenerNews()
  #isResting = false

  constructor(parts: AnnouncerParts) {
    this.#parts = parts
    this.manager = new ServiceManager(parts.env)
    this.#controlSocket = new ControlSocket(parts.openControl)
  }

  /** Another edition is served. */
  async served(event: 'serving' | 'applied', { revision, edition }: Served): Promise<void> {
    const { parts, file, workers, admin, fingerprint, sockets, isDraining } = this.#parts
    this.keepRunState()
    // Looked at now: the next config may take the place of this one before it is told.
    const facts = {
      ...editionFacts(revision, edition),
      pid: process.pid,
      workers: workers(),
      listeners: addressesOf(parts(), edition.config),
      admin: admin(),
      ...(fingerprint() !== null && { admin_fingerprint: fingerprint() }),
      sockets: sockets(),
    }
    await this.#controlSocket.apply(edition.config, file)
    if (isDraining()) return
    if (event === 'serving') this.tellManager()
    this.#parts.handed.closeRest()
    logEvent('info', event, facts)
    this.#listeners.served(facts.listeners, edition.config.listeners)
  }

  tellManager(): void {
    const { parts, file, rejection, isDraining, predecessor } = this.#parts
    const { revision = 0 } = parts()?.applier.running ?? {}
    const { problems: [problem] = [], takenBack } = rejection() ?? {}
    const newer = takenBack
      ? `; revision ${takenBack.revision} was taken back: ${takenBack.why}`
      : problem === undefined
        ? ''
        : `; a newer file was rejected: ${lineOf(problem, file)}`
    // Before that the service manager listens to the one that it has started.
    if (!isDraining() && predecessor?.isOver !== false)
      this.manager.ready(`serves revision ${revision}${newer}`)
  }

  /** Processes came or went. */
  keepRunState(): void {
    const parts = this.#parts.parts()
    if (parts && !parts.isAlone && !this.#parts.isDraining() && !this.#isResting)
      this.#runState.keep(parts, this.#parts.workers())
  }

  /** The data folder may be another one: whether commands had lost us, and find us again. */
  lookAtSocket(): Promise<boolean> {
    return this.#controlSocket.look()
  }

  /** Another gateway takes over: it answers commands, and says who runs. */
  rest(): void {
    this.#isResting = true
    this.#controlSocket.rest()
  }

  /** It does not, after all. */
  async wake(): Promise<void> {
    this.#isResting = false
    const config = this.#parts.parts()?.applier.running?.edition.config
    this.keepRunState()
    if (config !== undefined) await this.#controlSocket.apply(config, this.#parts.file)
  }

  /** Answers commands no more. */
  stop(): void {
    this.#controlSocket.stop()
  }
}

const addressesOf = (parts: Parts | null, config: Config): AddressesByName =>
  parts === null ? {} : openAddresses(parts, config)
