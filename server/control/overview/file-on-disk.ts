// Whether the config file says what is served. It is read when it is another one than it was: who watches
// asks each second.
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { whyUnread } from '../../config/why-unread.ts'
import { readBounded } from '../../lib/read-bounded.ts'
import { hashOf } from '../change/file-part.ts'
import type { DiskFacts } from './seen.ts'

/** No config file is larger. */
const BYTES_MAX = 16 * 1024 * 1024

interface Known {
  /** What tells it from another file, or from itself at another time. */
  readonly mark: string
  /** Null: it could not be read. */
  readonly hash: string | null
  readonly why: string | null
}

export class FileOnDisk {
  readonly #file: string
  #known: Known | null = null

  constructor(file: string) {
    this.#file = file
  }

  /** Against the SHA-256 of what is served. */
  against(hash: string): DiskFacts {
    const stat = statOf(this.#file)
    const mark = stat === null ? '' : `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`
    if (this.#known === null || this.#known.mark !== mark || mark === '') this.#known = this.#read(mark)
    const { hash: found, why } = this.#known
    return {
      state: found === null ? 'unreadable' : found === hash ? 'in_sync' : 'differs',
      why,
      changedMs: stat?.mtimeMs ?? null,
      // Of one that is as it should be nobody wants to write anything.
      isReadOnly: found !== hash && isReadOnly(this.#file),
    }
  }

  #read(mark: string): Known {
    try {
      return { mark, hash: hashOf(readBounded(this.#file, BYTES_MAX)), why: null }
    } catch (error) {
      return { mark, hash: null, why: `${this.#file}: ${whyUnread(error)}` }
    }
  }
}

function statOf(file: string) {
  try {
    return statSync(file)
  } catch {
    return null
  }
}

/** Whether a change could not be written to it; one that is gone can be where its folder takes another. */
export function isReadOnly(file: string): boolean {
  try {
    if (existsSync(file)) accessSync(file, constants.W_OK)
    accessSync(dirname(file), constants.W_OK)
    return false
  } catch {
    return true
  }
}
