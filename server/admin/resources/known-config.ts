// The config that is served, as resources are told of it and changed: what is written, in the long form, and
// what takes effect.
import { createHash } from 'node:crypto'
import { Sheet } from '../../config/edit/sheet.ts'
import { longTree, treeIn } from '../../config/edit/tree-in.ts'
import { isMap, type Value, valueAt, valueOf } from '../../config/edit/values.ts'
import { markFilledIn } from '../../config/plain.ts'
import type { Config } from '../../config/schema.ts'
import { shortPath } from '../../config/short.ts'
import { syntaxOf } from '../../config/spell.ts'
import { Lines, locate, type MapTree, type Path, type Place, treeAt } from '../../config/tree.ts'
import type { Served } from '../../control/change/apply.ts'

export class KnownConfig {
  readonly file: string
  readonly revision: number
  readonly text: string
  /** Of the text. */
  readonly hash: string
  readonly config: Config
  /** In the long form; texts with ${…} are marked as filled in. */
  readonly tree: MapTree
  /** The text as edits of it read it; null: it is TOML. */
  readonly sheet: Sheet | null
  readonly #isLong: boolean
  readonly #lines: Lines
  readonly #written: (path: Path) => Path
  #value: Value = undefined

  constructor(file: string, { revision, edition }: Served) {
    const text = edition.text.replace(/^\uFEFF/, '')
    this.file = file
    this.revision = revision
    this.text = edition.text
    this.hash = edition.hash
    this.config = edition.config
    this.#lines = new Lines(file, text)
    this.sheet = syntaxOf(file) === 'toml' ? null : Sheet.read(file, text)
    const written = this.sheet?.tree ?? treeIn(file, text)
    const tree = written && longTree(file, text, written)
    // What is served was read of this text.
    if (written === null || tree === null) throw new Error('the text that is served cannot be read')
    markFilledIn(tree)
    this.tree = tree
    this.#isLong = tree === written
    this.#written = this.#isLong ? (path) => path : shortPath(written)
  }

  /** What is written, in the long form. */
  get value(): Value {
    return (this.#value ??= this.#isLong && this.sheet !== null ? this.sheet.value : valueOf(this.tree))
  }

  /** A path of the long form as it stands in the file. */
  writtenPath(path: Path): Path {
    return this.#written(path)
  }

  /** Where it stands in the file, from its key or dash to its last line. */
  place(path: Path): Place & { readonly end_line: number } {
    const start = this.#lines.place(locate(this.tree, path).at)
    const end = treeAt(this.tree, path)?.end
    return {
      ...start,
      end_line: end === undefined ? start.line : this.#lines.place(Math.max(end - 1, 0)).line,
    }
  }
}

/** Kept for as long as it is served: most requests ask for the same. */
export class KnownConfigs {
  #known: KnownConfig | null = null

  of(file: string, served: Served): KnownConfig {
    if (this.#known?.hash !== served.edition.hash || this.#known.revision !== served.revision)
      this.#known = new KnownConfig(file, served)
    return this.#known
  }
}

/** The strong ETag of a value, whatever the order of its keys (RFC 9110 §8.8.3). */
export const tagOf = (value: Value): string =>
  `"${createHash('sha256').update(canonical(value)).digest('hex').slice(0, 24)}"`

function canonical(value: Value): string {
  if (isMap(value)) {
    const entries = [...value].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`
  }
  return Array.isArray(value) ? `[${value.map(canonical).join()}]` : (JSON.stringify(value) ?? 'null')
}

export const tagAt = (known: Pick<KnownConfig, 'value'>, path: Path): string =>
  tagOf(valueAt(known.value, path))
