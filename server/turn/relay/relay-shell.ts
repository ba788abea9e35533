// What the relay process does with what its supervisor says: takes plans in two steps, answers questions,
// drains. The engine and the sockets are handed in.
import { nowMs } from '../../lib/clock.ts'
import { tellBug } from '../../lib/bug.ts'
import { closeFds } from '../../lib/pass-fds.ts'
import { StartCode } from '../../lib/start-code.ts'
import type { Timed, Wheel } from '../../lib/wheel.ts'
import { configureEvents, type LogEvent } from '../../telemetry/log.ts'
import type { Registry } from '../../telemetry/registry.ts'
import { Address } from '../../lib/address.ts'
import {
  DOOR,
  type FromRelay,
  type Question,
  type RelayPlan,
  type RelaySocketPlan,
  type ToRelay,
} from '../messages.ts'
import type { Stream } from '../network.ts'
import type { DatagramSink } from '../../sockets/udp/udp-socket.ts'
import type { Turn } from '../turn.ts'

const METRICS_EVERY_MS = 1000
/** While there is nothing new: then they are a sign of life. */
const QUIET_METRICS_EVERY_MS = 2000
/** How much may wait for a supervisor that does not read before metrics wait as well. */
const UNREAD_MAX = 64 * 1024

interface Open {
  close(): void
  holdBack?(): void
  goOn?(): void
}

export interface ShellParts {
  readonly turn: Pick<
    Turn,
    'check' | 'apply' | 'accept' | 'drain' | 'onEmpty' | 'allocations' | 'list' | 'end' | 'explain' | 'close'
  >
  readonly adoptUdp: (fd: number, address: Address, sink: DatagramSink) => Open
  readonly adoptDoor: (fd: number, accept: (stream: Stream) => void) => Open
  /** Descriptors that were sent with a tag. */
  readonly receiveFds: (tag: number, count: number) => number[]
  readonly wheel: Pick<Wheel, 'due'>
  readonly registry: Registry
  readonly log: LogEvent
  readonly say: (message: FromRelay) => void
  /** Bytes said that the supervisor has not read. */
  readonly unread: () => number
  /** How many descriptors may be open. */
  readonly descriptorLimit: number
}

interface Prepared {
  readonly plan: RelayPlan
  readonly fds: Map<string, number>
  readonly descriptors: number
  readonly drainMs: number
}

export class RelayShell {
  /** The code to exit with; null: it goes on. */
  exitCode: number | null = null
  readonly #parts: ShellParts
  #prepared: Prepared | null = null
  #current: Prepared | null = null
  readonly #udp = new Map<string, Open>()
  #door: Open | null = null
  #isDraining = false
  #isClosed = false
  #mostWanted = 0
  readonly #startCode = new StartCode()
  readonly #metrics: Timed
  readonly #deadline: Timed

  constructor(parts: ShellParts) {
    this.#parts = parts
    this.#metrics = timed(() => this.#tellMetrics())
    this.#deadline = timed(() => this.#finish())
    parts.wheel.due(this.#metrics, nowMs + METRICS_EVERY_MS)
  }

  onMessage(message: ToRelay): void {
    if (this.exitCode !== null) return
    try {
      this.#obey(message)
    } catch (error) {
      // What is half done cannot be trusted: another relay begins anew.
      tellBug(error)
      this.#end(1)
    }
  }

  /** Without a supervisor nobody could tell it anything, nor end it. */
  onOrphaned(): void {
    this.#end(0)
  }

  onTerminate(): void {
    this.#drain(this.#current?.drainMs ?? 0)
  }

  /** Closes all that is open. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#drop()
    this.#parts.turn.onEmpty = null
    this.#parts.turn.close()
    for (const open of this.#udp.values()) open.close()
    this.#door?.close()
    this.#door = null
  }

  #obey(message: ToRelay): void {
    switch (message.type) {
      case 'plan':
        return this.#prepare(message.plan, message.descriptors, message.drainMs)
      case 'commit':
        return this.#commit(message.number)
      case 'drop':
        if (this.#prepared?.plan.number === message.number) this.#drop()
        return
      case 'question':
        return this.#answer(message.id, message.question)
      case 'hold-back':
        for (const open of this.#udp.values()) open.holdBack?.()
        return
      case 'go-on':
        for (const open of this.#udp.values()) open.goOn?.()
        return
      case 'drain':
        return this.#drain(message.withinMs)
    }
  }

  #prepare(plan: RelayPlan, descriptors: number, drainMs: number): void {
    this.#drop()
    const { number, arriving } = plan
    try {
      const fds = this.#parts.receiveFds(number, arriving.length)
      this.#prepared = {
        plan,
        fds: new Map(arriving.map((key, i) => [key, fds[i] ?? -1])),
        descriptors,
        drainMs,
      }
    } catch (error) {
      return this.#parts.say({
        type: 'failed',
        number,
        why: error instanceof Error ? error.message : String(error),
      })
    }
    const why = this.#parts.turn.check(withoutDoor(plan))
    if (why === null) return this.#parts.say({ type: 'ready', number })
    this.#drop()
    this.#parts.say({ type: 'failed', number, why })
  }

  #commit(number: number): void {
    const prepared = this.#prepared
    if (prepared?.plan.number !== number) throw new Error('nothing was prepared')
    this.#prepared = null
    const { plan, fds } = prepared
    configureEvents(plan.logs)
    this.#current = prepared
    this.#parts.turn.apply(withoutDoor(plan), (socket, sink) => this.#adopt(socket, fds, sink))
    this.#adoptDoor(plan, fds)
    closeFds([...fds.values()])
    this.#checkDescriptors(prepared.descriptors)
    this.#parts.say({ type: 'serving', number })
  }

  #adopt({ key, host, port }: RelaySocketPlan, fds: Map<string, number>, sink: DatagramSink): Open {
    const fd = fds.get(key)
    const address = Address.parse(host, port)
    if (fd === undefined || !address) throw new Error(`socket ${key} did not arrive`)
    fds.delete(key)
    const adopted = this.#parts.adoptUdp(fd, address, sink)
    // Closed once: its descriptor's number may soon be another's.
    const open = {
      close: () => {
        if (this.#udp.get(key) !== open) return
        this.#udp.delete(key)
        adopted.close()
      },
      holdBack: () => adopted.holdBack?.(),
      goOn: () => adopted.goOn?.(),
    }
    this.#udp.set(key, open)
    return open
  }

  #adoptDoor({ sockets }: RelayPlan, fds: Map<string, number>): void {
    const key = sockets.find(({ listener }) => listener === DOOR)?.key
    const fd = key === undefined ? undefined : fds.get(key)
    if (key !== undefined && fd === undefined) return
    this.#door?.close()
    this.#door = null
    if (key === undefined || fd === undefined) return
    fds.delete(key)
    this.#door = this.#parts.adoptDoor(fd, (stream) => this.#parts.turn.accept(stream))
  }

  #drop(): void {
    if (this.#prepared) closeFds([...this.#prepared.fds.values()])
    this.#prepared = null
  }

  #answer(id: number, question: Question): void {
    const { turn, say } = this.#parts
    say({ type: 'answer', id, answer: answerOf(turn, question) })
  }

  #drain(withinMs: number): void {
    if (this.#isDraining || this.exitCode !== null) return
    this.#isDraining = true
    const { turn, wheel } = this.#parts
    // Not at once: the answer that the last client was given for ending it is still to be sent.
    turn.onEmpty = () => wheel.due(this.#deadline, nowMs)
    turn.drain()
    if (turn.allocations === 0) return this.#finish()
    wheel.due(this.#deadline, nowMs + withinMs)
  }

  #finish(): void {
    if (this.exitCode !== null) return
    const aborted = this.#parts.turn.allocations
    this.#end(0)
    this.#tellMetrics()
    this.#parts.say({ type: 'drained', aborted })
  }

  #end(code: number): void {
    this.exitCode ??= code
    this.close()
  }

  #tellMetrics(): void {
    const { wheel, registry, say, unread } = this.#parts
    this.#startCode.look(registry.isQuiet)
    wheel.due(this.#metrics, nowMs + (registry.isQuiet ? QUIET_METRICS_EVERY_MS : METRICS_EVERY_MS))
    // What is not taken now is in the next.
    if (unread() < UNREAD_MAX) say({ type: 'metrics', delta: registry.take() })
  }

  /** With too few descriptors allocations fail long before their quotas are used up. */
  #checkDescriptors(wanted: number): void {
    const { descriptorLimit, log } = this.#parts
    if (wanted <= descriptorLimit || wanted <= this.#mostWanted) return
    this.#mostWanted = wanted
    log('warn', 'descriptor_limit', {
      limit: descriptorLimit,
      wanted,
      hint: 'raise the limit of open files (ulimit -n, LimitNOFILE), or lower quotas.total and limits.connections of turn listeners',
    })
  }
}

const withoutDoor = (plan: RelayPlan): RelayPlan => ({
  ...plan,
  sockets: plan.sockets.filter(({ listener }) => listener !== DOOR),
})

function answerOf(turn: ShellParts['turn'], question: Question): unknown {
  switch (question.ask) {
    case 'list':
      return turn.list()
    case 'end':
      return turn.end(question.allocation)
    case 'explain':
      return turn.explain(question.listener, question.peer)
  }
}

function timed(expire: () => void): Timed {
  return { dueMs: 0, filedTick: -1, filedPlace: 0, expire }
}
