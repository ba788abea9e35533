// Whether a text could be served, asked once it has stood still.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask } from '../../../data/api.ts'
import { type Finding, findingsOf } from '../../../data/findings.ts'
import type { Problem } from '../../../data/problem.ts'

export interface Validation {
  /** Null: not known yet. */
  readonly findings: readonly Finding[] | null
  readonly problem: Problem | null
  readonly isBusy: boolean
  readonly validateNow: () => void
}

/** At least; a long text that takes longer to check is not checked more often than that. */
const STILL_MS = 300

export function useValidated(text: string | null, isOff: boolean): Validation {
  const [findings, setFindings] = useState<readonly Finding[] | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const asking = useRef<AbortController>(undefined)
  const tookMs = useRef(0)
  const run = async (): Promise<void> => {
    if (text === null || isOff) return
    asking.current?.abort()
    const stop = (asking.current = new AbortController())
    setBusy(true)
    const begun = performance.now()
    const asked = { text: { type: 'text/plain', body: text }, signal: stop.signal } as const
    const answer = await ask('POST /api/v1/config/validate', {}, asked)
    if (stop.signal.aborted) return
    setBusy(false)
    tookMs.current = performance.now() - begun
    setProblem(answer.ok ? null : answer.problem)
    if (answer.ok) setFindings(findingsOf(answer.value))
  }
  useEffect(() => {
    const timer = setTimeout(() => void run(), Math.max(STILL_MS, tookMs.current))
    return () => {
      clearTimeout(timer)
      asking.current?.abort()
    }
  }, [text, isOff])
  return { findings, problem, isBusy, validateNow: () => void run() }
}
