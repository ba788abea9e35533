// Values as a person would write them in TOML: in one line, or as sections with headers of their own.
import type { Plain } from '../spell.ts'
import type { Path } from '../tree.ts'
import type { Section } from './toml-sheet.ts'
import { isList } from './values.ts'

/** Maps by the names of things, which have headers unless one has none already. */
const NAMED = ['listeners', 'certificates', 'backends']

type Mapped = Readonly<Record<string, Plain>>

export const tomlKey = (key: string): string =>
  /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key).replaceAll('\x7f', '\\u007f')

/** In one line; `written`: what stood there, whose quotes are kept. */
export function tomlValue(value: Plain, written = ''): string {
  if (typeof value === 'string') {
    const isLiteral = written.startsWith("'") && !written.startsWith("'''")
    return isLiteral && /^[\x20-\x26\x28-\x7e\u00a0-\ud7ff]*$/.test(value)
      ? `'${value}'`
      : JSON.stringify(value).replaceAll('\x7f', '\\u007f')
  }
  if (typeof value !== 'object') return String(value)
  if (isList(value)) return `[${value.map((item) => tomlValue(item)).join(', ')}]`
  const entries = Object.entries(value).map(([key, item]) => `${tomlKey(key)} = ${tomlValue(item)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

/** Whether those who wrote the file give what stands under this key headers of its own. */
type HasHeaders = (path: Path, isListed: boolean) => boolean | null

/** Of the sections that are there: whether others of the same name and depth are sections too. */
export function habitOf(sections: readonly Section[]): HasHeaders {
  const asSections = new Set<string>()
  const asPairs = new Set<string>()
  const shape = (path: Path): string =>
    path
      .map((step, depth) => (depth === path.length - 1 ? step : typeof step === 'number' ? 0 : '*'))
      .join('/')
  for (const { keys, path, isItem, pairs } of sections) {
    if (keys !== null) asSections.add(shape(isItem ? path.slice(0, -1) : path))
    for (const pair of pairs) if (pair.value.is !== 'scalar') asPairs.add(shape(pair.path))
  }
  return (path) => {
    const own = shape(path)
    if (path.length === 2 && NAMED.includes(String(path[0])) && !asPairs.has(own)) return true
    return asSections.has(own) ? true : asPairs.has(own) ? false : null
  }
}

/** A section with all that is below it; a list of maps has one for each. */
export function sectionText(
  path: Path,
  value: Plain,
  { isItem, hasHeaders, newline }: { isItem: boolean; hasHeaders: HasHeaders; newline: string },
): string {
  const name = path
    .filter((step) => typeof step === 'string')
    .map(tomlKey)
    .join('.')
  const pairs: string[] = []
  const below: string[] = []
  for (const [key, item] of Object.entries(value as Mapped)) {
    const inner = [...path, key]
    const isTables =
      isList(item) && item.length > 0 && item.every((one) => typeof one === 'object' && !isList(one))
    const isMap = typeof item === 'object' && !isList(item)
    const isDeep = isMap && Object.values(item).some((one) => typeof one === 'object' && !isList(one))
    const isApart = (isTables || isMap) && (hasHeaders(inner, isTables) ?? (isTables || isDeep))
    if (!isApart) pairs.push(`${tomlKey(key)} = ${tomlValue(item)}`)
    else if (isTables)
      for (const [index, one] of item.entries())
        below.push(sectionText([...inner, index], one, { isItem: true, hasHeaders, newline }))
    else below.push(sectionText(inner, item, { isItem: false, hasHeaders, newline }))
  }
  const header = isItem ? `[[${name}]]` : `[${name}]`
  // A header that only leads to others need not stand there.
  const own = pairs.length === 0 && below.length > 0 && !isItem ? [] : [[header, ...pairs].join(newline)]
  return [...own, ...below].join(newline + newline)
}
