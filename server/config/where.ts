// What a check that stands beside its options is given: the place in the config that holds them.
import { checkVariables } from './check-variables.ts'
import type { Checked } from './checked.ts'
import type { Finding } from './problem.ts'
import type { Path } from './tree.ts'

type Told = Omit<Finding, 'at' | 'path'>

/** The place of one map of options. Paths are relative to it. */
export class Where {
  readonly #checked: Checked
  readonly #path: Path

  constructor(checked: Checked, path: Path) {
    this.#checked = checked
    this.#path = path
  }

  report(path: Path, finding: Told): void {
    this.#checked.report({ ...finding, path: [...this.#path, ...path] })
  }

  warn(path: Path, finding: Omit<Told, 'severity'>): void {
    this.#checked.warn({ ...finding, path: [...this.#path, ...path] })
  }

  /** A value as the file says it. */
  said(path: Path, value: string | number): string {
    return this.#checked.said([...this.#path, ...path], value)
  }

  /** The same without telling how long it is. */
  quoted(path: Path, value: string): string {
    return this.#checked.quoted([...this.#path, ...path], value)
  }

  /** What kind of thing was written there; null: nothing. */
  kindOf(path: Path): 'map' | 'list' | 'scalar' | null {
    return this.#checked.written([...this.#path, ...path])?.is ?? null
  }

  /** Warns of a value that has a variable of another gateway in it. */
  checkVariables(path: Path, value: string, hint: string): void {
    checkVariables(this.#checked, [...this.#path, ...path], value, hint)
  }
}
