// Configs in the hand of somebody with habits of their own, and edits of them. Seeded.
import type { Edit } from '../../server/config/edit/values.ts'
import type { Plain } from '../../server/config/spell.ts'
import type { Path } from '../../server/config/tree.ts'
import type { Random } from '../support/random.ts'

type Mapped = Record<string, Plain>

const WORDS = [
  'a',
  'web',
  'api',
  'x y',
  "it's",
  'true',
  '12',
  '# no',
  'a: b',
  '',
  'ünï',
  '"q"',
  '/a/*',
  'http://10.0.0.1:80',
  '${ENV}',
  '-',
  '~',
  '0x1f',
  'a\tb',
  'two\nlines',
]
const KEYS = [
  'name',
  'url',
  'weight',
  'match',
  'path',
  'servers',
  'tls',
  'X-A',
  'a.b',
  'true',
  'limits',
  'backend',
]

const scalar = (random: Random): Plain =>
  random.pick<() => Plain>([() => random.pick(WORDS), () => random.below(100), () => random.below(2) === 0])()

function someValue(random: Random, depth: number): Plain {
  const kind = random.below(depth > 2 ? 4 : 8)
  if (kind < 4) return scalar(random)
  if (kind < 6) return Array.from({ length: random.below(4) }, () => someValue(random, depth + 1))
  return someMap(random, depth + 1)
}

function someMap(random: Random, depth: number, least = 0): Mapped {
  const map: Mapped = {}
  const count = least + random.below(4)
  for (let index = 0; index < count; index++) map[random.pick(KEYS)] = someValue(random, depth)
  return map
}

/** What a config says. */
export const someConfig = (random: Random): Mapped => ({
  listeners: { web: someMap(random, 1, 1) },
  ...someMap(random, 0),
  rules: Array.from({ length: 1 + random.below(4) }, () => someMap(random, 1, 1)),
})

/** Writes it as somebody would; every comment has a number of its own. */
export class Writer {
  readonly #random: Random
  readonly #step: number
  readonly #dashStep: number
  readonly #blanks: number
  readonly #comments: number
  #count = 0

  constructor(random: Random) {
    this.#random = random
    this.#step = random.pick([2, 2, 3, 4])
    this.#dashStep = random.pick([0, this.#step])
    this.#blanks = random.pick([0, 10, 50])
    this.#comments = random.pick([0, 10, 40])
  }

  write(value: Mapped): string {
    const text = this.#block(value, 0)
    const end = this.#random.pick(['', '\n', '# the end\n', '\n# the end\n'])
    const whole = `${this.#random.pick(['', '# head\n', '# head\n\n'])}${text}${end}`
    return this.#random.below(8) === 0 ? whole.replaceAll('\n', '\r\n') : whole
  }

  #block(value: Plain, column: number): string {
    const indent = ' '.repeat(column)
    if (Array.isArray(value))
      return value
        .map((item: Plain) => `${this.#above(indent)}${indent}-${this.#behind(item, column, 2)}`)
        .join('')
    return Object.entries(value as Mapped)
      .map(
        ([key, item]) => `${this.#above(indent)}${indent}${this.#key(key)}:${this.#behind(item, column, 0)}`,
      )
      .join('')
  }

  /** Behind a colon or a dash (`dash`: how wide it is), to the end of the last line. */
  #behind(value: Plain, column: number, dash: number): string {
    const isFull = typeof value === 'object' && Object.keys(value).length > 0
    if (!isFull || this.#random.below(4) === 0) return ` ${this.#flow(value)}${this.#aside()}\n`
    if (dash > 0)
      return Array.isArray(value)
        ? this.#below(value, column + this.#step)
        : ` ${this.#block(value, column + dash).trimStart()}`
    return this.#below(value, column + (Array.isArray(value) ? this.#dashStep : this.#step))
  }

  #below(value: Plain, column: number): string {
    return `${this.#aside()}\n${this.#block(value, column)}`
  }

  #flow(value: Plain): string {
    if (Array.isArray(value)) return `[${value.map((item: Plain) => this.#flow(item)).join(', ')}]`
    if (typeof value !== 'object') return this.#scalar(value)
    const entries = Object.entries(value).map(
      ([key, item]) => `${this.#key(key)}: ${this.#flow(item as Plain)}`,
    )
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }

  #scalar(value: Plain): string {
    if (typeof value !== 'string') return String(value)
    const isPlain = /^[a-z/][a-z0-9/.:*]*$/.test(value) && value !== 'true'
    if (isPlain && this.#random.below(3) > 0) return value
    return this.#random.below(3) === 0 && /^[ -~]*$/.test(value)
      ? `'${value.replaceAll("'", "''")}'`
      : JSON.stringify(value)
  }

  #key(key: string): string {
    return key === 'true' || this.#random.below(12) === 0 ? JSON.stringify(key) : key
  }

  #above(indent: string): string {
    const blank = this.#random.below(100) < this.#blanks ? '\n' : ''
    const comment = this.#random.below(100) < this.#comments ? `${indent}# ${this.#count++} above\n` : ''
    return blank + comment + (comment !== '' && this.#random.below(5) === 0 ? '\n' : '')
  }

  #aside(): string {
    return this.#random.below(100) < this.#comments ? `  # ${this.#count++} aside` : ''
  }
}

/** Every path of a value. */
export function* pathsOf(value: Plain, path: Path = []): Generator<readonly [Path, Plain]> {
  if (path.length > 0) yield [path, value]
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) yield* pathsOf(item as Plain, [...path, index])
  else if (typeof value === 'object')
    for (const [key, item] of Object.entries(value)) yield* pathsOf(item as Plain, [...path, key])
}

export function someEdit(random: Random, config: Mapped): Edit {
  const [path, value] = random.pick([...pathsOf(config)])
  const last = path.at(-1)
  const list = Array.isArray(value) ? value : []
  switch (random.below(6)) {
    case 0:
      return { do: 'remove', path }
    case 1:
      if (typeof last === 'number') return { do: 'insert', path, to: someValue(random, 1) }
      return { do: 'set', path: [...path.slice(0, -1), `new${random.below(9)}`], to: someValue(random, 1) }
    case 2:
      if (list.length > 1)
        return { do: 'move', path: [...path, random.below(list.length)], to: random.below(list.length) }
      return { do: 'set', path, to: scalar(random) }
    case 3:
      return typeof last === 'string'
        ? { do: 'rename', path, to: `new ${random.below(9)}` }
        : { do: 'remove', path }
    case 4:
      return { do: 'set', path, to: someValue(random, 1) }
    default:
      return { do: 'set', path, to: scalar(random) }
  }
}
