// What the gateway would say to a change: asked a moment after the last key, so that what is wrong stands at
// its field long before anything is sent.
import { useEffect, useState } from 'preact/hooks'
import { ask, servedRevision } from './api.ts'
import { type Change, inOrder, opsOf } from './change.ts'
import { draft } from './draft.ts'
import { can } from './session.ts'
import { type TriedChange, triedOf } from './tried-change.ts'

const NOTHING: TriedChange = { errors: {}, general: null }
const AFTER_MS = 500

export function useTriedChange(change: Change | null): TriedChange {
  const [tried, setTried] = useState(NOTHING)
  const key = change === null ? '' : JSON.stringify(change)
  useEffect(() => {
    setTried((now) => (change === null ? NOTHING : now))
    if (change === null || !can('edit')) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      void tryOut(change, stop.signal).then((told) => {
        if (!stop.signal.aborted) setTried(told)
      })
    }, AFTER_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [key])
  return tried
}

/** All of the draft is tried: a rule may lead to a backend that is only drafted, a server be one of such. */
async function tryOut(change: Change, signal: AbortSignal): Promise<TriedChange> {
  const now = draft.peek()
  if (now.kind === 'text') return NOTHING
  const [drafted, base_revision] =
    now.kind === 'none' ? [[], servedRevision.peek()] : [now.changes, now.baseRevision]
  const isDrafted = drafted.some((one) => one.op === change.op && one.resource === change.resource)
  const all = inOrder(isDrafted ? drafted : [...drafted, change])
  const at = all.findIndex((one) => one.op === change.op && one.resource === change.resource)
  const answer = await ask(
    'POST /api/v1/changesets',
    {},
    {
      query: { dry_run: true },
      body: { ops: opsOf(all), base_revision },
      signal,
    },
  )
  // Of others' changes the review tells.
  if (answer.ok || answer.problem.status !== 422) return NOTHING
  return triedOf(answer.problem, `/ops/${at}/value`)
}
