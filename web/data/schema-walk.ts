// The JSON Schema of the config file, walked to a place in it: which keys and values there are, and what they
// mean.
import { isMap } from './merge.ts'

/** A part of a JSON Schema (draft-07). */
export type SchemaPart = Readonly<Record<string, unknown>>
export type Step = string | number

export interface Help {
  readonly name: string
  readonly description: string
  /** `text`, `whole number`, `map`, `list`. */
  readonly type: string
  /** As the file would say it; null: there is none. */
  readonly byDefault: string | null
  readonly isRequired: boolean
}

export interface Choice {
  readonly value: string
  readonly description: string
  readonly isDefault: boolean
}

/** What a value at a path may be: one part for each of the alternatives. */
export function partsAt(root: SchemaPart, path: readonly Step[], isShort = false): SchemaPart[] {
  const start = isMap(root['if']) ? root[isShort ? 'then' : 'else'] : root
  return path.reduce<SchemaPart[]>(
    (parts, step) => parts.flatMap((part) => below(root, part, step)),
    expanded(root, start),
  )
}

/** Whether a text is in the short form: one listener, one backend, one rule. */
export const isShortForm = (text: string): boolean =>
  /^listen\s*:/m.test(text) || /^backends\s*:[^\S\n]*(?:\[|(?:#.*)?\n(?:\s*(?:#.*)?\n)*\s*-\s)/m.test(text)

/** Keys of maps, in the order of the schema. */
export function keysOf(root: SchemaPart, parts: readonly SchemaPart[]): Help[] {
  const found = new Map<string, Help>()
  for (const part of parts) {
    const required = (part['required'] ?? []) as readonly string[]
    for (const [name, below] of Object.entries((part['properties'] ?? {}) as SchemaPart)) {
      // One whose meaning another key has is explained where it is written, and offered to nobody.
      if (found.has(name) || (isMap(below) && below['deprecated'] === true)) continue
      found.set(name, { ...helpOf(name, expanded(root, below)), isRequired: required.includes(name) })
    }
  }
  return [...found.values()]
}

/** What a scalar may be where that is a choice. */
export function choicesOf(parts: readonly SchemaPart[]): Choice[] {
  const found = new Map<string, Choice>()
  const byDefault = parts.find((part) => part['default'] !== undefined)?.['default']
  const add = (value: unknown, description: string): void => {
    const text = shown(value)
    if (!found.has(text)) found.set(text, { value: text, description, isDefault: value === byDefault })
  }
  for (const part of parts) {
    const description = String(part['description'] ?? '')
    for (const value of (part['enum'] ?? []) as readonly unknown[]) add(value, description)
    if ('const' in part) add(part['const'], description)
    if (part['type'] === 'boolean') for (const value of [true, false]) add(value, description)
  }
  if (byDefault !== undefined && !isMap(byDefault) && !Array.isArray(byDefault)) add(byDefault, '')
  for (const part of parts)
    for (const value of (part['examples'] ?? []) as readonly unknown[])
      if (!isMap(value) && !Array.isArray(value)) add(value, 'for example')
  return [...found.values()]
}

/** What something is, by all of its alternatives. */
export function helpOf(name: string, parts: readonly SchemaPart[]): Help {
  const description = parts.map((part) => part['description']).find((text) => typeof text === 'string')
  const byDefault = parts.find((part) => part['default'] !== undefined)?.['default']
  const types = new Set(parts.map(typeOf).filter((type) => type !== ''))
  return {
    ...{ name, description: description ?? '', type: [...types].join(' or '), isRequired: false },
    byDefault: byDefault === undefined || isEmpty(byDefault) ? null : shown(byDefault),
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  object: 'map',
  array: 'list',
  null: 'null',
}

function typeOf(part: SchemaPart): string {
  const choices = part['enum']
  if (Array.isArray(choices)) return choices.map(shown).join(', ')
  if ('const' in part) return shown(part['const'])
  return TYPES[String(part['type'] ?? '')] ?? ''
}

/** A map or a list that is left out means no more than that. */
const isEmpty = (value: unknown): boolean => /^(?:\{\}|\[\])$/.test(JSON.stringify(value))

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** What is below a key or an item. */
function below(root: SchemaPart, part: SchemaPart, step: Step): SchemaPart[] {
  if (typeof step === 'number') {
    const items = part['items']
    return Array.isArray(items) ? expanded(root, items[step]) : expanded(root, items)
  }
  const own = (part['properties'] as SchemaPart | undefined)?.[step]
  if (own !== undefined) return expanded(root, own)
  return expanded(root, part['additionalProperties'])
}

/** A part with references followed, as the alternatives that it has; each has what is said above it. */
function expanded(root: SchemaPart, part: unknown, above: SchemaPart = {}, depth = 0): SchemaPart[] {
  // Anything may be filled in from elsewhere: that is said once in the docs, not at each setting.
  if (!isMap(part) || depth > 12 || part['pattern'] === '\\$\\{') return []
  const said = {
    ...(above['description'] !== undefined && { description: above['description'] }),
    ...(above['default'] !== undefined && { default: above['default'] }),
    ...part,
  }
  const ref = part['$ref']
  if (typeof ref === 'string') return expanded(root, pointed(root, ref), said, depth + 1)
  const more = [part['anyOf'], part['oneOf'], part['allOf'], part['then'], part['else']]
    .flat()
    .flatMap((one) => expanded(root, one, said, depth + 1))
  const isOnlyAlternatives = part['anyOf'] !== undefined || part['oneOf'] !== undefined
  const isPlain = part['properties'] !== undefined || part['type'] !== undefined || more.length === 0
  return isPlain || !isOnlyAlternatives ? [said, ...more] : more
}

/** `#/definitions/http-listener/properties/bind`. */
function pointed(root: SchemaPart, ref: string): unknown {
  const steps = ref.replace(/^#\/?/, '').split('/')
  return steps.reduce<unknown>(
    (now, step) => (isMap(now) ? now[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined),
    root,
  )
}
