// The gateway that this one takes over from, as it is seen from here. Its steps are in successor.ts; when it
// is killed in the midst, what has been handed over so far is ours, and the start goes on.
import { closeFds, receiveFds } from '../../lib/pass-fds.ts'
import { makeOwn } from '../../lib/socket-name.ts'
import { ChildLink } from '../children/child-link.ts'
import type { HandedSockets } from '../sockets/handed-sockets.ts'
import { CHANNEL_FD, CONTROL_FD, HANDOVER_VARIABLE, type SaidByNew, type SaidByOld } from './words.ts'

interface Waiting {
  readonly type: SaidByOld['type'] | 'wants'
  readonly resolve: () => void
}

export class Predecessor {
  readonly pid: number
  /** It has gone, or has left all to us. */
  isOver = false
  /** Settles when all is ours. */
  readonly over: Promise<void>
  readonly #link: ChildLink<SaidByOld, SaidByNew>
  readonly #handed: HandedSockets
  readonly #endIt: () => void
  #lock: number | null = null
  /** It was asked for that already. */
  #isFree = false
  #waiting: Waiting | null = null

  /** Null: nobody hands over to this process. */
  static from(
    env: Readonly<Record<string, string | undefined>>,
    handed: HandedSockets,
    version: string,
  ): Predecessor | null {
    const [pid] = (env[HANDOVER_VARIABLE] ?? '').split(':')
    if (pid === undefined || pid === '') return null
    // It was killed already, and left nothing: this is a start like any other.
    if (Number(pid) !== process.ppid) {
      closeFds([CHANNEL_FD, CONTROL_FD])
      return null
    }
    return new Predecessor(Number(pid), handed, version)
  }

  private constructor(pid: number, handed: HandedSockets, version: string) {
    this.pid = pid
    this.#handed = handed
    const over = Promise.withResolvers<void>()
    this.over = over.promise
    this.#endIt = over.resolve
    // No child of ours has them.
    for (const fd of [CHANNEL_FD, CONTROL_FD]) makeOwn(fd)
    handed.isPending = true
    this.#link = new ChildLink<SaidByOld, SaidByNew>(CONTROL_FD, (message) => this.#hear(message))
    void this.#link.closed.then(() => this.#end())
    this.#link.send({ type: 'hello', pid: process.pid, version })
  }

  /**
   * Takes over what is kept in the data folder, and all sockets: the descriptor of the folder's lock; null:
   * it is another's folder, or nobody's.
   */
  async takeOver(data: string): Promise<number | null> {
    await this.#ask({ type: 'wants', data }, 'wants')
    const lock = this.#lock
    this.#lock = null
    return lock
  }

  /** All is ready here: settles when nobody else accepts at what was taken. */
  whenFree(): Promise<void> {
    if (this.#isFree) return Promise.resolve()
    this.#isFree = true
    return this.#ask({ type: 'ready', taken: this.#handed.taken }, 'go')
  }

  serving(revision: number): void {
    this.#say({ type: 'serving', revision })
  }

  /** The start has failed. */
  failed(problems: readonly string[]): void {
    this.#say({ type: 'failed', problems })
  }

  #ask(message: SaidByNew, until: Waiting['type']): Promise<void> {
    if (this.isOver) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting = { type: until, resolve }
    this.#say(message)
    return promise
  }

  #say(message: SaidByNew): void {
    if (!this.isOver) this.#link.send(message)
  }

  #hear(message: SaidByOld | null): void {
    switch (message?.type) {
      case 'batch':
        return this.#onBatch(message)
      case 'go':
        return this.#answer('go')
      case 'yours':
        return this.#end()
      default:
    }
  }

  #onBatch({ tag, fds, isLast }: Extract<SaidByOld, { type: 'batch' }>): void {
    const received = receiveFds(CHANNEL_FD, tag, fds.length)
    for (const [i, one] of fds.entries()) {
      const fd = received[i] ?? -1
      if (one.is === 'lock') this.#lock = fd
      else if (one.is === 'lent') this.#handed.lend(fd, one.name)
      else this.#handed.leave(fd, { key: one.key, slot: one.slot }, one.isLent)
    }
    this.#say({ type: 'took' })
    if (isLast) this.#answer('wants')
  }

  #answer(type: Waiting['type']): void {
    if (this.#waiting?.type !== type) return
    const { resolve } = this.#waiting
    this.#waiting = null
    resolve()
  }

  #end(): void {
    if (this.isOver) return
    this.isOver = true
    this.#handed.isPending = false
    this.#link.close()
    closeFds([CHANNEL_FD])
    this.#waiting?.resolve()
    this.#waiting = null
    this.#endIt()
  }
}
