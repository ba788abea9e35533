// Origins, compiled: whether a page is of one that is meant.
import { wholeRegex } from '../lib/origin.ts'
import type { OriginWords } from './origins.options.ts'

/** Longest origin that is looked at: a scheme, a name of 253 characters and a port are far below. */
const ORIGIN_MAX = 512
/** Of those that patterns were asked of. */
const KNOWN_MAX = 256

export class Origins {
  /** Whoever asks. */
  readonly isAll: boolean
  readonly #exact: ReadonlySet<string>
  readonly #patterns: readonly RegExp[]
  readonly #known = new Map<string, boolean>()

  constructor(words: readonly OriginWords[]) {
    this.isAll = words.includes('*')
    this.#exact = new Set(words.filter((one) => typeof one === 'string').filter((one) => !one.includes('*')))
    this.#patterns = words.flatMap((one) => {
      if (typeof one !== 'string') return [new RegExp(wholeRegex(one.regex))]
      return one !== '*' && one.includes('*') ? [patternOf(one)] : []
    })
  }

  /** Whether this origin, as browsers write it, is one of them. */
  has(origin: string): boolean {
    if (this.isAll || this.#exact.has(origin)) return true
    if (this.#patterns.length === 0 || origin.length > ORIGIN_MAX) return false
    const known = this.#known.get(origin)
    if (known !== undefined) return known
    const found = this.#patterns.some((pattern) => pattern.test(origin))
    // Whoever makes origins up is not remembered for long.
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    this.#known.set(origin, found)
    return found
  }
}

/** "*." at the beginning of a host is one label or more, ":*" any port or none. */
function patternOf(text: string): RegExp {
  const [, scheme = '', star = '', host = '', port = ''] =
    /^([^:]+:\/\/)(\*\.)?(\[[^\]]*\]|[^:]*)(:.*)?$/.exec(text) ?? []
  const below = star === '' ? '' : '(?:[a-z0-9_-]{1,63}\\.)+'
  return new RegExp(
    `^${literal(scheme)}${below}${literal(host)}${port === ':*' ? '(?::[0-9]{1,5})?' : literal(port)}$`,
  )
}

const literal = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
