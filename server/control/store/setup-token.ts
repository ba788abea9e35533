// The one-time token of a first run: whoever can read the data folder, or the log, makes the first user. Each
// start makes another one. Who asks for it before there was any start gets that of the start to come: a file
// beside it says so until then.
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { handToOwner } from '../../lib/hand-to-owner.ts'
import { markOf } from '../processes/state-file.ts'
import { isSame } from './state-key.ts'
import { hashOf } from './secrets.ts'

/** 128 bits, in hexadecimal digits. */
const FORM = /^[0-9a-f]{32}$/
/** What a file is called until it is whole: behind its name, the process that writes it. */
const UNFINISHED = /^(.+)\.([1-9][0-9]{0,9})$/

export class SetupToken {
  readonly path: string
  /** It is there while the token waits for the start that it was made for. */
  readonly #waits: string

  /** Of a data folder. */
  constructor(data: string) {
    this.path = join(data, 'setup-token')
    this.#waits = join(data, 'setup-token-for-next-start')
  }

  /** A new one; the one before is good no more. Throws when it cannot be written. */
  renew(): string {
    const token = randomBytes(16).toString('hex')
    rmSync(this.#waits, { force: true })
    this.#write(this.path, `${token}\n`)
    return token
  }

  /** The one that there is, else a new one, which the next start keeps. Throws when it cannot be written. */
  readOrMake(): string {
    const known = this.read()
    if (known !== null) return known
    const token = this.renew()
    this.#write(this.#waits, '')
    return token
  }

  /**
   * At a start: a new one, unless one was made for this start, which is good for this run as a new one would
   * be. Throws when it cannot be written.
   */
  begin(): string {
    const waiting = existsSync(this.#waits) ? this.read() : null
    if (waiting === null) return this.renew()
    rmSync(this.#waits, { force: true })
    return waiting
  }

  /** Null: there is none. */
  read(): string | null {
    try {
      const text = readFileSync(this.path, 'latin1').trim()
      return FORM.test(text) ? text : null
    } catch {
      return null
    }
  }

  isOne(text: string): boolean {
    const token = this.read()
    return token !== null && isSame(hashOf(text.trim().toLowerCase()), hashOf(token))
  }

  /** It has been used, or is needed no more. */
  remove(): void {
    for (const file of [this.path, this.#waits]) rmSync(file, { force: true })
  }

  /** At a start: what processes that were killed in the midst of writing have left beside it goes. */
  dropUnfinished(): void {
    const names = [this.path, this.#waits].map((file) => basename(file))
    for (const file of namesIn(dirname(this.path))) {
      const [, name = '', pid] = UNFINISHED.exec(file) ?? []
      if (names.includes(name) && isGone(Number(pid))) rmSync(join(dirname(this.path), file), { force: true })
    }
  }

  #write(file: string, text: string): void {
    const fresh = `${file}.${process.pid}`
    rmSync(fresh, { force: true })
    writeFileSync(fresh, text, { mode: 0o600, flag: 'wx' })
    handToOwner(fresh, dirname(file))
    renameSync(fresh, file)
  }
}

/** None where the folder cannot be read: whoever writes there is told why. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/**
 * Whether nobody writes under this number: a start does not yet, and in a container has the number of the one
 * before it. Where no process can be looked up all are taken to be there.
 */
const isGone = (pid: number): boolean =>
  pid === process.pid || (markOf(process.pid) !== null && markOf(pid) === null)
