// Made-up relays for tests: the far end of the two descriptors, and relays that only note what they are told.
import type { Socket } from 'bun'
import { LineCutter } from '../../../../server/lib/lines.ts'
import { closeFds, receiveFds } from '../../../../server/lib/pass-fds.ts'
import type { KeptRelay } from '../../../../server/control/relay/relay-keeper.ts'
import type { HeldSocket, RelayBody } from '../../../../server/control/relay/relay-plan.ts'
import type { RelayExit, StartRelay } from '../../../../server/control/relay/relay-start.ts'
import type { LinkedFds } from '../../../../server/control/children/child-start.ts'
import type { Answer } from '../../../../server/control/children/kept.ts'
import type { FromRelay, ToRelay } from '../../../../server/turn/messages.ts'
import { turnListener } from '../../../support/turn-config.ts'

/** A plan for the relay; without listeners it is of no use. */
export function relayBody(number: number, sockets: readonly HeldSocket[] = [], isOfUse = true): RelayBody {
  return {
    plan: {
      number,
      listeners: isOfUse ? { turn: turnListener() } : {},
      ownAddresses: [],
      nonceKey: '00',
      logs: { level: 'warn', format: 'json' },
      sockets: sockets.map(({ key, listener, host, port }) => ({ key, listener, host, port })),
    },
    sockets,
    descriptors: 1,
    drainMs: 1000,
  }
}

/** The relay's end of the control connection and of the channel, played by the test. */
export class FarEnd {
  readonly told: ToRelay[] = []
  /** What it does when it is told something. */
  onTold: (message: ToRelay) => void = () => {}
  isOpen = true
  readonly #fds: LinkedFds
  readonly #onExit: (how: RelayExit) => void
  #socket: Socket<undefined> | null = null

  constructor(fds: LinkedFds, onExit: (how: RelayExit) => void) {
    this.#fds = fds
    this.#onExit = onExit
    const cutter = new LineCutter()
    const socket = {
      open: (opened: Socket<undefined>) => {
        this.#socket = opened
      },
      data: (_: unknown, bytes: Uint8Array) => {
        for (const line of cutter.take(bytes)) {
          const message = JSON.parse(line) as ToRelay
          this.told.push(message)
          this.onTold(message)
        }
      },
      close: () => {
        this.isOpen = false
      },
    }
    void Bun.connect({ fd: fds.control, socket } as unknown as Parameters<typeof Bun.connect>[0])
  }

  say(message: FromRelay): void {
    this.#socket?.write(`${JSON.stringify(message)}\n`)
  }

  /** Bytes as they are. */
  write(text: string): void {
    this.#socket?.write(text)
  }

  /** Closes the control connection, and goes on. */
  hangUp(): void {
    this.#socket?.terminate()
  }

  take(tag: number, count: number): number[] {
    return receiveFds(this.#fds.channel, tag, count)
  }

  exit(how: RelayExit = { code: null, signal: 'SIGKILL' }): void {
    this.#socket?.terminate()
    closeFds([this.#fds.channel])
    this.#onExit(how)
  }
}

/** Starts far ends, and keeps them. */
export function farEnds(): { readonly start: StartRelay; readonly ends: FarEnd[]; readonly kills: number[] } {
  const ends: FarEnd[] = []
  const kills: number[] = []
  const start: StartRelay = (fds, onExit) => {
    const pid = 500 + ends.length
    const end = new FarEnd(fds, onExit)
    ends.push(end)
    return {
      pid,
      kill: () => {
        kills.push(pid)
        end.exit()
      },
    }
  }
  return { start, ends, kills }
}

/** A relay that does as it is told, until told otherwise. */
export class FakeRelay implements KeptRelay {
  readonly pid: number
  readonly startedMs: number
  readonly told: string[] = []
  readonly said = Promise.withResolvers<boolean>()
  readonly gone = Promise.withResolvers<void>()
  readonly hello = this.said.promise
  readonly exited = this.gone.promise
  aborted = 0
  answer: Answer = { is: 'ready' }
  /** Dies when it is asked to prepare. */
  isDeadly = false
  readonly #onExit: (relay: KeptRelay, how: RelayExit) => void
  #isGone = false

  constructor(pid: number, startedMs: number, onExit: (relay: KeptRelay, how: RelayExit) => void) {
    this.pid = pid
    this.startedMs = startedMs
    this.#onExit = onExit
  }

  prepare({ plan }: RelayBody): Promise<Answer> {
    this.told.push(`prepare ${plan.number}`)
    if (!this.isDeadly) return Promise.resolve(this.answer)
    this.die()
    return Promise.resolve({ is: 'gone', why: 'the TURN relay ended' })
  }
  commit({ plan }: RelayBody): Promise<boolean> {
    this.told.push(`commit ${plan.number}`)
    return Promise.resolve(!this.#isGone)
  }
  drop({ plan }: RelayBody): void {
    this.told.push(`drop ${plan.number}`)
  }
  ask(): Promise<unknown> {
    return Promise.resolve(['asked'])
  }
  drain(withinMs: number): void {
    this.told.push(`drain ${withinMs}`)
  }
  holdBack(isHeldBack: boolean): void {
    this.told.push(isHeldBack ? 'hold back' : 'go on')
  }
  stop(): void {
    this.told.push('stop')
    this.die(0)
  }
  kill(): void {
    this.told.push('kill')
    this.die()
  }
  die(code: number | null = null): void {
    if (this.#isGone) return
    this.#isGone = true
    this.said.resolve(false)
    this.#onExit(this, { code, signal: code === null ? 'SIGKILL' : null })
    this.gone.resolve()
  }
}
