// Values of a config as they are told where it differs from another. Secrets are not, and neither is any text
// that does not stand in the file as it is: that came from a variable or another file, and may be one.
import { type Config, ConfigOptions } from './schema.ts'
import type { SchemaNode } from './schema-node.ts'
import { holderOf, itemsOf, shownConfig } from './shown.ts'
import type { Path } from './tree.ts'

/** A config with the text that it was read from. */
export interface Worded {
  readonly config: Config
  readonly text: string
}

type Plain = Readonly<Record<string, unknown>>

export const SECTIONS = ['listeners', 'certificates', 'backends'] as const
/** What is longer is cut: nobody reads it in a line. */
const VALUE_CHARS_MAX = 120
/** In place of what may be a secret. */
export const NOT_TOLD = '(hidden)'

/** Only what is asked for is made ready to be shown. */
export class ToldValues {
  readonly #config: Config
  readonly #text: string
  #of = ''
  #shown: unknown = null

  constructor({ config, text }: Worded) {
    this.#config = config
    this.#text = text
  }

  /** Null: there is none; NOT_TOLD: it may be a secret. */
  at(path: Path, value: unknown): string | null {
    if (value === undefined) return null
    let found = this.#around(path)
    let schema = ConfigOptions as SchemaNode
    const steps = path[0] === 'rules' ? ['rules', 0, ...path.slice(2)] : path
    for (const step of steps) {
      // One of "one or more" is shown alone.
      if (typeof step === 'number' && !Array.isArray(found)) continue
      schema = below(schema, found, step)
      found = (found as Plain | undefined)?.[step]
    }
    const told = this.#told(schema, found ?? value)
    if (told === NOT_TOLD) return told
    const text = plainText(isEmpty(told) ? found : told)
    return text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text
  }

  /** Without the defaults of maps: nobody wrote those, and what was written would hide among them. */
  #told(schema: SchemaNode, value: unknown): unknown {
    if (typeof value === 'string') return this.#toldText(schema, value)
    if (Array.isArray(value)) {
      const all = value.map((item: unknown, at) => this.#told(below(schema, value, at), item))
      return textsIn(all).includes(NOT_TOLD) ? NOT_TOLD : all
    }
    if (typeof value !== 'object' || value === null) return value
    if (schema.secret === true) return NOT_TOLD
    const entries = Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
      const of = below(schema, value, key)
      const told = Bun.deepEquals(item, of.default) ? {} : this.#told(of, item)
      return isEmpty(told) ? [] : [[key, told] as const]
    })
    const isAllHidden = entries.length > 0 && entries.every(([, told]) => told === NOT_TOLD)
    return isAllHidden ? NOT_TOLD : Object.fromEntries(entries)
  }

  #toldText({ format, secret }: SchemaNode, value: string): string {
    if (secret === true) return NOT_TOLD
    // As it was decoded: 503 is "503-503".
    if (format === 'status-range') return value.replace(/^([0-9]{3})-\1$/, '$1')
    if (this.#text.includes(value) || isDefault(value)) return value
    // The folder in front of a path is that of the file: it is told as it stands there.
    const parts = format === 'path' ? value.split('/') : []
    const ends = parts.map((_, from) => parts.slice(from).join('/'))
    return ends.find((end) => end !== '' && this.#text.includes(end)) ?? NOT_TOLD
  }

  /** The config with no more of its sections than the item that a path leads through. */
  #around([section = '', key = '']: Path): unknown {
    const of = `${section} ${key}`
    if (this.#of === of) return this.#shown
    const bare = { ...this.#config, listeners: {}, certificates: {}, backends: {}, rules: [] }
    const rules = section === 'rules' ? this.#config.rules.slice(Number(key), Number(key) + 1) : []
    const isMap = SECTIONS.some((one) => one === section)
    const items = isMap ? this.#config[section as (typeof SECTIONS)[number]] : {}
    const more = isMap ? { [section]: { [key]: items[key] } } : {}
    this.#of = of
    this.#shown = shownConfig({ ...bare, ...more, rules }, undefined)
    return this.#shown
  }
}

/** The schema of what a value has at a key or place. */
function below(schema: SchemaNode, value: unknown, step: string | number): SchemaNode {
  if (typeof step === 'number') return itemsOf(schema)
  if (typeof value !== 'object' || value === null) return {}
  const one = schema.format === 'one-or-more' ? itemsOf(schema) : schema
  const { properties, additionalProperties } = holderOf(one, value)
  return properties?.[step] ?? (additionalProperties || {})
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0

function plainText(value: unknown): string {
  if (typeof value === 'string') return value
  const isWords = Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string')
  return isWords ? value.join(', ') : JSON.stringify(value)
}

/** Stands in no file as it is shown: times, sizes, and words of the schema, which are nobody's secret. */
const isDefault = (text: string): boolean => /^[0-9.]+[A-Za-z%]{0,3}$/.test(text) || wordsOfSchema().has(text)

let known: ReadonlySet<string> | null = null

function wordsOfSchema(): ReadonlySet<string> {
  if (known !== null) return known
  const words = new Set<string>([''])
  const seen = new Set<object>()
  const walk = (node: unknown): void => {
    // Some hold themselves.
    if (typeof node !== 'object' || node === null || seen.has(node)) return
    seen.add(node)
    const { const: word, default: text } = node as SchemaNode & { readonly const?: unknown }
    for (const one of [word, ...textsIn(text)]) if (typeof one === 'string') words.add(one)
    for (const below of Object.values(node)) walk(below)
  }
  walk(ConfigOptions)
  return (known = words)
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(textsIn)
}
