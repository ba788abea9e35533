// The relay process: all TURN allocations live here. It is started by the supervisor, as a process or
// (`workers: 0`) as a thread, with two descriptors: the channel that sockets come through, and the control
// connection. When that closes, it ends.
import { randomBytes } from 'node:crypto'
import { fstatSync } from 'node:fs'
import type { Io } from '../../cli/io.ts'
import { tellBug } from '../../lib/bug.ts'
import { nowMs, tick } from '../../lib/clock.ts'
import { descriptorLimit } from '../../lib/descriptors.ts'
import { LineCutter } from '../../lib/lines.ts'
import { closeFds, duplicateFd, receiveFds } from '../../lib/pass-fds.ts'
import { releaseSignals } from '../../lib/signals.ts'
import { Wheel } from '../../lib/wheel.ts'
import { meterProcess } from '../../telemetry/gather.ts'
import { EVENTS } from '../../tables/events.ts'
import { finishEvents, logEvent, tapEvents } from '../../telemetry/log.ts'
import { endOnBugs, logBugs } from '../../telemetry/log-bugs.ts'
import { Registry } from '../../telemetry/registry.ts'
import type { FromRelay, ToRelay } from '../messages.ts'
import type { Stream, StreamSink } from '../network.ts'
import { Loop } from '../../sockets/loop.ts'
import { SocketNetwork } from '../sockets/network.ts'
import { Poller } from '../../sockets/poller.ts'
import { Turn } from '../turn.ts'
import { meterNetwork } from './meter-network.ts'
import { RelayShell } from './relay-shell.ts'

/** Where the supervisor puts the descriptors of a process. */
const CHANNEL_FD = 3
const CONTROL_FD = 4
/** A list of all allocations is long; what is beyond this is not sent. */
const UNSENT_MAX = 64 * 1024 * 1024
/** Events are told while so little waits to be read. */
const UNREAD_EVENTS_MAX = 1024 * 1024
/** How long the end waits for the supervisor to read what was said last. */
const LAST_WORDS_MS = 1000
const PROCESS = 'turn-relay'

/** Runs until the supervisor has no more use for it; gives the exit code. */
export async function relay(args: readonly string[], io: Io): Promise<number> {
  if (!Bun.isMainThread) return serve(duplicateFd(Number(args[0])), duplicateFd(Number(args[1])))
  if (!isSocket(CHANNEL_FD) || !isSocket(CONTROL_FD)) {
    io.stderr('sluice relay: the TURN relay is started by "sluice run", and of no use without it\n')
    return 2
  }
  // Ctrl-C reaches the whole process group: the supervisor decides what it means.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)
    process.on(signal, () => {})
  releaseSignals()
  return serve(CHANNEL_FD, CONTROL_FD)
}

async function serve(channel: number, controlFd: number): Promise<number> {
  if (Bun.isMainThread) endOnBugs(PROCESS)
  else logBugs(PROCESS)
  tick()
  const poller = new Poller()
  const loop = new Loop(poller)
  const network = new SocketNetwork(poller)
  const wheel = new Wheel(() => nowMs)
  wheel.start()
  loop.drive(wheel)
  loop.settle(() => network.flush())
  const control = new Control(network, controlFd)
  const shell = makeShell({ network, wheel, control, channel })
  control.shell = shell
  control.say({ type: 'hello', pid: process.pid })
  tapEvents((level, event, fields) => {
    if (Object.hasOwn(EVENTS, event) && control.unread < UNREAD_EVENTS_MAX)
      control.say({ type: 'event', level, event, fields: { process: PROCESS, ...fields } })
  })
  try {
    await loop.run(() => shell.exitCode !== null && control.hasSaidAll())
  } catch (error) {
    tellBug(error)
    shell.exitCode = 1
  }
  shell.close()
  control.close()
  loop.close()
  poller.close()
  closeFds([channel])
  await finishEvents()
  return shell.exitCode ?? 1
}

interface ShellMakings {
  readonly network: SocketNetwork
  readonly wheel: Wheel
  readonly control: Control
  readonly channel: number
}

function makeShell({ network, wheel, control, channel }: ShellMakings): RelayShell {
  const registry = new Registry()
  meterNetwork(registry, network.counters, logEvent)
  const shell = new RelayShell({
    turn: new Turn({ network, registry, wheel, randomBytes, unixMs: () => Date.now(), log: logEvent }),
    adoptUdp: (fd, address, sink) => network.adoptUdp(fd, address, sink),
    adoptDoor: (fd, accept) => network.adoptDoor(fd, accept),
    receiveFds: (tag, count) => receiveFds(channel, tag, count),
    wheel,
    registry,
    log: logEvent,
    say: (message) => control.say(message),
    unread: () => control.unread,
    descriptorLimit: descriptorLimit(),
  })
  if (Bun.isMainThread) {
    // Of a thread nobody could tell them from the supervisor's.
    meterProcess(registry, PROCESS)
    process.on('SIGTERM', () => shell.onTerminate())
  }
  return shell
}

/** The relay's end of the control connection. */
class Control implements StreamSink {
  shell: RelayShell | null = null
  readonly #cutter = new LineCutter()
  readonly #encoder = new TextEncoder()
  readonly #network: SocketNetwork
  #stream: Stream | null
  #quietFromMs = 0

  constructor(network: SocketNetwork, fd: number) {
    this.#network = network
    this.#stream = network.adoptStream(fd, this)
  }

  get unread(): number {
    return this.#stream?.queued ?? 0
  }

  say(message: FromRelay): void {
    const line = this.#encoder.encode(`${JSON.stringify(message)}\n`)
    this.#stream?.send(line, 0, line.length, UNSENT_MAX)
  }

  /** Sends what was said last: true when all of it is out, or nobody reads it. */
  hasSaidAll(): boolean {
    this.#network.flush()
    this.#quietFromMs ||= nowMs + LAST_WORDS_MS
    return this.unread === 0 || nowMs > this.#quietFromMs
  }

  close(): void {
    this.#stream?.abort()
  }

  onBytes(_stream: Stream, bytes: Uint8Array, start: number, length: number): number {
    for (const line of this.#cutter.take(bytes.subarray(start, start + length)))
      this.shell?.onMessage(JSON.parse(line) as ToRelay)
    return length
  }

  onEnd(): void {
    this.shell?.onOrphaned()
  }

  onClose(): void {
    this.#stream = null
    this.shell?.onOrphaned()
  }
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket()
  } catch {
    return false
  }
}
