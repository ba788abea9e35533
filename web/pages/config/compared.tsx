// Two texts against each other, in words and lines, and the way back to the one of them.
import { useState } from 'preact/hooks'
import type { Revision } from '../../data/api-types.ts'
import { ask } from '../../data/api.ts'
import { draft, draftRestored } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import type { Problem } from '../../data/problem.ts'
import { sentence } from '../../data/reviewing.ts'
import { nameOf } from '../../data/revisions.ts'
import { count, number } from '../../data/say.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { DiffChoice, DiffIn, useDiffLayout } from '../../parts/side-by-side.tsx'
import { useAddress } from '../../parts/use-address.ts'
import css from './history.module.css'

export interface ComparedProps {
  readonly of: string
  readonly other: string
  /** Null: `of` is no revision that is kept. */
  readonly revision: Revision | null
}

/** What came with `of` since `other`. */
export function Compared({ of, other, revision }: ComparedProps) {
  const held = useHeld(
    'GET /api/v1/config/revisions/{revision}/diff/{other}',
    { revision: other, other: of },
    {
      topics: of === 'disk' || of === 'running' || other === 'disk' || other === 'running' ? ['config'] : [],
    },
  ).value
  const [layout, setLayout] = useDiffLayout()
  const { value, problem } = held
  if (value === null)
    return problem === null ? (
      <Loading lines={5} />
    ) : (
      <Note state="down" title={problem.title}>
        {problem.detail} {problem.hint}
      </Note>
    )
  const { lines, changes, diff, changes_left_out: leftOut } = value
  const isSame = lines.added + lines.removed === 0
  return (
    <>
      <div class={css.head}>
        <p class={css.says}>
          {isSame
            ? `${sentence(nameOf(of)).slice(0, -1)} and ${nameOf(other)} are the same, to the letter.`
            : `${count(changes.length + leftOut, 'difference')}, ${count(lines.added, 'line')} more and ${number(lines.removed)} less.`}
          {(revision?.message ?? '') !== '' && ` “${revision?.message}”`}
        </p>
        {diff !== undefined && diff !== '' && <DiffChoice value={layout} onPick={setLayout} />}
        {revision !== null && !revision.running && <Restore revision={revision} />}
      </div>
      {changes.length > 0 && (
        <ul class={css.words} aria-label="What differs" tabIndex={0}>
          {changes.map(({ words, path }) => (
            <li key={path + words}>{sentence(words)}</li>
          ))}
          {leftOut > 0 && <li class="quiet">{number(leftOut)} more</li>}
        </ul>
      )}
      {diff === undefined ? (
        <p class={css.foot}>The lines are for the role editor: they may hold secrets.</p>
      ) : (
        diff !== '' && (
          <div class={css.diff}>
            <DiffIn
              layout={layout}
              text={diff}
              label={`Difference of ${nameOf(other)} and ${nameOf(of)}`}
              heads={[nameOf(other), nameOf(of)]}
            />
          </div>
        )
      )}
    </>
  )
}

/** Makes it the draft: what that changes is looked at before it runs. */
function Restore({ revision }: { readonly revision: Revision }) {
  const { go } = useAddress()
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const { revision: name } = revision
  const restore = async (): Promise<void> => {
    setBusy(true)
    const [kept, running, status] = await Promise.all([
      ask('GET /api/v1/config/revisions/{revision}', { revision: String(name) }, { accept: 'text/plain' }),
      ask('GET /api/v1/config', {}, { query: { view: 'running' }, accept: 'text/plain' }),
      ask('GET /api/v1/config/status', {}),
    ])
    setBusy(false)
    const failed = [kept, running, status].find((answer) => !answer.ok)
    if (failed !== undefined && !failed.ok) return setProblem(failed.problem)
    if (!kept.ok || !running.ok || !status.ok) return
    draftRestored(name, String(kept.value), {
      text: String(running.value),
      hash: status.value.disk.hash ?? running.etag?.replaceAll('"', '') ?? '',
      revision: status.value.running?.revision ?? 0,
    })
    go(to('/review'))
  }
  return (
    <Button
      icon="undo"
      needs="editor"
      isBusy={isBusy}
      busyWord="Fetching the text"
      disabledWhy={
        problem?.detail ?? (draft.value.kind === 'none' ? null : 'apply or discard your draft first')
      }
      onPress={() => void restore()}
    >
      Restore r{name}…
    </Button>
  )
}
