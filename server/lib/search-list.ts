// Which names a written one may stand for: the search list of resolv.conf, by the rules of the C library.
import { hostname } from 'node:os'
import { nameOf } from './hosts.ts'
import { KeptFile } from './kept-file.ts'

/** resolv.conf(5): from this many dots on a name is tried as written first. */
const NDOTS = 1
const NDOTS_MAX = 15
const NAME_BYTES_MAX = 253

interface Words {
  /** Null: not given. */
  readonly domains: readonly string[] | null
  readonly ndots: number
}

export class SearchList {
  readonly #file: KeptFile<Words>
  readonly #hostname: string

  /** `ownName` is that of this machine: its domain is searched where the file names none. */
  constructor(file: string, now: () => number, ownName = hostname()) {
    this.#file = new KeptFile(file, now, parseWords)
    this.#hostname = nameOf(ownName)
  }

  /**
   * The names to ask for, in their order, when `written` (in lower case) is looked up. One with a dot at its
   * end stands for itself.
   */
  names(written: string): readonly string[] {
    if (written.endsWith('.')) return [nameOf(written)]
    const { domains, ndots } = this.#file.value
    const searched = (domains ?? this.#ownDomain())
      .map((domain) => (domain === '' ? written : `${written}.${domain}`))
      .filter((name) => name.length <= NAME_BYTES_MAX)
    const dots = written.split('.').length - 1
    const names = dots >= ndots ? [written, ...searched] : [...searched, written]
    return [...new Set(names)]
  }

  #ownDomain(): readonly string[] {
    const dot = this.#hostname.indexOf('.')
    return dot < 0 ? [] : [this.#hostname.slice(dot + 1)]
  }
}

function parseWords(text: string): Words {
  let domains: readonly string[] | null = null
  let ndots = NDOTS
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, '')
      .trimEnd()
      .split(/[ \t]+/)
    // The last of these lines holds.
    if (keyword === 'search' && values.length > 0) domains = values.map(nameOf)
    if (keyword === 'domain' && values[0] !== undefined) domains = [nameOf(values[0])]
    if (keyword !== 'options') continue
    for (const option of values) {
      const digits = /^ndots:([0-9]+)$/.exec(option)?.[1]
      if (digits !== undefined) ndots = Math.min(Number(digits), NDOTS_MAX)
    }
  }
  return { domains, ndots }
}
