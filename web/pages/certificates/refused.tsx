// What was put in could not be kept: why, and where the file alone is in the way, the way on.
import type { Problem } from '../../data/problem.ts'
import { LongForm, needsLongForm } from '../../parts/long-form.tsx'
import { Note } from '../../parts/messages.tsx'

export interface RefusedProps {
  /** Null: nothing was refused. */
  readonly problem: Problem | null
  /** The file can say it now: it is to be sent again. */
  readonly onWritten: () => void
}

export function Refused({ problem, onWritten }: RefusedProps) {
  if (problem === null) return null
  if (!needsLongForm(problem)) return told(problem)
  return (
    <LongForm
      what="certificates"
      kept="what you put in follows at once"
      onWritten={onWritten}
      refused={told}
    />
  )
}

const told = ({ title, detail }: Problem) => (
  <Note state="down" title={title} isUrgent>
    {detail}
  </Note>
)
