// Something that is done at a press: whether it goes on, and what stands against it.
import { useState } from 'preact/hooks'
import type { Answer } from '../../data/api.ts'
import type { Problem } from '../../data/problem.ts'
import { Note } from '../../parts/messages.tsx'

export interface Doing {
  readonly isBusy: boolean
  readonly problem: Problem | null
  /** Its value; null: it was not done, and `problem` says why. */
  readonly run: <T>(work: () => Promise<Answer<T>>) => Promise<{ readonly value: T } | null>
  /** What stands against a field of the body, by its JSON pointer. */
  readonly errorAt: (pointer: string) => string | undefined
}

export function useDoing(): Doing {
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  return {
    isBusy,
    problem,
    run: async (work) => {
      setBusy(true)
      const answer = await work()
      setBusy(false)
      setProblem(answer.ok ? null : answer.problem)
      return answer.ok ? { value: answer.value } : null
    },
    errorAt: (pointer) =>
      problem?.errors.find(({ pointer: at }) => at === pointer || at?.startsWith(`${pointer}/`) === true)
        ?.message,
  }
}

/** What stands against it, unless fields say so already. */
export function WhyNot({
  doing: { problem },
  fields = [],
}: {
  readonly doing: Doing
  readonly fields?: readonly string[]
}) {
  if (problem === null) return null
  const isSaid =
    problem.errors.length > 0 &&
    problem.errors.every(({ pointer = '' }) => fields.some((at) => pointer.startsWith(at)))
  if (isSaid) return null
  return (
    <Note state="down" title={problem.title} isUrgent>
      {problem.detail} {problem.hint}
    </Note>
  )
}

/** What was read, could not be, or is on its way. */
export function Unread({ problem }: { readonly problem: Problem | null }) {
  if (problem === null) return null
  return (
    <Note state="down" title={problem.title}>
      {problem.detail} {problem.hint}
    </Note>
  )
}
