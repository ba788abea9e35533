// Texts with variables in braces: each of them is known, and known by then.
import { type Segment, isTemplate, readTemplate } from '../lib/path-template.ts'
import { readText, splitName, type TextPart, VARIABLES_MAX } from '../lib/template-text.ts'
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
  /** What {path.NAME} and {host.NAME} may be: "path.id". */
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
  const variables = parts.filter(({ is }) => is === 'variable')
  const [beyond] = variables.slice(VARIABLES_MAX)
  if (beyond?.is === 'variable')
    report({
      at: beyond.written,
      found: `${variables.length} variables in one text`,
      allowed: `at most ${VARIABLES_MAX}`,
      hint: null,
    })
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
  if (of === null || (family !== 'path' && family !== 'host') || captures.includes(name)) return null
  const known = captures.filter((one) => one.startsWith(`${family}.`))
  const near = nearest(name, known)
  const example = family === 'path' ? '{ path: "/users/{id}" }' : '{ host: "*.example.org" } for {host.1}'
  return {
    found: `${found}, which the rule's ${family} does not have`,
    allowed:
      known.length === 0
        ? `a ${family === 'path' ? 'parameter' : 'part'} of "${family}", which has none`
        : listed(known.map((one) => `{${one}}`)),
    hint: near === null ? `write match: ${example}` : `did you mean {${near}}?`,
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

/** What {path.NAME} and {host.NAME} may be in texts of a rule: "path.id", "host.1". */
export function capturesOf({ path, host, all, any }: Condition): string[] {
  const paths = path.flatMap((one) => (typeof one === 'string' ? parametersOf(one) : groupsOf(one.regex)))
  const hosts = host.flatMap((one) =>
    typeof one === 'string' ? (one.startsWith('*.') ? ['1'] : []) : groupsOf(one.regex),
  )
  return [
    ...new Set([
      ...paths.map((name) => `path.${name}`),
      ...hosts.map((name) => `host.${name}`),
      ...[...all, ...any].flatMap(capturesOf),
    ]),
  ]
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
