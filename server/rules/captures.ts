// What the parameters of a rule's path stand for in a request: asked only where something is made of them.
import { hostHolds, hostPattern } from './host.ts'
import type { Condition, MatchConfig } from './match.options.ts'
import { capturedIn, normalise, pathPattern } from './path.ts'
import { regexFinder } from './value-pattern.ts'
import { YES } from './verdict.ts'

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

/** What paths and hosts of requests say by the patterns of a rule. */
export interface RuleCaptures {
  (path: string): Captures
  readonly ofHost: (host: string) => Captures
}

/** For texts of a rule; patterns within `all` and `any` count as well. Read when first asked. */
export function ruleCaptures(match: Condition): RuleCaptures {
  let paths: ((path: string) => Captures) | null = null
  let hosts: ((host: string) => Captures) | null = null
  return Object.assign((path: string) => (paths ??= capturesOf(pathsOf(match), true))(path), {
    ofHost: (host: string) => (hosts ??= hostCaptures(hostsOf(match)))(host),
  })
}

const hostsOf = ({ host, all, any }: Condition): MatchConfig['host'] => [
  ...host,
  ...[...all, ...any].flatMap(hostsOf),
]

/** Groups of the first pattern that a host has; of "*.example.org" what stands for "*" is the first. */
function hostCaptures(patterns: MatchConfig['host']): (host: string) => Captures {
  const readers = patterns.map((pattern): Reader => {
    const read = hostPattern(pattern)
    if (read.is === 'exact') return (host) => (host === read.text ? {} : null)
    if (read.is === 'below')
      return (host) => (hostHolds(read, host) === YES ? { 1: host.slice(0, -read.text.length) } : null)
    return groupReader(typeof pattern === 'string' ? pattern : pattern.regex, true)
  })
  return (host) => {
    for (const read of readers) {
      const captures = read(host)
      if (captures !== null) return captures
    }
    return {}
  }
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
  return groupReader(typeof pattern === 'string' ? pattern : pattern.regex, isNumbered)
}

function groupReader(regex: string, isNumbered: boolean): Reader {
  const find = regexFinder(regex)
  return (text) => {
    const found = find(text)
    if (found === null || found === 'too_long') return null
    return definedIn({ ...(isNumbered && Object.fromEntries([...found].entries())), ...found.groups })
  }
}

const definedIn = (groups: Readonly<Record<string, string | undefined>>): Captures =>
  Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, text ?? '']))
