// The draft, tried: anew after each change of it, and when the gateway's config becomes another one, to which
// the draft is moved.
import { useEffect, useState } from 'preact/hooks'
import { type Draft, draft } from '../../data/draft.ts'
import { onEvent } from '../../data/live.ts'
import type { Problem } from '../../data/problem.ts'
import { type Question, rebaseOn } from '../../data/rebasing.ts'
import { isApplying, type Tried, tryDraft } from '../../data/reviewing.ts'

export interface Trying {
  /** What the draft before this one would have done stays shown until the answer is there. */
  readonly tried: Tried | null
  /** The draft that was tried; null: none yet. */
  readonly of: Draft | null
  readonly problem: Problem | null
  /** What has to be decided before it can be tried. */
  readonly question: Question | null
  readonly isBusy: boolean
}

const NOTHING: Trying = { tried: null, of: null, problem: null, question: null, isBusy: true }

export function useTried(): Trying & { readonly again: () => void } {
  const [now, setNow] = useState(NOTHING)
  const [times, setTimes] = useState(0)
  const again = (): void => setTimes((before) => before + 1)
  const of = draft.value
  useEffect(() => {
    if (of.kind === 'none') return setNow({ ...NOTHING, isBusy: false })
    const stop = new AbortController()
    setNow((before) => ({ ...before, isBusy: true }))
    void tryDraft(of, stop.signal).then((answer) => {
      if (stop.signal.aborted) return
      if (answer.ok) return setNow({ ...NOTHING, tried: answer.value, of, isBusy: false })
      const question = answer.problem.status === 412 ? rebaseOn(answer.problem, of) : null
      // Moved: the draft is another one, and is tried.
      if (question === 'moved') return
      const problem = question === null ? answer.problem : null
      setNow((before) => ({ tried: before.tried, of: before.of, problem, question, isBusy: false }))
    })
    return () => stop.abort()
  }, [of, times])
  useEffect(() => onEvent(['config'], () => isApplying.peek() || again()), [])
  return { ...now, again }
}
