// What is wrong in a config file, said so that a person can mend it: where, what was found, what is allowed,
// and a hint.
import { type Syntax, syntaxOf } from './spell.ts'
import { type Lines, type Offset, type Path, writePath } from './tree.ts'

export type ProblemCode =
  | 'file'
  | 'syntax'
  | 'substitution'
  | 'not-yours'
  | 'step_up_needed'
  | 'unknown-key'
  | 'missing-key'
  | 'wrong-type'
  | 'wrong-value'
  | 'mixed-forms'
  | 'unknown-name'
  | 'duplicate'
  | 'conflict'
  | 'unreachable'
  | 'unused'
  | 'test-failed'

export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly code: ProblemCode
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** Behind its last character; the same place where nothing is written that could be marked. */
  readonly endLine: number
  readonly endColumn: number
  /** As `backends.api.servers[0].url`; empty: the file as a whole. */
  readonly path: string
  readonly found: string
  readonly allowed: string
  /** Null: none. */
  readonly hint: string | null
  /** What was found and what is allowed, in one sentence. */
  readonly message: string
  /** Of the environment: it says what is wrong, whatever stands in the file, and `message` begins with it. */
  readonly variable?: string
}

/** `file:line:column path: found X, allowed Y; hint`; of a variable its name stands for the place. */
export function formatProblem(problem: Problem): string {
  const { file, line, column, path, message, hint, severity, variable } = problem
  const where = variable === undefined ? `${file}:${line}:${column}${path === '' ? '' : ` ${path}`}: ` : ''
  return `${where}${severity === 'warning' ? 'warning: ' : ''}${message}${hint === null ? '' : `; ${hint}`}`
}

export interface Finding {
  readonly code: ProblemCode
  readonly at: Offset
  readonly end?: Offset
  readonly path: Path
  readonly found: string
  readonly allowed: string
  readonly hint?: string | null
  readonly severity?: Problem['severity']
}

/** More help nobody: a file of another program would give one for each of its lines. */
const PROBLEMS_MAX = 1000

/** Collects the problems of one file. */
export class Problems {
  /** How the file is written, and what hints propose with it. */
  readonly syntax: Syntax
  readonly #lines: Lines
  readonly #list: Problem[] = []
  /** Turns the path of what was checked into the path as written: the short form is checked as a long one. */
  writtenPath: (path: Path) => Path = (path) => path
  #errors = 0
  #warnings = 0

  constructor(lines: Lines) {
    this.syntax = syntaxOf(lines.file)
    this.#lines = lines
  }

  add({ code, at, end = at, path, found, allowed, hint = null, severity = 'error' }: Finding): void {
    const count = severity === 'error' ? ++this.#errors : ++this.#warnings
    if (count > PROBLEMS_MAX) return
    const message = `found ${found}, allowed ${allowed}`
    const { line: endLine, column: endColumn } = this.#lines.place(end)
    const place = { ...this.#lines.place(at), endLine, endColumn, path: writePath(this.writtenPath(path)) }
    this.#list.push({ severity, code, ...place, found, allowed, hint, message })
  }

  /** Further ones are only counted: no need to think about what to say. */
  get isFull(): boolean {
    return this.#errors >= PROBLEMS_MAX
  }

  /** There is nothing to say, not even a warning. */
  get isEmpty(): boolean {
    return this.#errors + this.#warnings === 0
  }

  get hasErrors(): boolean {
    return this.#errors > 0
  }

  /** In the order of the file. Beside errors no warnings: many of them would only follow from the errors. */
  sorted(): readonly Problem[] {
    const list = this.hasErrors ? this.#list.filter(({ severity }) => severity === 'error') : this.#list
    return inOrder(list)
  }
}

/** As they stand in their file. */
export const inOrder = (problems: readonly Problem[]): readonly Problem[] =>
  problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
