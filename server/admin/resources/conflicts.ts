// Where what a change was made from is not there any more: for each operation what there is now, who has made
// it so, and which fields differ. All of them at once: whoever goes on from there looks at them together.
import { type Value, valueAt } from '../../config/edit/values.ts'
import type { Path } from '../../config/tree.ts'
import type { ControlFacts } from '../../control/facts.ts'
import type { Revision } from '../../control/store/revisions.ts'
import { changedFields } from './changed-fields.ts'
import { type KnownConfig, tagOf, valueOfText } from './known-config.ts'
import type { Operation } from './operations.ts'
import { type Collection, idsOf, pathOf, type Resource } from './resource.ts'
import type { Wanted } from './sent-place.ts'
import { shownAt } from './shown-resource.ts'

/** Of one operation, as answers have it. */
export interface Conflict {
  readonly op_index: number
  /** `backends/api`. */
  readonly resource: string
  /** changed: another than that of `if_match`; gone: not there any more; exists: there already. */
  readonly what: 'changed' | 'gone' | 'exists'
  /** As it is written now, without secrets; null: it is gone. */
  readonly current: unknown
  readonly current_etag: string | null
  /** Who changed it last; null: not within the revisions that were looked at. */
  readonly changed_by: string | null
  readonly changed_at: string | null
  readonly changed_revision: number | null
  /** JSON pointers into it; null: what it was made from is not among them. */
  readonly changed_fields: readonly string[] | null
}

/** Found, and not told of yet. */
interface Found {
  readonly index: number
  readonly of: Collection & { readonly id?: string }
  readonly what: Conflict['what']
  readonly ifMatch: string | null
}

/** Revisions that are looked at, the newest first, and how much of their texts. */
const BACK_MAX = 20
const CHARS_MAX = 4 * 1024 * 1024

/**
 * Operations that were made from something else than what is served. Those of what an operation before them
 * makes are none of them.
 */
export function conflictsOf(known: KnownConfig, wanted: readonly Wanted[]): Found[] {
  let hasMade = false
  return wanted.flatMap(({ operation, ifMatch, pointer }, index): Found[] => {
    const wasMade = hasMade
    hasMade ||= operation.op === 'create' || isRenaming(operation)
    const of = 'of' in operation ? operation.of : operation.in
    const found = { index, of, ifMatch }
    if (operation.op === 'create') return []
    if (ifMatch === null || ifMatch === '*') return []
    const { is, tag } = nowOf(known.value, of, known)
    // Of a single one that is the answer 404.
    if (!is) return wasMade || pointer === '' ? [] : [{ ...found, what: 'gone' }]
    return isNamedIn(ifMatch, tag) ? [] : [{ ...found, what: 'changed' }]
  })
}

/** What is to be made, and is there already. */
export function alreadyThere(known: KnownConfig, wanted: readonly Wanted[]): Found[] {
  const removed = new Set<string>()
  return wanted.flatMap(({ operation }, index): Found[] => {
    if (operation.op === 'delete') removed.add(`${operation.of.name}/${operation.of.id}`)
    if (operation.op !== 'create') return []
    const { in: list, value } = operation
    const { name, url } = (value ?? {}) as { readonly name?: unknown; readonly url?: unknown }
    const id = operation.id ?? name ?? (list.kind === 'servers' ? url : undefined)
    return typeof id === 'string' &&
      idsOf(known.value, list).includes(id) &&
      !removed.has(`${list.name}/${id}`)
      ? [{ index, of: { ...list, id }, what: 'exists', ifMatch: null }]
      : []
  })
}

const isRenaming = (operation: Operation): boolean =>
  (operation.op === 'update' || operation.op === 'replace') &&
  typeof operation.value === 'object' &&
  operation.value !== null &&
  'name' in operation.value

const isNamedIn = (ifMatch: string, tag: string): boolean =>
  ifMatch.split(',').some((one) => one.trim() === tag)

interface Now {
  readonly is: boolean
  readonly path: Path | null
  readonly value: Value
  readonly tag: string
}

/** One of them, or the order of all of a list. */
function nowOf(
  whole: Value,
  of: Found['of'],
  { config, tagKey }: Pick<KnownConfig, 'config' | 'tagKey'>,
): Now {
  if (of.id === undefined) {
    const value = idsOf(whole, of)
    return { is: true, path: null, value, tag: tagOf(value, tagKey) }
  }
  const path = pathOf(whole, of as Resource, config)
  const value = path === null ? undefined : valueAt(whole, path)
  return { is: path !== null, path, value, tag: tagOf(value, tagKey) }
}

/** With who has changed each, and what of it. */
export async function toldConflicts(
  known: KnownConfig,
  found: readonly Found[],
  changes: Pick<ControlFacts['changes'], 'list' | 'read'>,
): Promise<Conflict[]> {
  const histories = found.map((one) => new History(one, known))
  let chars = 0
  const revisions = found.length === 0 ? [] : ((await changes.list(known.revision + 1, BACK_MAX)) ?? [])
  for (const revision of revisions) {
    if (histories.every((one) => one.isDone) || chars > CHARS_MAX) break
    // It is written before it is served, and may not come to that.
    if (revision.state === 'coming') continue
    const kept = revision.hash === known.hash ? known : await changes.read(revision.number)
    if (kept === null) break
    chars += kept.text.length
    const value = kept === known ? known.value : await valueOfText(known.file, kept.text).catch(() => null)
    if (value === null) break
    for (const one of histories) one.before(revision, value)
  }
  return histories.map((one) => one.told())
}

/** What became of one resource, from now back. */
class History {
  readonly #found: Found
  readonly #known: KnownConfig
  readonly #now: Now
  /** The oldest in a row that has it as it is. */
  #last: Revision | null = null
  #changed: Revision | null = null
  #fields: readonly string[] | null = null

  constructor(found: Found, known: KnownConfig) {
    this.#found = found
    this.#known = known
    this.#now = nowOf(known.value, found.of, known)
  }

  get isDone(): boolean {
    return this.#changed !== null && (this.#found.ifMatch === null || this.#fields !== null)
  }

  before(revision: Revision, value: Value): void {
    const was = nowOf(value, this.#found.of, this.#known)
    if (this.#changed === null && (was.is !== this.#now.is || was.tag !== this.#now.tag))
      this.#changed = this.#last
    this.#last = revision
    const { ifMatch } = this.#found
    if (this.#fields === null && ifMatch !== null && was.is && isNamedIn(ifMatch, was.tag))
      this.#fields = this.#now.is ? changedFields(was.value, this.#now.value) : []
  }

  told(): Conflict {
    const { index, of, what } = this.#found
    const { is, path, value, tag } = this.#now
    const changed = this.#changed
    return {
      op_index: index,
      resource: of.id === undefined ? of.name : `${of.name}/${encodeURIComponent(of.id)}`,
      what,
      current: path === null ? (is ? value : null) : shownAt(this.#known, path),
      current_etag: is ? tag : null,
      changed_by: changed && (changed.author ?? changed.source),
      changed_at: changed && new Date(changed.atMs).toISOString(),
      changed_revision: changed && changed.number,
      changed_fields: this.#fields,
    }
  }
}
