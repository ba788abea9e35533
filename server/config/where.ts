// What a check that stands beside its options is given: the place in the config that holds them.
import { checkVariables } from './check-variables.ts'
import type { Written } from './written.ts'
import type { Finding } from './problem.ts'
import type { Path } from './tree.ts'

type Told = Omit<Finding, 'at' | 'end' | 'path'>

/** The place of one map of options. Paths are relative to it. */
export class Where {
  readonly #written: Written
  readonly #path: Path

  constructor(written: Written, path: Path) {
    this.#written = written
    this.#path = path
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

  /** Warns of a value that has a variable of another gateway in it. */
  checkVariables(path: Path, value: string, hint: string): void {
    checkVariables(this.#written, [...this.#path, ...path], value, hint)
  }
}
