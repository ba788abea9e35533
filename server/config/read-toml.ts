// TOML: the values by smol-toml, the places by a scan of our own.
import { parse, TomlDate, TomlError } from 'smol-toml'
import type { Problems } from './problem.ts'
import { type TomlPlace, placeAt, scanToml } from './toml-places.ts'
import { DEPTH_MAX, type Entry, type Lines, listAt, mapAt, scalarAt, type Tree } from './tree.ts'

/** Reads TOML; null when it is none. */
export function readToml(text: string, lines: Lines, problems: Problems): Tree | null {
  let values: unknown
  try {
    values = parse(text, { maxDepth: DEPTH_MAX })
  } catch (error) {
    const at = error instanceof TomlError ? lines.offset(error.line, error.column) : 0
    const [first = 'not TOML'] = (error instanceof Error ? error.message : String(error)).split('\n')
    const said = first.replace(/^Invalid TOML document: /, '')
    // The library takes the end of the line for a character of the text.
    const isUnfinished =
      said === 'unfinished string' || (said.startsWith('control char') && /[\r\n]/.test(text[at] ?? ''))
    if (said.startsWith('trying to redefine')) {
      const found = 'a key or table that is there already'
      problems.add({
        code: 'duplicate',
        at,
        path: [],
        found,
        allowed: 'each once',
        hint: 'remove one of them, or join what they hold',
      })
      return null
    }
    const found = isUnfinished ? 'a text without its closing quote' : said
    const hint = isUnfinished ? 'close it with the quotes that begin it' : null
    problems.add({ code: 'syntax', at, path: [], found, allowed: 'valid TOML', hint })
    return null
  }
  return join(values, scanToml(text))
}

function join(value: unknown, place: TomlPlace): Tree {
  const { valueAt: at, valueEnd: end } = place
  const below = (key: string): TomlPlace => place.below.get(key) ?? placeAt(at)
  if (Array.isArray(value))
    return listAt(
      at,
      value.map((item: unknown, index) => join(item, below(String(index)))),
      end,
    )
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return scalarAt(at, value, end)
  // No setting is a date; as text it is named in the problem.
  if (value instanceof TomlDate) return scalarAt(at, value.toISOString(), end)
  const entries = new Map<string, Entry>()
  if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      const there = below(key)
      entries.set(key, { at: there.keyAt, end: there.keyEnd, value: join(item, there) })
    }
  return mapAt(at, entries, end)
}
