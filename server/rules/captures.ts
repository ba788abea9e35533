// What the parameters of a rule's path stand for in a request: asked only where something is made of them.
import type { Condition, MatchConfig } from './match.options.ts'
import { capturedIn, normalise, pathPattern } from './path.ts'
import { regexFinder } from './value-pattern.ts'

export type Captures = Readonly<Record<string, string>>

/**
 * Reads the parameters of a path by the first of a rule's patterns that it matches, and named groups of
 * regular expressions, `isNumbered`: and all groups by their number. Text in normal form, its escapes as
 * they are. None where the path cannot be read.
 */
export function capturesOf(patterns: MatchConfig['path'], isNumbered = false): (path: string) => Captures {
  const readers = patterns.map((pattern) => readerOf(pattern, isNumbered))
  return (path) => {
    const normal = normalise(path)
    if (normal === null) return {}
    for (const read of readers) {
      const captures = read(normal)
      if (captures !== null) return captures
    }
    return {}
  }
}

/** The same for texts of a rule; patterns within `all` and `any` count as well. Read when first asked. */
export function ruleCaptures(match: Condition): (path: string) => Captures {
  let read: ((path: string) => Captures) | null = null
  return (path) => (read ??= capturesOf(pathsOf(match), true))(path)
}

const pathsOf = ({ path, all, any }: Condition): MatchConfig['path'] => [
  ...path,
  ...[...all, ...any].flatMap(pathsOf),
]

/** Null: the pattern does not match. */
type Reader = (path: string) => Captures | null

function readerOf(pattern: MatchConfig['path'][number], isNumbered: boolean): Reader {
  const read = pathPattern(pattern)
  if (read.is === 'template') return (path) => capturedIn(read.segments, path)
  if (read.is === 'exact') return (path) => (path === read.text ? {} : null)
  if (read.is === 'prefix') return (path) => (path.startsWith(read.text) ? {} : null)
  const find = regexFinder(typeof pattern === 'string' ? pattern : pattern.regex)
  return (path) => {
    const found = find(path)
    if (found === null || found === 'too_long') return null
    return definedIn({ ...(isNumbered && Object.fromEntries([...found].entries())), ...found.groups })
  }
}

const definedIn = (groups: Readonly<Record<string, string | undefined>>): Captures =>
  Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, text ?? '']))
