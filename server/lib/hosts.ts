// Names that this machine knows by itself.
import { statSync } from 'node:fs'
import { canonicalAddress } from './ranges.ts'
import { readBounded } from './read-bounded.ts'

const CHECK_MS = 5000
const FILE_BYTES_MAX = 64 * 1_048_576

/** /etc/hosts, read again when it has changed. */
export class Hosts {
  readonly #file: string
  readonly #now: () => number
  #names: ReadonlyMap<string, readonly string[]> = new Map()
  #checkedMs = Number.NEGATIVE_INFINITY
  #version = ''

  constructor(file: string, now: () => number) {
    this.#file = file
    this.#now = now
  }

  /** The addresses of a name (of `nameOf`), v4 first; null when the file does not hold it. */
  addresses(name: string): readonly string[] | null {
    if (this.#now() - this.#checkedMs >= CHECK_MS) this.#check()
    const found = this.#names.get(name)
    if (found !== undefined) return found
    // RFC 6761 §6.3: these are never asked of DNS.
    return name === 'localhost' || name.endsWith('.localhost') ? LOOPBACK : null
  }

  #check(): void {
    this.#checkedMs = this.#now()
    try {
      const { mtimeMs, size, ino } = statSync(this.#file)
      const version = `${mtimeMs} ${size} ${ino}`
      if (version === this.#version) return
      this.#names = parseHosts(new TextDecoder().decode(readBounded(this.#file, FILE_BYTES_MAX)))
      this.#version = version
    } catch {
      // Without a hosts file, or while it is being replaced, DNS answers; the next check looks again.
      this.#names = new Map()
      this.#version = ''
    }
  }
}

/** A name as it is compared: lower case, no trailing dot. */
export const nameOf = (host: string): string => {
  const lower = host.toLowerCase()
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}

const LOOPBACK: readonly string[] = ['127.0.0.1', '::1']

function parseHosts(text: string): Map<string, readonly string[]> {
  const names = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [first = '', ...rest] = line.replace(/#.*/, '').trim().split(/\s+/)
    const address = canonicalAddress(first)
    if (address === null) continue
    for (const host of rest) {
      const list = names.get(nameOf(host)) ?? []
      if (!list.includes(address)) list.push(address)
      names.set(nameOf(host), list)
    }
  }
  // v4 first, as everywhere.
  for (const list of names.values()) list.sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
  return names
}
