// What this tab means to change and has not sent: it survives reloads and a sign-in that ends, and nothing of
// it runs before it was reviewed. Either changes of resources, as forms make them, or a text, as the
// editor does.
import { computed, effect, signal } from '@preact/signals'
import { servedRevision } from './api.ts'
import type { Change, Draft, Position } from './change.ts'
import { me } from './session.ts'
import { isMap, isSame, type JsonMap, merged, patchFrom } from './merge.ts'

export type { Change, Draft, Position } from './change.ts'

const STORED = 'sluice.draft'
const STORED_BY = 'sluice.draft.by'
const NONE: Draft = { kind: 'none' }

export const draft = signal<Draft>(stored())

/** Changes of resources; none where the draft is a text. */
export const changes = computed(() => (draft.value.kind === 'changes' ? draft.value.changes : []))

/** How many the strip counts. */
export const changeCount = computed(() => (draft.value.kind === 'text' ? 1 : changes.value.length))

// It may hold secrets: whoever else signs in in this tab does not find it.
effect(() => {
  const name = me.value?.name
  if (name === undefined) return
  try {
    if ((sessionStorage.getItem(STORED_BY) ?? name) !== name) [draft.value, clash.value] = [NONE, null]
    sessionStorage.setItem(STORED_BY, name)
  } catch {
    // Storage is refused: nothing of before is there.
  }
})

effect(() => {
  try {
    if (draft.value.kind === 'none') sessionStorage.removeItem(STORED)
    else sessionStorage.setItem(STORED, JSON.stringify(draft.value))
  } catch {
    // Storage is refused or full: the draft lives as long as the page.
  }
})

function stored(): Draft {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? 'null') ?? NONE
  } catch {
    return NONE
  }
}

/** A form's change that would take the place of a text: the frame asks before it does. Null: none. */
export const clash = signal<(() => void) | null>(null)

/** Whether it must be asked first; what else comes until then is done with it. */
function isAsked(act: () => unknown): boolean {
  if (draft.peek().kind !== 'text') return false
  const before = clash.peek()
  clash.value = () => {
    if (before === null) draft.value = NONE
    before?.()
    act()
  }
  return true
}

/** What the draft does to a resource; null: nothing. A create is found by its list and its name or URL. */
export const changeOf = (resource: string): Change | null =>
  changes.value.find((one) => one.resource === resource) ?? null

/** A resource as the draft would have it; null: it would be gone. */
export function draftedOf(resource: string, configured: JsonMap): JsonMap | null {
  const change = changes.value.find((one) => one.resource === resource && one.op !== 'move')
  if (change === undefined || change.op === 'move') return configured
  if (change.op === 'delete') return null
  return change.op === 'create' ? change.value : (merged(configured, change.patch) as JsonMap)
}

/**
 * Fields of a resource are to be others (RFC 7396). What is set back to what is written leaves the draft,
 * and a change without any field left as well.
 */
export function change(
  resource: string,
  was: { readonly etag: string; readonly configured: JsonMap },
  patch: JsonMap,
): void {
  if (isAsked(() => change(resource, was, patch))) return
  const known = changes.peek().find((one) => one.resource === resource && one.op !== 'move') ?? null
  if (known?.op === 'create') {
    put({ ...known, value: merged(known.value, patch) as JsonMap }, known)
    return
  }
  const update = known?.op === 'update' ? known : null
  const base = update?.base ?? was.configured
  const wanted = merged(merged(base, update?.patch ?? {}), patch)
  const least = isMap(wanted) ? patchFrom(base, wanted) : null
  if (least === null) drop(resource, 'update')
  else put({ op: 'update', resource, etag: update?.etag ?? was.etag, base, patch: least }, known)
}

/**
 * A resource more: `backends`, `rules`, `backends/api/servers`; named by its `name` (or `url`) from then on.
 */
export function create(list: string, value: JsonMap, position?: Position): string {
  const resource = `${list}/${encodeURIComponent(String(value['name'] ?? value['url'] ?? ''))}`
  if (isAsked(() => create(list, value, position))) return resource
  put({ op: 'create', resource, value, ...(position !== undefined && { position }) }, changeOf(resource))
  return resource
}

/** A resource less; one that only the draft has is dropped, with all below it. */
export function remove(resource: string, was: { readonly etag: string; readonly configured: JsonMap }): void {
  if (isAsked(() => remove(resource, was))) return
  const isOnlyDrafted = changes.peek().some((one) => one.resource === resource && one.op === 'create')
  for (const one of changes.peek())
    if (one.resource === resource || one.resource.startsWith(`${resource}/`)) drop(one.resource, one.op)
  if (!isOnlyDrafted) put({ op: 'delete', resource, etag: was.etag, base: was.configured }, null)
}

/** A rule is to stand elsewhere. */
export function move(resource: string, etag: string, position: Position): void {
  if (isAsked(() => move(resource, etag, position))) return
  const known = changes.peek().find((one) => one.resource === resource && one.op === 'move')
  put({ op: 'move', resource, etag, position }, known ?? null)
}

/** Things of one list are to stand in another order: these moves, in place of what was meant before. */
export function moveAll(list: string, moves: readonly Extract<Change, { op: 'move' }>[]): void {
  if (isAsked(() => moveAll(list, moves))) return
  const others = changes.peek().filter((one) => one.op !== 'move' || !one.resource.startsWith(`${list}/`))
  const next = [...others, ...moves]
  const now = draft.peek()
  const baseRevision = now.kind === 'changes' ? now.baseRevision : servedRevision.peek()
  draft.value = next.length === 0 ? NONE : { kind: 'changes', baseRevision, changes: next }
}

/** What a text is made from; `hash` is that of the file as it is now, which the text takes the place of. */
export interface TextBase {
  readonly text: string
  readonly hash: string
  readonly revision: number
}

/** The whole text is to be another; the same text again is no draft. */
export function draftText(
  text: string,
  { text: base, hash: baseHash, revision: baseRevision }: TextBase,
): void {
  draft.value = text === base ? NONE : { kind: 'text', baseRevision, baseHash, base, text }
}

/** The text is to be that of a revision again. */
export function draftRestored(restores: number, text: string, base: TextBase): void {
  draftText(text, base)
  const now = draft.peek()
  if (now.kind === 'text') draft.value = { ...now, restores }
}

/** Takes one change out of the draft, or all of it. */
export function discard(resource?: string): void {
  if (resource === undefined) draft.value = NONE
  else for (const one of changes.peek()) if (one.resource === resource) drop(resource, one.op)
}

/** This was applied: what was drafted while that went on stays. */
export function settle(done: Draft): void {
  const now = draft.peek()
  if (now === done) draft.value = NONE
  else if (now.kind === 'changes' && done.kind === 'changes')
    replaceChanges(
      now.changes.filter((one) => !done.changes.includes(one)),
      servedRevision.peek(),
    )
}

/** Puts changes that were made anew, as after another has changed the same, in place of those there are. */
export function replaceChanges(next: readonly Change[], baseRevision: number): void {
  draft.value = next.length === 0 ? NONE : { kind: 'changes', baseRevision, changes: next }
}

/** Puts a change in place of one that is known, or behind the others. */
function put(next: Change, known: Change | null): void {
  const list = changes.peek()
  if (known !== null && isSame(known, next)) return
  const now = draft.peek()
  const baseRevision = now.kind === 'changes' ? now.baseRevision : servedRevision.peek()
  const all = known === null ? [...list, next] : list.map((one) => (one === known ? next : one))
  draft.value = { kind: 'changes', baseRevision, changes: all }
}

function drop(resource: string, op: Change['op']): void {
  const left = changes.peek().filter((one) => one.resource !== resource || one.op !== op)
  const now = draft.peek()
  if (now.kind === 'changes' && left.length !== now.changes.length)
    draft.value = left.length === 0 ? NONE : { ...now, changes: left }
}
