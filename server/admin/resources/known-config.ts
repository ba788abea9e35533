// The config that is served, as resources are told of it and changed: what is written, in the long form, and
// what takes effect.
import { createHmac } from 'node:crypto'
import { Sheet } from '../../config/edit/sheet.ts'
import { longTree, treeIn } from '../../config/edit/tree-in.ts'
import { isMap, type Value, valueAt, valueOf } from '../../config/edit/values.ts'
import { markFilledIn } from '../../config/plain.ts'
import { asSpelt, inOwnKeys, type Respelt } from '../../config/older-keys.ts'
import { type Config, ConfigOptions } from '../../config/schema.ts'
import type { SchemaNode } from '../../config/schema-node.ts'
import { isShort, shortPath } from '../../config/short.ts'
import { syntaxOf } from '../../config/spell.ts'
import { Lines, locate, type MapTree, type Path, type Place, treeAt } from '../../config/tree.ts'
import { inSlices, type Steps } from '../../lib/slices.ts'
import type { Served } from '../../control/change/apply.ts'
import { tagKeyOf } from '../../control/store/tag-key.ts'

export class KnownConfig {
  readonly file: string
  readonly revision: number
  readonly text: string
  /** Of the text. */
  readonly hash: string
  readonly config: Config
  /** In the long form and by our keys; texts with ${…} are marked as filled in. */
  readonly tree: MapTree
  /** The text as edits of it read it; null: it is TOML. */
  readonly sheet: Sheet | null
  readonly #isAsWritten: boolean
  readonly #lines: Lines
  readonly #written: (path: Path) => Path
  #value: Value = undefined

  constructor(file: string, { revision, edition }: Served, seen: Seen) {
    const { sheet, written, tree, respelt, lines } = seen
    this.file = file
    this.revision = revision
    this.text = edition.text
    this.hash = edition.hash
    this.config = edition.config
    this.#lines = lines
    this.sheet = sheet
    this.tree = tree
    this.#isAsWritten = tree === written
    this.#written = asSpelt(respelt, isShort(written) ? shortPath(written) : (path) => path)
  }

  /** For ETags. */
  get tagKey(): Uint8Array {
    return tagKeyOf(this.config.data)
  }

  /** What is written, in the long form and by our keys. */
  get value(): Value {
    return (this.#value ??= this.#isAsWritten && this.sheet !== null ? this.sheet.value : valueOf(this.tree))
  }

  /** A path of the long form and our keys as it stands in the file. */
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
  /** As it is written, and in the long form by our keys. */
  readonly written: MapTree
  readonly tree: MapTree
  readonly respelt: readonly Respelt[]
}

/** Throws where it cannot be read; what is served can. Plain YAML, as most is, in short turns. */
function* seenSteps(file: string, whole: string): Steps<Seen> {
  const text = whole.replace(/^\uFEFF/, '')
  const lines = new Lines(file, text)
  const sheet = syntaxOf(file) === 'toml' ? null : yield* Sheet.steps(file, text)
  const written = sheet?.tree ?? treeIn(file, text)
  const long = written && longTree(file, text, written)
  if (written === null || long === null) throw new Error('the text that is served cannot be read')
  yield
  // An escape may stand for one of its characters.
  if (/\$\{|\\/.test(text)) markFilledIn(long)
  const { tree, respelt } = inOwnKeys(ConfigOptions as SchemaNode, long)
  if (sheet !== null) yield* sheet.valueSteps()
  return { lines, sheet, written, tree, respelt }
}

/** What another text of the file says, in the long form. Rejects where it cannot be read. */
export async function valueOfText(file: string, text: string): Promise<Value> {
  const { tree } = await inSlices(seenSteps(file, text))
  return valueOf(tree)
}

/** A text that is read. */
interface Reading {
  readonly text: string
  readonly seen: Promise<Seen>
}

/** Kept for as long as it is served: most requests ask for the same. */
export class KnownConfigs {
  #known: KnownConfig | null = null
  /** The text that is about to be served. */
  #coming: Reading | null = null
  /** Several may ask for the same while it is read. */
  #reading: Reading | null = null

  /** Reads a text ahead of its being served, while there is time; it is kept until then. */
  coming(file: string, text: string): void {
    this.#coming = reading(file, text)
  }

  /** What was to come does not, or is there. */
  noneComing(): void {
    this.#coming = null
  }

  /** What is served, and has been looked at; null: it has not. */
  #now({ edition, revision }: Served): KnownConfig | null {
    const known = this.#known
    return known?.hash === edition.hash && known.revision === revision ? known : null
  }

  async of(file: string, served: Served): Promise<KnownConfig> {
    const known = this.#now(served)
    if (known !== null) return known
    const { text } = served.edition
    const ready = [this.#coming, this.#reading].find((one) => one?.text === text)
    this.#reading = ready ?? reading(file, text)
    const made = new KnownConfig(file, served, await this.#reading.seen)
    // Another may be served by now, and be known.
    if (this.#reading?.text === text) [this.#known, this.#reading] = [made, null]
    return made
  }
}

function reading(file: string, text: string): Reading {
  const seen = inSlices(seenSteps(file, text))
  // Who waits for it hears of it; nobody may.
  seen.catch(() => {})
  return { text, seen }
}

/**
 * The strong ETag of a value, whatever the order of its keys (RFC 9110 §8.8.3). It has secrets in it: with a
 * key, nobody finds out which ones by trying.
 */
export const tagOf = (value: Value, key: Uint8Array): string =>
  `"${createHmac('sha256', key).update(canonical(value)).digest('hex').slice(0, 24)}"`

function canonical(value: Value): string {
  if (isMap(value)) {
    const entries = [...value].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`
  }
  return Array.isArray(value) ? `[${value.map(canonical).join()}]` : (JSON.stringify(value) ?? 'null')
}

export const tagAt = (known: Pick<KnownConfig, 'value' | 'tagKey'>, path: Path): string =>
  tagOf(valueAt(known.value, path), known.tagKey)
