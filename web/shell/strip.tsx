// What is meant → what the file says → what runs: a change flows through them in that order, so they stand
// joined on every page, and what stops on its way is seen.
import { servedRevision } from '../data/api.ts'
import type { AnswerOf } from '../data/api.ts'
import { changeCount, type Draft, draft } from '../data/draft.ts'
import { useHeld } from '../data/held.ts'
import { count } from '../data/say.ts'
import { to } from '../data/urls.ts'
import { Shape } from '../parts/status.tsx'
import css from './strip.module.css'

export type ConfigStatus = AnswerOf<'GET /api/v1/config/status'>

/** Asked once for all who show it. */
export const CONFIG_STATUS = { topics: ['config'], everyMs: 15_000 } as const

export function Strip() {
  const status = useHeld('GET /api/v1/config/status', {}, CONFIG_STATUS).value.value
  return (
    <nav class={css.flow} aria-label="Draft, file and what runs">
      {changeCount.value > 0 && (
        <a class={css.draft} href={to('/review')}>
          <Shape state="draft" />
          <span class={css.key}>Draft</span>
          <b>{draft.value.kind === 'text' ? 'text' : count(changeCount.value, 'change')}</b>
          {isOvertaken(status) && <span class={css.key}>to r{madeFrom(draft.value)}: rebase</span>}
        </a>
      )}
      {status !== null && <OnDisk disk={status.disk} />}
      <a href={to('/config/history')}>
        <Shape state="up" />
        <span class={css.key}>Running</span>
        <b>r{status?.running?.revision ?? servedRevision.value}</b>
        {status?.pending_confirm !== null && status !== null && (
          <span class={css.pending}>to be confirmed</span>
        )}
      </a>
    </nav>
  )
}

const madeFrom = (of: Draft): number => (of.kind === 'none' ? 0 : of.baseRevision)

/** Another config is served than the one that the draft was made from. */
function isOvertaken(status: ConfigStatus | null): boolean {
  const running = status?.running?.revision
  return draft.value.kind !== 'none' && running !== undefined && madeFrom(draft.value) < running
}

function OnDisk({ disk }: { readonly disk: ConfigStatus['disk'] }) {
  const { state, word } = wordsFor(disk)
  const line = disk.errors[0]?.line
  const href = line === undefined ? to('/config') : to(`/config?line=${line}`)
  return (
    <a class={state === 'up' ? undefined : state === 'down' ? css.rejected : css.differs} href={href}>
      <Shape state={state} />
      <span class={css.key}>On disk</span>
      <b>{word}</b>
      {disk.is_read_only && <span class={css.key}>read-only</span>}
    </a>
  )
}

function wordsFor({ state, errors }: ConfigStatus['disk']): {
  readonly state: 'up' | 'warn' | 'down'
  readonly word: string
} {
  const [first] = errors
  switch (state) {
    case 'in_sync':
      return { state: 'up', word: 'the same' }
    case 'rejected':
      return { state: 'down', word: first?.line === undefined ? 'rejected' : `rejected, line ${first.line}` }
    case 'unreadable':
      return { state: 'down', word: 'not readable' }
    default:
      return { state: 'warn', word: 'differs' }
  }
}
