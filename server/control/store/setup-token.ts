// The one-time token of a first run: whoever can read the data folder, or the log, makes the first user.
import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { handToOwner } from '../../lib/hand-to-owner.ts'
import { isSame } from './state-key.ts'
import { hashOf } from './secrets.ts'

/** 128 bits, in hexadecimal digits. */
const FORM = /^[0-9a-f]{32}$/

export class SetupToken {
  readonly path: string

  /** Of a data folder. */
  constructor(data: string) {
    this.path = join(data, 'setup-token')
  }

  /** A new one; the one before is good no more. Throws when it cannot be written. */
  renew(): string {
    const token = randomBytes(16).toString('hex')
    const fresh = `${this.path}.${process.pid}`
    rmSync(fresh, { force: true })
    writeFileSync(fresh, `${token}\n`, { mode: 0o600, flag: 'wx' })
    handToOwner(fresh, dirname(this.path))
    renameSync(fresh, this.path)
    return token
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
    rmSync(this.path, { force: true })
  }
}
