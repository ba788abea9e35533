// Cache-Control (RFC 9111 §5.2): what its values say, each directive by its lower-case name.

/** Larger ones mean this (§1.2.2). */
const SECONDS_MAX = 2 ** 31

/** What is no number of seconds: whoever asks treats it as none left (§4.2.1). */
const INVALID = Symbol('invalid')

type Argument = string | typeof INVALID | null

export class Directives {
  /** Those of no field at all. */
  static readonly none = new Directives([])

  readonly #said = new Map<string, Argument[]>()

  /** Of all values of the field, in their order. */
  constructor(values: readonly string[]) {
    for (const value of values) for (const [name, argument] of directivesIn(value)) this.#add(name, argument)
  }

  #add(name: string, argument: Argument): void {
    const before = this.#said.get(name)
    if (before === undefined) this.#said.set(name, [argument])
    else before.push(argument)
  }

  get isEmpty(): boolean {
    return this.#said.size === 0
  }

  has(name: string): boolean {
    return this.#said.has(name)
  }

  /** As it stands alone, without an argument. */
  isBare(name: string): boolean {
    return this.#said.get(name)?.includes(null) === true
  }

  /**
   * Of one whose argument is a number of seconds, which is given in ms; null: it is not said. Of several the
   * least; 0 for one that is none.
   */
  ms(name: string): number | null {
    const said = this.#said.get(name)
    if (said === undefined) return null
    return (
      Math.min(...said.map((argument) => (typeof argument === 'string' ? secondsOf(argument) : 0))) * 1000
    )
  }

  /**
   * Lower-case names of the fields that it is restricted to (§5.2.2.4, §5.2.2.7); none: it is not said so.
   */
  fields(name: string): readonly string[] {
    const said = this.#said.get(name) ?? []
    return said.flatMap((argument) =>
      typeof argument === 'string'
        ? argument.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim().toLowerCase()]))
        : [],
    )
  }
}

const secondsOf = (text: string): number => (/^[0-9]+$/.test(text) ? Math.min(SECONDS_MAX, Number(text)) : 0)

/**
 * cache-directive = token [ "=" ( token / quoted-string ) ]; what is none of these has an argument that is
 * invalid.
 */
function* directivesIn(value: string): Generator<readonly [string, Argument]> {
  const directive = /[\s,]*([^\s,="]+)([ \t]*)(=?)([ \t]*)("(?:[^"\\]|\\.)*"|[^,"]*)([^,]*)/y
  for (;;) {
    const found = directive.exec(value)
    if (found === null) return
    const [, name = '', before = '', equals, after = '', argument = '', rest = ''] = found
    const lower = name.toLowerCase()
    const isClean = before === '' && after === '' && rest.trim() === ''
    if (equals === '') yield [lower, `${argument}${rest}`.trim() === '' ? null : INVALID]
    else yield [lower, isClean ? unquoted(argument.trim()) : INVALID]
  }
}

const unquoted = (text: string): string =>
  text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text
