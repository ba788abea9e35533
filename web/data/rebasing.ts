// Moves the draft to what there is now, by itself where nobody else has changed the same; else says what is
// to be decided.
import { signal } from '@preact/signals'
import { servedRevision } from './api.ts'
import type { Change, Draft } from './change.ts'
import { draftRestored, draftText, replaceChanges } from './draft.ts'
import { merge3, type Piece, textOf } from './line-merge.ts'
import type { Problem } from './problem.ts'
import { type Asks, type Conflict, decided, type Pick, rebase, type Rebased } from './rebase.ts'

/** A draft was moved without a question. */
export interface Moved {
  readonly to: number
  /** Who has changed something meanwhile. */
  readonly by: readonly string[]
  /** Changes that were made by others as well, and are none any more. */
  readonly dropped: readonly Change[]
}

/** Null: nothing was moved since the draft was looked at. */
export const moved = signal<Moved | null>(null)

export interface TextVersion {
  readonly hash: string | null
  /** Null: it is too large to be told, or cannot be read. */
  readonly text: string | null
}

/** What a person has to decide. */
export type Question =
  | { readonly is: 'fields'; readonly all: readonly Rebased[]; readonly revision: number }
  | {
      readonly is: 'lines'
      readonly pieces: readonly Piece[]
      readonly theirs: { readonly hash: string; readonly text: string }
    }
  /** The file is not what runs: which of the two is the draft made from? */
  | {
      readonly is: 'file'
      readonly isBroken: boolean
      readonly problem: Problem
      readonly base: string | null
      readonly theirs: TextVersion
      readonly yours: string | null
    }

/** Null: the draft was moved, or the problem is another one. */
export function rebaseOn(problem: Problem, of: Draft): Question | 'moved' | null {
  if (of.kind === 'changes' && problem.code === 'etag_mismatch') return rebaseChanges(problem, of.changes)
  const theirs = problem['theirs'] as TextVersion | undefined
  if (theirs === undefined || of.kind === 'none') return null
  const isBroken = problem.code === 'file_broken'
  if (of.kind === 'changes') {
    const [base, yours] = [problem['base'], problem['yours']] as (TextVersion | undefined)[]
    return { is: 'file', isBroken, problem, base: base?.text ?? null, theirs, yours: yours?.text ?? null }
  }
  const { hash, text } = theirs
  if (of.restores !== undefined && hash !== null && !isBroken) {
    draftRestored(of.restores, of.text, { text: text ?? '', hash, revision: servedRevision.peek() })
    return 'moved'
  }
  if (isBroken || hash === null || text === null)
    return { is: 'file', isBroken, problem, base: of.base, theirs, yours: of.text }
  const pieces = merge3(of.base, text, of.text)
  if (pieces.some(({ is }) => is === 'conflict')) return { is: 'lines', pieces, theirs: { hash, text } }
  decideLines({ is: 'lines', pieces, theirs: { hash, text } }, [])
  moved.value = { to: servedRevision.peek(), by: [], dropped: [] }
  return 'moved'
}

function rebaseChanges(problem: Problem, changes: readonly Change[]): Question | 'moved' {
  const conflicts = (problem['conflicts'] ?? []) as readonly Conflict[]
  const revision = Number(problem['current_revision'] ?? servedRevision.peek())
  const all = rebase(changes, conflicts)
  if (all.some(({ is }) => is === 'asks')) return { is: 'fields', all, revision }
  moved.value = {
    to: revision,
    by: [...new Set(conflicts.flatMap(({ changed_by: by }) => (by === null ? [] : [by])))],
    dropped: all.filter(({ is }) => is === 'dropped').map(({ change }) => change),
  }
  // That of the answer: what somebody changes meanwhile is met with the next.
  replaceChanges(
    all.filter(({ is }) => is === 'kept').map(({ change }) => change),
    revision,
  )
  return 'moved'
}

/** Picks of each question, in their order. */
export function decideFields(
  { all, revision }: Question & { is: 'fields' },
  picks: ReadonlyMap<Asks, readonly Pick[]>,
): void {
  const left = all.flatMap((one) => {
    if (one.is === 'dropped') return []
    if (one.is === 'kept') return [one.change]
    const change = decided(one, picks.get(one) ?? [])
    return change === null ? [] : [change]
  })
  replaceChanges(left, revision)
}

export function decideLines(
  { pieces, theirs }: Question & { is: 'lines' },
  picks: readonly (Pick | undefined)[],
): void {
  draftText(textOf(pieces, picks), { ...theirs, revision: servedRevision.peek() })
}

/** running: what runs, with the draft, takes the file's place; disk: the draft goes into the file's text. */
export function decideFile(
  { base, theirs, yours }: Question & { is: 'file' },
  pick: 'running' | 'disk',
): void {
  if (base === null || yours === null || theirs.hash === null) return
  const revision = servedRevision.peek()
  if (pick === 'running') draftText(yours, { text: base, hash: theirs.hash, revision })
  else if (theirs.text !== null)
    draftText(textOf(merge3(base, theirs.text, yours), []), {
      text: theirs.text,
      hash: theirs.hash,
      revision,
    })
}
