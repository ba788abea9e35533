// What a check that stands beside its options is given: the place in the config that holds them.
import { checkFile, checkLines, checkTemplateFile } from './check-page.ts'
import { checkTemplate } from './check-template.ts'
import { checkVariables } from './check-variables.ts'
import type { Written } from './written.ts'
import type { Finding } from './problem.ts'
import type { Path } from './tree.ts'

type Told = Omit<Finding, 'at' | 'end' | 'path'>

/** The place of one map of options. Paths are relative to it. */
export class Where {
  readonly #written: Written
  readonly #path: Path
  readonly #captures: readonly string[]

  /** `captures`: as TextGround has them, of the rule that the options belong to. */
  constructor(written: Written, path: Path, captures: readonly string[] = []) {
    this.#written = written
    this.#path = path
    this.#captures = captures
  }

  report(path: Path, finding: Told): void {
    this.#written.report({ ...finding, path: [...this.#path, ...path] })
  }

  warn(path: Path, finding: Omit<Told, 'severity'>): void {
    this.#written.warn({ ...finding, path: [...this.#path, ...path] })
  }

  /** A value as the file says it. */
  said(path: Path, value: string | number): string {
    return this.#written.said([...this.#path, ...path], value)
  }

  /** The same without telling how long it is. */
  quoted(path: Path, value: string): string {
    return this.#written.quoted([...this.#path, ...path], value)
  }

  /** What kind of thing was written there; null: nothing. */
  kindOf(path: Path): 'map' | 'list' | 'scalar' | null {
    return this.#written.written([...this.#path, ...path])?.is ?? null
  }

  /** Warns of fixed text that has a variable of another gateway in it. */
  checkVariables(path: Path, value: string, hint: string): void {
    checkVariables(this.#written, [...this.#path, ...path], value, { hint })
  }

  /** Checks a text with variables in braces, which is made with the request or with its answer. */
  checkText(path: Path, text: string, from: 'request' | 'answer'): void {
    checkTemplate(this.#written, [...this.#path, ...path], text, { from, captures: this.#captures })
  }

  /** Checks a file that is answered with, as it stands; lib/rule-files.ts must name it as well. */
  checkFile(path: Path, file: string): void {
    checkFile(this.#written, [...this.#path, ...path], file)
  }

  /** A file of lines, which are read by this; lib/rule-files.ts must name it as well. */
  checkLines(path: Path, file: string, read: (text: string) => object): void {
    checkLines(this.#written, [...this.#path, ...path], file, read)
  }

  /** The same of a file of text with variables, which is made with the request or with its answer. */
  checkTemplateFile(path: Path, file: string, from: 'request' | 'answer'): void {
    const ground = { from, captures: this.#captures }
    checkTemplateFile(this.#written, [...this.#path, ...path], file, ground)
  }
}
