// The one-time token of a first run: whoever can read the data folder, or the log, makes the first user. Each
// start makes another one. Who asks for it before there was any start gets that of the start to come: a file
// beside it says so until then.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { handToOwner } from '../../lib/hand-to-owner.ts'
import { isSame } from './state-key.ts'
import { hashOf } from './secrets.ts'

/** 128 bits, in hexadecimal digits. */
const FORM = /^[0-9a-f]{32}$/

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

  #write(file: string, text: string): void {
    const fresh = `${file}.${process.pid}`
    rmSync(fresh, { force: true })
    writeFileSync(fresh, text, { mode: 0o600, flag: 'wx' })
    handToOwner(fresh, dirname(file))
    renameSync(fresh, file)
  }
}
