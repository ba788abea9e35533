// What a change of a listener would come to: asked of the gateway before anything is applied. It opens the
// address for a moment, and says who has it where it cannot.
import { type Signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Tried } from '../../data/api-types.ts'
import { servedRevision } from '../../data/api.ts'
import type { Change } from '../../data/change.ts'
import { tryDraft } from '../../data/reviewing.ts'
import type { Problem } from '../../data/problem.ts'
import { errorsOf } from './trial-errors.ts'

export interface Trial {
  readonly state: 'idle' | 'asking' | 'passed' | 'refused'
  /** By JSON pointer into the listener. */
  readonly errors: Readonly<Record<string, string>>
  /** What it would do, in sentences. */
  readonly words: readonly string[]
  /** Against all of it, where that is at no field. */
  readonly problem: Problem | null
}

const IDLE: Trial = { state: 'idle', errors: {}, words: [], problem: null }

/** Whoever types is let finish. */
const AFTER_MS = 600

/** Tries these changes whenever they become others; none of them: nothing is asked. */
export function useTrial(name: string, changes: readonly Change[] | null): Signal<Trial> {
  const trial = useSignal(IDLE)
  const key = changes === null || changes.length === 0 ? '' : JSON.stringify(changes)
  useEffect(() => {
    if (changes === null || key === '') {
      trial.value = IDLE
      return
    }
    const left = new AbortController()
    const timer = setTimeout(async () => {
      trial.value = { ...trial.peek(), state: 'asking' }
      const draft = { kind: 'changes', baseRevision: servedRevision.peek(), changes } as const
      const answer = await tryDraft(draft, left.signal)
      if (left.signal.aborted) return
      trial.value = answer.ok ? passed(answer.value) : refused(name, answer.problem)
    }, AFTER_MS)
    return () => {
      clearTimeout(timer)
      left.abort()
    }
  }, [name, key])
  return trial
}

const passed = ({ impact }: Tried): Trial => ({ ...IDLE, state: 'passed', words: impact?.words ?? [] })

function refused(name: string, problem: Problem): Trial {
  const errors = errorsOf(name, problem.errors)
  return { state: 'refused', errors, words: [], problem: Object.keys(errors).length > 0 ? null : problem }
}
