// What the draft would do, and doing it: the same request, once dry and once in earnest.
import { signal } from '@preact/signals'
import type { Change as Changed, Changed as ChangedText, Impact, Tried } from './api-types.ts'
import { type Answer, ask } from './api.ts'
import { type Draft, opsOf } from './change.ts'
import { settle } from './draft.ts'
import { refreshHeld } from './held.ts'

export type { Impact, Replayed, Tried } from './api-types.ts'

/** How a draft is applied. */
export interface Choices {
  readonly message: string
  /** Seconds; null: it stays. */
  readonly confirmWithinS: number | null
  readonly watchS: number | null
}

/** What this tab has applied last. */
export interface Applied {
  readonly revision: number
  /** What was served before. */
  readonly before: number
  readonly hash: string
  readonly tookMs: number
  /** What watches it. */
  readonly operation: string | null
  /** It is taken back then. */
  readonly confirmBy: string | null
  /** Where the admin listener is from now on; null: where it was. */
  readonly admin: string | null
  /** What it changed. */
  readonly words?: readonly string[]
}

/** Null: nothing, or it was undone or put away. */
export const applied = signal<Applied | null>(null)

/** The draft is on its way: what it would do to the config of a moment ago need not be asked any more. */
export const isApplying = signal(false)

/** Asks what a draft would do; nothing is changed. */
export async function tryDraft(of: Draft, signal?: AbortSignal): Promise<Answer<Tried>> {
  const shared = { query: { dry_run: true }, ...(signal !== undefined && { signal }) } as const
  const answer =
    of.kind === 'text'
      ? await ask(
          'POST /api/v1/changes',
          {},
          { ...shared, ifMatch: `"${of.baseHash}"`, body: { text: of.text } },
        )
      : await ask('POST /api/v1/changesets', {}, { ...shared, body: setOf(of) })
  return answer as Answer<Tried>
}

/** Applies just what was tried: were the gateway's config another one by now, it is refused. */
export async function applyDraft(of: Draft, tried: Tried, choices: Choices): Promise<Answer<Applied>> {
  const begun = performance.now()
  isApplying.value = true
  const answer = of.kind === 'text' ? await applyText(of, choices) : await applyChanges(of, tried, choices)
  if (answer.ok) settle(of)
  isApplying.value = false
  if (!answer.ok) return answer
  const { revision, hash, operation, confirm_by: confirmBy, admin } = answer.value
  const one: Applied = {
    revision: revision ?? 0,
    before: tried.base.revision ?? 0,
    ...{ hash, tookMs: performance.now() - begun },
    operation: operation ?? null,
    confirmBy: confirmBy ?? null,
    // Told with each change that is to be confirmed, also where it stays.
    admin: (tried.impact?.admin ?? null) === null ? null : (admin ?? null),
    words: (tried.changes ?? []).map(({ words }) => words),
  }
  applied.value = one
  refreshHeld()
  return { ...answer, value: one }
}

async function applyText(of: Draft & { kind: 'text' }, choices: Choices): Promise<Answer<ChangedText>> {
  const { message, confirmWithinS, watchS } = choices
  const body = {
    // A revision keeps whose text it is, byte for byte.
    ...(of.restores === undefined ? { text: of.text } : { revision: of.restores }),
    ...(message !== '' && { message }),
    ...(confirmWithinS !== null && { confirm_within: confirmWithinS }),
    ...(watchS !== null && { watch: watchS }),
  }
  const answer = await ask('POST /api/v1/changes', {}, { ifMatch: `"${of.baseHash}"`, body })
  return answer as Answer<ChangedText>
}

async function applyChanges(of: Draft, tried: Tried, choices: Choices): Promise<Answer<Changed>> {
  const { message, confirmWithinS, watchS } = choices
  const query = {
    ...(confirmWithinS !== null && { confirm_within: confirmWithinS }),
    ...(watchS !== null && { watch: watchS }),
  }
  const body = { ...setOf(of), ...(message !== '' && { message }) }
  const { hash } = tried.base
  const answer = await ask(
    'POST /api/v1/changesets',
    {},
    { query, body, ...(hash !== undefined && { ifMatch: `"${hash}"` }) },
  )
  return answer.ok && 'change' in answer.value
    ? { ...answer, value: answer.value.change }
    : (answer as Answer<never>)
}

/** Goes back to what was served before. */
export async function undo({ revision, before, hash }: Applied): Promise<Answer<ChangedText>> {
  const body = { revision: before, message: `undo of r${revision}` }
  const answer = await ask('POST /api/v1/config/rollback', {}, { body, ifMatch: `"${hash}"` })
  if (answer.ok) applied.value = null
  refreshHeld()
  return answer
}

/** As the API takes it. */
export function setOf(of: Draft) {
  return of.kind === 'changes'
    ? { ops: opsOf(of.changes), base_revision: of.baseRevision }
    : { ops: [], base_revision: 0 }
}

/** Whether it may shut somebody out: then it should come back by itself unless somebody confirms it. */
export function isRisky({ impact, changes = [] }: Tried): boolean {
  const isMoved = (impact?.admin ?? null) !== null || (impact?.listeners.length ?? 0) > 0
  return isMoved || changes.some(({ path }) => /^(?:admin|listeners|certificates)\b/.test(path))
}

/** What is good to know of an impact; the worst first. */
export function impactLines(impact: Impact, replay: Tried['replay']): { isCalm: boolean; text: string }[] {
  const lines = impact.words.map((text) => ({ isCalm: false, text: sentence(text) }))
  const calm: string[] = []
  const isStill = impact.listeners.length === 0 && impact.admin === null
  if (isStill) calm.push('No listener reopens, no connection ends.')
  const added = impact.servers.filter(({ what }) => what === 'added').length
  const removed = impact.servers.filter(({ what, in_flight: count }) => what === 'removed' && count === 0)
  if (added > 0) calm.push(`${added} ${added === 1 ? 'server joins' : 'servers join'}, once found healthy.`)
  if (removed.length > 0)
    calm.push(
      `${removed.length} ${removed.length === 1 ? 'server goes' : 'servers go'}, with nothing in flight.`,
    )
  if (replay !== undefined && replay.requests > 0 && replay.changed === 0)
    calm.push('The last requests would all go where they went.')
  return [...lines, ...calm.map((text) => ({ isCalm: true, text }))]
}

/** Begins with a capital, ends with a full stop. */
export const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
