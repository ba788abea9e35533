// The file is in the short form, without words for what is wanted: the way on, which changes the file alone.
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../data/api.ts'
import { refreshHeld } from '../data/held.ts'
import type { Problem } from '../data/problem.ts'
import { Button } from './button.tsx'
import { Diff } from './diff.tsx'
import { Note } from './messages.tsx'
import { Panel } from './panel.tsx'

export const needsLongForm = (problem: Problem): boolean => problem['needs_long_form'] === true

export interface LongFormProps {
  /** What the short form cannot say: "your draft". */
  readonly what: string
  /** What stays in the page meanwhile: "your draft is kept". */
  readonly kept: string
  /** It can be tried again. */
  readonly onWritten: () => void
  /** The file could not be written so. */
  readonly refused: (problem: Problem) => ComponentChildren
}

export function LongForm({ what, kept, onWritten, refused }: LongFormProps) {
  const [diff, setDiff] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  useEffect(() => {
    const stop = new AbortController()
    const { signal } = stop
    void ask('POST /api/v1/config/long-form', {}, { query: { dry_run: 'true' }, signal }).then((answer) => {
      if (signal.aborted) return
      if (answer.ok) setDiff(String(answer.value['diff'] ?? ''))
      else setProblem(answer.problem)
    })
    return () => stop.abort()
  }, [])
  const write = async (): Promise<void> => {
    setBusy(true)
    const answer = await ask('POST /api/v1/config/long-form', {}, {})
    setBusy(false)
    if (!answer.ok) return setProblem(answer.problem)
    refreshHeld()
    onWritten()
  }
  if (problem !== null) return <>{refused(problem)}</>
  return (
    <>
      <Note
        state="warn"
        isUrgent
        title="The file has to be in the long form first"
        actions={
          <Button kind="ink" needs="editor" isBusy={isBusy} busyWord="Writing…" onPress={() => void write()}>
            Write the long form
          </Button>
        }
      >
        It is in the short form, which has no words for {what}. The long form says the same, with your
        comments, so what is served stays as it is; it becomes a revision of its own, and {kept}.
      </Note>
      {diff !== null && diff !== '' && (
        <Panel title="The file in the long form" isFlush>
          <Diff text={diff} label="The file in the long form" />
        </Panel>
      )}
    </>
  )
}
