// Texts with variables in braces: each of them is known, and known by then.
import { type Segment, isTemplate, readTemplate } from '../lib/path-template.ts'
import { readText, splitName, type TextPart } from '../lib/template-text.ts'
import type { Condition } from '../rules/match.options.ts'
import { FAMILIES, type VariableWords, VARIABLES } from '../rules/variables.options.ts'
import { checkVariables } from './check-variables.ts'
import { nearest } from './nearest.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

/** What a text may have in it. */
export interface TextGround {
  readonly from: VariableWords['from']
  /** What {path.NAME} may be. */
  readonly captures: readonly string[]
  /** What {group.NAME} may be; left out: there is no pattern. */
  readonly groups?: readonly string[]
}

/** Checks the variables of a text; of one from elsewhere nothing is repeated. */
export function checkTemplate(written: Written, path: Path, text: string, ground: TextGround): void {
  if (isStandIn(text)) return
  checkVariables(written, path, text, {
    allowed: 'text with variables in braces',
    hint: 'write {client_ip}, {header.NAME} or others: docs/variables-reference.md has all',
  })
  checkParts(readText(text), ground, ({ found, allowed, hint }) =>
    written.report(
      written.isSubstituted(path)
        ? { code: 'wrong-value', path, found: written.said(path, text), allowed: 'text with known variables' }
        : { code: 'wrong-value', path, found, allowed, hint },
    ),
  )
}

export interface TextProblem {
  /** As it is written. */
  readonly at: string
  readonly found: string
  readonly allowed: string
  readonly hint: string | null
}

/** The first of each that cannot stand there. */
export function checkParts(
  parts: readonly TextPart[],
  ground: TextGround,
  report: (problem: TextProblem) => void,
): void {
  const seen = new Set<string>()
  for (const part of parts) {
    if (part.is === 'text' || seen.has(part.name)) continue
    seen.add(part.name)
    const problem = problemOf(part, ground)
    if (problem !== null) report({ at: part.written, ...problem })
  }
}

function problemOf(
  { name, written }: TextPart & { is: 'variable' },
  { from, captures, groups }: TextGround,
): Omit<TextProblem, 'at'> | null {
  const [family, of] = splitName(name)
  if (of !== null && family === 'group' && groups !== undefined) return groupProblem(of, written, groups)
  const words = of === null ? own(VARIABLES, name) : own(FAMILIES, family)
  if (words === undefined) return unknown(name, written, from)
  const found = shownVariable(written)
  if (from === 'request' && words.from === 'answer')
    return {
      found: `${found}, which is not known before the answer`,
      allowed: 'what is known of the request',
      hint: 'it can stand in fields of answers (headers: response)',
    }
  if (of === null || family !== 'path' || captures.includes(of)) return null
  const near = nearest(of, captures)
  return {
    found: `${found}, which the rule's path does not have`,
    allowed:
      captures.length === 0
        ? 'a parameter of "path", which has none'
        : listed(captures.map((one) => `{path.${one}}`)),
    hint: near === null ? 'write match: { path: "/users/{id}" }' : `did you mean {path.${near}}?`,
  }
}

const groupProblem = (
  of: string,
  written: string,
  groups: readonly string[],
): Omit<TextProblem, 'at'> | null =>
  groups.includes(of)
    ? null
    : {
        found: `${shownVariable(written)}, which is no group of the pattern`,
        allowed: listed(groups.map((one) => `{group.${one}}`)),
        hint: 'groups that are kept stand in plain parentheses, or have a name: (?<id>…)',
      }

function unknown(name: string, written: string, from: TextGround['from']): Omit<TextProblem, 'at'> {
  const known = knownNames(from)
  const [family, of] = splitName(name)
  const near = nearest(family, of === null ? known : Object.keys(FAMILIES))
  return {
    found: `${shownVariable(written)}, which is no variable`,
    allowed: `${known.map((one) => `{${one}}`).join(', ')}, ${Object.keys(FAMILIES)
      .map((one) => `{${one}.NAME}`)
      .join(', ')}`,
    hint:
      near === null
        ? 'write "{{" for a brace'
        : `did you mean {${near}${of === null ? '' : `.${of.slice(0, 40)}`}}?`,
  }
}

const knownNames = (from: TextGround['from']): string[] =>
  Object.entries<VariableWords>(VARIABLES).flatMap(([name, words]) =>
    from === 'answer' || words.from === 'request' ? [name] : [],
  )

function own<T>(of: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined
}

const shownVariable = (written: string): string => JSON.stringify(written.slice(0, 80))
const listed = (names: readonly string[]): string => names.slice(0, 12).join(', ')

/** What {path.NAME} may be in texts of a rule. */
export function capturesOf(match: Condition): string[] {
  const names = match.path.flatMap((pattern) =>
    typeof pattern === 'string' ? parametersOf(pattern) : groupsOf(pattern.regex),
  )
  return [...new Set([...names, ...[...match.all, ...match.any].flatMap(capturesOf)])]
}

function parametersOf(path: string): string[] {
  const read = isTemplate(path) ? readTemplate(path) : []
  if ('problem' in read) return []
  return read.flatMap((segment: Segment) =>
    segment.is === 'text' || segment.name === null ? [] : [segment.name],
  )
}

/** Names of groups, and the numbers of all; none of what is no regular expression. */
export function groupsOf(regex: string): string[] {
  try {
    const found = new RegExp(`${regex}|`).exec('')
    const numbers = Array.from({ length: (found?.length ?? 1) - 1 }, (_, place) => String(place + 1))
    return [...numbers, ...Object.keys(found?.groups ?? {})]
  } catch {
    return []
  }
}
