// How long somebody has to wait before the next try, counted down.
import { useEffect, useState } from 'preact/hooks'
import type { Problem } from '../data/problem.ts'

/** Seconds that are left of what a refusal asks to wait; 0: it may be tried. */
export function useWait(problem: Problem | null): number {
  const [left, setLeft] = useState(0)
  useEffect(() => {
    const until = Date.now() + (problem?.retryAfterS ?? 0) * 1000
    const count = (): number => Math.max(0, Math.ceil((until - Date.now()) / 1000))
    setLeft(count())
    if (count() === 0) return
    const timer = setInterval(() => {
      setLeft(count())
      if (count() === 0) clearInterval(timer)
    }, 500)
    return () => clearInterval(timer)
  }, [problem])
  return left
}
