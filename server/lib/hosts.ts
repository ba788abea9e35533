// Names that this machine knows by itself.
import { KeptFile } from './kept-file.ts'
import { canonicalAddress } from './ip-address.ts'

/** /etc/hosts. */
export class Hosts {
  readonly #file: KeptFile<ReadonlyMap<string, readonly string[]>>

  constructor(file: string, now: () => number) {
    this.#file = new KeptFile(file, now, parseHosts)
  }

  /** The addresses of a name (of `nameOf`), v4 first; null when the file does not hold it. */
  addresses(name: string): readonly string[] | null {
    const found = this.#file.value.get(name)
    if (found !== undefined) return found
    // RFC 6761 §6.3: these are never asked of DNS.
    return name === 'localhost' || name.endsWith('.localhost') ? LOOPBACK : null
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
