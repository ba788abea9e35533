// What the YAML library finds wrong with a text, in our words.
import type { YAMLError } from 'yaml'
import type { Problems } from './problem.ts'
import { DEPTH_MAX, type Offset } from './tree.ts'
import { syntaxSlip } from './yaml-slip.ts'

/** One slip often makes many syntax errors. */
const SYNTAX_PROBLEMS_MAX = 10

/** One slip makes many errors: those that follow from it are not told beside it. */
export function reportErrors(problems: Problems, errors: readonly YAMLError[], text: string): void {
  const [first] = errors
  const isKnown = first !== undefined && (SAID_WELL.has(first.code) || isBrace(first, text))
  const slip = first === undefined || isKnown ? null : syntaxSlip(text, first.pos[0])
  if (slip !== null) problems.add({ code: 'syntax', path: [], ...slip })
  // Of several at one place the first says it.
  else for (const error of distinct(errors).slice(0, SYNTAX_PROBLEMS_MAX)) reportError(problems, error, text)
}

function distinct(errors: readonly YAMLError[]): YAMLError[] {
  const first = new Map<Offset, YAMLError>()
  for (const error of errors) if (!first.has(error.pos[0])) first.set(error.pos[0], error)
  return [...first.values()]
}

/** "${" is a slip of its own kind: in { } and [ ] it needs quotes. */
const isBrace = ({ pos: [at] }: YAMLError, text: string): boolean => text.slice(at - 1, at + 1) === '${'

/** These are told where and what they are. */
const SAID_WELL: ReadonlySet<string> = new Set([
  'TAB_AS_INDENT',
  'MULTIPLE_DOCS',
  'TAG_RESOLVE_FAILED',
  'BAD_ALIAS',
])

/** The library says so of its own call stack. */
const isTooDeep = ({ code }: YAMLError): boolean => code === 'RESOURCE_EXHAUSTION'

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_SCALAR_START: 'put the text in quotes',
  BAD_INDENT: 'begin it in the column of the key above',
  MULTILINE_IMPLICIT_KEY: 'write ": " between a key and its value, and look at the indentation',
  BAD_SEQ_ITEM_INDENT: 'begin it in the column of the item above',
  MISSING_CHAR: 'look at the indentation of this line and the one above, and at ": " and "- "',
  BLOCK_AS_IMPLICIT_KEY:
    'put text with ": " in quotes, and look at the indentation of this line and the next',
  BAD_ALIAS: 'put the text in quotes if "*" or "&" is part of it',
  TAG_RESOLVE_FAILED: 'put the text in quotes if "!" is part of it',
}

/** What the library repeats of the text; that may be a password which was not put in quotes. */
const REPEATED = /(?<=\S):\s.*$|(?<=escape sequence)\s.*$/s

function reportError(problems: Problems, error: YAMLError, text: string): void {
  const { code, message } = error
  const [at] = error.pos
  if (isTooDeep(error)) return reportDepth(problems, at)
  const hint = isBrace(error, text)
    ? 'put text with "${" in quotes within { } and [ ]'
    : (HINTS[code] ?? null)
  const what =
    code === 'MULTIPLE_DOCS'
      ? 'a second document ("---")'
      : code === 'NON_STRING_KEY'
        ? 'a map or list as a key'
        : message.replace(REPEATED, '').replace(/\s+/g, ' ')
  reportSyntax(problems, at, what, hint)
}

/** Reports a value that is nested beyond all measure. */
export function reportDepth(problems: Problems, at: Offset): void {
  const found = 'a value nested too deep'
  problems.add({ code: 'syntax', at, path: [], found, allowed: `at most ${DEPTH_MAX} levels` })
}

export function reportSyntax(problems: Problems, at: Offset, what: string, hint: string | null = null): void {
  const found = what.charAt(0).toLowerCase() + what.slice(1)
  problems.add({ code: 'syntax', at, path: [], found, allowed: 'one valid document', hint })
}
