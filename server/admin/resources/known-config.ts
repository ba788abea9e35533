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

  constructor(file: string, { revision, edition }: Served, seen = seenIn(file, edition.text)) {
    const { sheet, written, tree, lines } = seen
    this.file = file
    this.revision = revision
    this.text = edition.text
    this.hash = edition.hash
    this.config = edition.config
    this.#lines = lines
    this.sheet = sheet
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

/** What a text of a config is read to. */
interface Seen {
  readonly lines: Lines
  readonly sheet: Sheet | null
  /** As it is written, and in the long form. */
  readonly written: MapTree
  readonly tree: MapTree
}

/** Throws where it cannot be read; what is served can. */
function seenIn(file: string, whole: string): Seen {
  const text = whole.replace(/^\uFEFF/, '')
  const lines = new Lines(file, text)
  const sheet = syntaxOf(file) === 'toml' ? null : Sheet.read(file, text)
  const written = sheet?.tree ?? treeIn(file, text)
  const tree = written && longTree(file, text, written)
  if (written === null || tree === null) throw new Error('the text that is served cannot be read')
  markFilledIn(tree)
  return { lines, sheet, written, tree }
}

/** Kept for as long as it is served: most requests ask for the same. */
export class KnownConfigs {
  #known: KnownConfig | null = null
  /** The text that is about to be served. */
  #coming: { readonly text: string; readonly seen: Seen } | null = null

  /** Reads a text that can be read ahead of its being served, when there is time; it is kept until then. */
  coming(file: string, text: string): void {
    this.#coming = { text, seen: seenIn(file, text) }
  }

  /** What was to come does not, or is there. */
  noneComing(): void {
    this.#coming = null
  }

  of(file: string, served: Served): KnownConfig {
    if (this.#known?.hash !== served.edition.hash || this.#known.revision !== served.revision)
      this.#known = new KnownConfig(file, served, this.#seenOf(served.edition.text))
    return this.#known
  }

  #seenOf(text: string): Seen | undefined {
    return this.#coming?.text === text ? this.#coming.seen : undefined
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
