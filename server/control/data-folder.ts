// One gateway has a data folder at a time: two would write over what the other keeps of changes, users and
// figures. The lock is the kernel's, so what a gateway leaves that was killed keeps nobody out, and its
// workers, which live on for a while, do not have it. Whoever comes while the other one only finishes what is
// in flight waits for that.
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { adoptLock, type Held, takeLock } from '../lib/file-lock.ts'
import { closeFds } from '../lib/pass-fds.ts'
import { readBounded } from '../lib/read-bounded.ts'
import { logEvent } from '../telemetry/log.ts'
import type { ApplyProblem } from './problem.ts'

/** Who has a data folder, as its `lock` says. */
interface Holder {
  readonly pid: number
  /** The machine or the container that it runs on: a folder may be mounted by several. */
  readonly host: string
  /** Its config file. */
  readonly config: string
  readonly since: string
  /** It stops, and has ended by then. */
  readonly ends_by?: string
}

const LINE_BYTES_MAX = 65_536
const LOOK_EVERY_MS = 50
/** An end that was announced may be this late: the last lines of logs are written then. */
const LATE_MS = 2000

export interface TakeOptions {
  readonly data: string
  /** Of the gateway that wants it. */
  readonly configFile: string
  /** False once it is told to stop. */
  readonly isWanted: () => boolean
  /** The descriptor of its lock, where another gateway has handed that over. */
  readonly lock?: number | null
  /** Whoever has it was killed while it handed over: its lock is free in a moment. */
  readonly isAbandoned?: boolean
}

export class DataFolder {
  #held: Held | null
  #isReleased = false
  readonly #file: string
  readonly #holder: Holder

  private constructor(held: Held | null, file: string, holder: Holder) {
    this.#held = held
    this.#file = file
    this.#holder = holder
    this.#say(holder)
  }

  /**
   * Takes it, or says who has it. Of a folder that cannot be written nothing is taken: whoever cannot write
   * there, keeps nothing there.
   */
  static async take(options: TakeOptions): Promise<DataFolder | ApplyProblem> {
    const { data, configFile, isWanted, lock = null, isAbandoned = false } = options
    const beganMs = Date.now()
    const file = join(data, 'lock')
    const handed = lock === null ? null : adoptLock(file, lock)
    const us = {
      pid: process.pid,
      host: hostname(),
      config: resolve(configFile),
      since: new Date().toISOString(),
    }
    if (handed !== null) return new DataFolder(handed, file, us)
    if (lock !== null) closeFds([lock])
    let hasTold = false
    for (;;) {
      const held = tryLock(file)
      if (held !== 'other') return new DataFolder(held, file, us)
      const holder = holderIn(file)
      const endMs = isAbandoned ? beganMs + LATE_MS : Date.parse(holder?.ends_by ?? '') + LATE_MS
      if (!isWanted() || !(Date.now() < endMs)) return inUse(data, holder)
      if (!hasTold) logEvent('info', 'waits_for_data', { data, ...holder })
      hasTold = true
      await Bun.sleep(LOOK_EVERY_MS)
    }
  }

  /**
   * Whether it is still ours. One that was removed, or replaced by another, is taken again as soon as it is
   * there; `lost`: another gateway was sooner.
   */
  look(): 'held' | 'gone' | 'taken' | 'lost' {
    if (this.#isReleased || this.#held?.isThere() === true) return 'held'
    // One that never could be made is not gone: why, and what to do, was told as it was looked for.
    if (!existsSync(dirname(this.#file))) return this.#held === null ? 'held' : 'gone'
    const held = tryLock(this.#file)
    if (held === 'other') return 'lost'
    if (held === null) return this.#held === null ? 'held' : 'gone'
    this.#held?.release()
    this.#held = held
    this.#say(this.#holder)
    return 'taken'
  }

  /** Who has it, in the words of a refusal. */
  get taken(): ApplyProblem {
    return inUse(dirname(this.#file), holderIn(this.#file))
  }

  /** Whoever comes now may wait: its holder stops, and takes so long at most. */
  endsWithin(ms: number): void {
    this.#say({ ...this.#holder, ends_by: new Date(Date.now() + ms).toISOString() })
  }

  /** The descriptor of its lock, for the gateway that comes after this one; null: there is none. */
  get lock(): number | null {
    return this.#held?.fd ?? null
  }

  /** It is ours alone again: whoever was handed the lock has said that it was his. */
  sayAgain(): void {
    this.#say(this.#holder)
  }

  /** `isLeft`: another gateway has it, which was handed the lock. */
  release(isLeft = false): void {
    if (this.#isReleased) return
    this.#isReleased = true
    if (isLeft) this.#held?.release()
    else this.#held?.remove()
  }

  #say(holder: Holder): void {
    try {
      this.#held?.say(JSON.stringify(holder))
    } catch {
      // A full disk: whoever comes hears only that somebody has it.
    }
  }
}

function tryLock(file: string): Held | null | 'other' {
  try {
    return takeLock(file) ?? 'other'
  } catch {
    // It is told where something is to be written there.
    return null
  }
}

function holderIn(file: string): Holder | null {
  try {
    const [line = ''] = new TextDecoder().decode(readBounded(file, LINE_BYTES_MAX)).split('\n')
    const holder = JSON.parse(line) as Partial<Holder> | null
    const { pid, host, config, since, ends_by: endsBy } = holder ?? {}
    if (typeof pid !== 'number' || typeof config !== 'string' || typeof since !== 'string') return null
    return { pid, host: String(host), config, since, ...(typeof endsBy === 'string' && { ends_by: endsBy }) }
  } catch {
    return null
  }
}

function inUse(data: string, holder: Holder | null): ApplyProblem {
  const where = holder === null || holder.host === hostname() ? '' : ` on ${holder.host}`
  const who =
    holder === null
      ? 'another gateway'
      : `another gateway: process ${holder.pid}${where} with ${holder.config}, since ${holder.since}`
  const stop = holder === null ? 'stop that one' : `stop that one ("sluice stop -c ${holder.config}")`
  return {
    path: 'data',
    message: `${data} is in use by ${who}`,
    code: 'data_in_use',
    hint: `${stop}, or name another folder with "data"`,
  }
}
