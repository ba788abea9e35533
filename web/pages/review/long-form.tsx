// The file is in the short form, which has no words for the draft: the way on, which changes the file alone.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import { refreshHeld } from '../../data/held.ts'
import type { Problem } from '../../data/problem.ts'
import { Button } from '../../parts/button.tsx'
import { Diff } from '../../parts/diff.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Refused } from './refused.tsx'

export const needsLongForm = (problem: Problem): boolean => problem['needs_long_form'] === true

/** `onWritten`: the draft can be tried again. */
export function LongForm({ onWritten }: { readonly onWritten: () => void }) {
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
  if (problem !== null) return <Refused problem={problem} onAgain={onWritten} />
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
        It is in the short form, which has no words for your draft. The long form says the same, with your
        comments, so what is served stays as it is; it becomes a revision of its own, and your draft is kept.
      </Note>
      {diff !== null && diff !== '' && (
        <Panel title="The file in the long form" isFlush>
          <Diff text={diff} label="The file in the long form" />
        </Panel>
      )}
    </>
  )
}
