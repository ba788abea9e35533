// The file is not what runs: why, what differs, and the two ways out.
import { useState } from 'preact/hooks'
import { refreshHeld, useHeld } from '../../data/held.ts'
import type { Problem } from '../../data/problem.ts'
import { restoreToDisk } from '../../data/restore.ts'
import { sentence } from '../../data/reviewing.ts'
import { count } from '../../data/say.ts'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { putBack } from './put-back.ts'
import { Button } from '../../parts/button.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Popover } from '../../parts/popover.tsx'
import { Code } from '../../parts/words.tsx'
import { DiffChoice, DiffIn, useDiffLayout } from '../../parts/side-by-side.tsx'
import css from './editor/editor.module.css'
import type { ConfigStatus } from './use-edited.ts'

export function NotWhatRuns({ status }: { readonly status: ConfigStatus }) {
  const { disk, running } = status
  if (disk.state === 'in_sync' || running === null) return null
  return (
    <>
      {disk.state === 'rejected' ? <Rejected status={status} /> : <Differs status={status} />}
      {disk.state !== 'unreadable' && can('edit') && <Difference revision={running.revision} />}
    </>
  )
}

function Rejected({ status: { disk, running } }: { readonly status: ConfigStatus }) {
  const [first, ...others] = disk.errors
  const isRight = disk.errors.length > 0 && disk.errors.every(({ code }) => code === 'needs_restart')
  const where = first?.line === undefined ? '' : `line ${first.line}, column ${first.column ?? 1}`
  return (
    <Note
      state={isRight ? 'warn' : 'down'}
      title={`The file on disk ${isRight ? 'waits for a restart' : 'was rejected'}${where === '' ? '' : `, ${where}`}`}
      actions={
        <>
          {first?.line !== undefined && (
            <Button href={to(`/config?of=disk&line=${first.line}`)}>Open at line {first.line}</Button>
          )}
          <Restore hash={disk.hash} revision={running?.revision ?? 0} />
        </>
      }
    >
      {first !== undefined && (
        <p>
          {first.path !== '' && (
            <>
              <code>{first.path}</code>:{' '}
            </>
          )}
          {sentence([first.message, first.hint].filter(Boolean).join('; '))}
          {others.length > 0 && ` And ${count(others.length, 'problem')} more.`}
        </p>
      )}
      <p>
        r{running?.revision} goes on running, and the file waits{' '}
        {isRight ? 'for a restart of the gateway' : 'to be mended'}.
      </p>
    </Note>
  )
}

function Differs({ status: { disk, running } }: { readonly status: ConfigStatus }) {
  const isGone = disk.state === 'unreadable'
  return (
    <Note
      state={isGone ? 'down' : 'warn'}
      title={isGone ? 'The file on disk cannot be read' : 'The file on disk is not what runs'}
      actions={!isGone && <Restore hash={disk.hash} revision={running?.revision ?? 0} />}
    >
      <p>
        {isGone
          ? `${disk.file}: ${disk.why ?? 'it cannot be read'}. r${running?.revision} goes on running, and nothing is written there.`
          : `It has not been read yet, or what came of it was taken back. r${running?.revision} goes on running.`}
      </p>
      {isGone && (
        <p>
          What runs is put back where the gateway runs by <Code text={putBack(disk.file, running)} isCopied />
        </p>
      )}
    </Note>
  )
}

/** What runs is written over the file. */
function Restore({ hash, revision }: { readonly hash: string | null; readonly revision: number }) {
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const restore = async (close: () => void): Promise<void> => {
    setBusy(true)
    const answer = await restoreToDisk(hash, revision)
    setBusy(false)
    setProblem(answer.ok ? null : answer.problem)
    if (!answer.ok) return
    close()
    refreshHeld()
  }
  return (
    <Popover
      label={`Restore r${revision} to disk`}
      anchor={(opener) => (
        <Button needs="editor" {...opener}>
          Restore r{revision} to disk…
        </Button>
      )}
      actions={(close) => (
        <>
          <Button onPress={close}>Leave it</Button>
          <Button kind="ink" isBusy={isBusy} busyWord="Writing" onPress={() => void restore(close)}>
            Restore r{revision}
          </Button>
        </>
      )}
    >
      <p>
        The text that runs takes the place of the file. What was written there since is lost: copy it first if
        it is of use.
      </p>
      {problem !== null && (
        <Note state="down" title={problem.title} isUrgent>
          {problem.detail}
        </Note>
      )}
    </Popover>
  )
}

function Difference({ revision }: { readonly revision: number }) {
  const held = useHeld(
    'GET /api/v1/config/revisions/{revision}/diff/{other}',
    { revision: 'running', other: 'disk' },
    { topics: ['config'] },
  ).value
  const [layout, setLayout] = useDiffLayout(matchMedia('(width >= 1024px)').matches ? 'sides' : 'unified')
  const diff = held.value?.diff ?? ''
  if (diff === '') return null
  const heads = [`Running r${revision}`, 'On disk'] as const
  return (
    <Panel title="Running and on disk" end={<DiffChoice value={layout} onPick={setLayout} />} isFlush>
      <div class={css.between}>
        <DiffIn layout={layout} text={diff} heads={heads} label="Difference of what runs and the file" />
      </div>
    </Panel>
  )
}
