// A small file of the system that may change at any time.
import { statSync } from 'node:fs'
import { readBounded } from './read-bounded.ts'

const CHECK_MS = 5000
const FILE_BYTES_MAX = 64 * 1_048_576

/** What a file says, read again when it has changed. */
export class KeptFile<T> {
  readonly #path: string
  readonly #now: () => number
  readonly #read: (text: string) => T
  #value: T
  #checkedMs = Number.NEGATIVE_INFINITY
  #version = ''

  constructor(path: string, now: () => number, read: (text: string) => T) {
    this.#path = path
    this.#now = now
    this.#read = read
    this.#value = read('')
  }

  get value(): T {
    if (this.#now() - this.#checkedMs >= CHECK_MS) this.#check()
    return this.#value
  }

  #check(): void {
    this.#checkedMs = this.#now()
    try {
      const { mtimeMs, size, ino } = statSync(this.#path)
      const version = `${mtimeMs} ${size} ${ino}`
      if (version === this.#version) return
      this.#value = this.#read(new TextDecoder().decode(readBounded(this.#path, FILE_BYTES_MAX)))
      this.#version = version
    } catch {
      // Without the file, or while it is being replaced, it says nothing; the next check looks again.
      this.#value = this.#read('')
      this.#version = ''
    }
  }
}
