// Before anything runs: what the draft changes, in words and in the file, what it does to traffic, and
// the one button that makes it so.
import { useEffect, useState } from 'preact/hooks'
import { applied } from '../../data/reviewing.ts'
import { changeCount, discard, draft } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import { moved } from '../../data/rebasing.ts'
import { wordsOf } from '../../data/review-rows.ts'
import { count, list } from '../../data/say.ts'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Empty, Guarded, Loading } from '../../parts/empty.tsx'
import { LongForm, needsLongForm } from '../../parts/long-form.tsx'
import { Note } from '../../parts/messages.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Popover } from '../../parts/popover.tsx'
import { ApplyPanel } from './apply.tsx'
import { ChangesPanel } from './changes.tsx'
import { Decide } from './conflicts.tsx'
import { CopyAs } from './copy-as.tsx'
import { Done } from './done.tsx'
import { ImpactPanel } from './impact.tsx'
import { Refused } from './refused.tsx'
import { ReplayPanel } from './replay.tsx'
import css from './review.module.css'
import { type Trying, useTried } from './use-tried.ts'

export function Review() {
  const trying = useTried()
  const [isDone, setDone] = useState(false)
  if (draft.value.kind === 'none')
    return isDone && applied.value !== null ? <Done one={applied.value} /> : <NothingDrafted />
  return <Drafted trying={trying} onDone={() => setDone(true)} />
}

function NothingDrafted() {
  const disk = useHeld('GET /api/v1/config/status', {}, { topics: ['config'] }).value.value?.disk.state
  return (
    <>
      <PageHead crumb={CONFIG} title="Nothing is drafted" />
      <Panel>
        <Empty
          title={disk === 'in_sync' ? 'What runs is what the file says' : 'There is nothing to review'}
          action={<Button href={to('/config')}>Open the config</Button>}
        >
          Change a field of a rule, a backend or a server, or type in the editor: what you change waits here,
          and nothing of it runs until you apply it.
        </Empty>
      </Panel>
    </>
  )
}

const CONFIG = { href: to('/config'), label: 'Config' } as const

function Drafted({ trying, onDone }: { trying: Trying & { again: () => void }; onDone: () => void }) {
  const { tried, problem, question } = trying
  const now = draft.value
  const status = useHeld('GET /api/v1/config/status', {}, { topics: ['config'] }).value.value
  const revision = now.kind === 'none' ? 0 : now.baseRevision
  const what = now.kind === 'text' ? 'the text' : count(changeCount.value, 'change')
  return (
    <>
      <PageHead
        crumb={CONFIG}
        title={`Review ${what} to r${revision}`}
        actions={
          <>
            {tried !== null && <CopyAs tried={tried} />}
            <DiscardAll />
          </>
        }
      >
        Nothing is running yet. The draft is kept in this browser tab until it is applied or discarded.
      </PageHead>
      {problem !== null &&
        (needsLongForm(problem) ? (
          <LongForm
            what="your draft"
            kept="your draft is kept"
            onWritten={trying.again}
            refused={(why) => <Refused problem={why} onAgain={trying.again} />}
          />
        ) : (
          <Refused problem={problem} onAgain={trying.again} />
        ))}
      {question !== null && <Decide question={question} />}
      <MovedNote />
      <div class={css.layout}>
        <div class={css.main}>
          <Guarded label="The list of changes">
            <ChangesPanel trying={trying} file={status?.disk.file ?? null} />
          </Guarded>
          {tried?.replay !== undefined && (
            <Guarded label="The replay">
              <ReplayPanel replay={tried.replay} />
            </Guarded>
          )}
        </div>
        <div class={css.side}>
          {tried === null ? (
            problem === null &&
            question === null && (
              <Panel title="Impact">
                <Loading lines={3} />
              </Panel>
            )
          ) : (
            <ImpactPanel tried={tried} />
          )}
          {can('edit') && <ApplyPanel trying={trying} onDone={onDone} />}
        </div>
      </div>
    </>
  )
}

/** The draft was made from what is not served any more, and nothing of it met what came instead. */
function MovedNote() {
  const now = moved.value
  useEffect(() => () => void (moved.value = null), [])
  if (now === null) return null
  const { to: revision, by, dropped } = now
  return (
    <Note
      state="draft"
      title={`Your draft stands on r${revision} now`}
      actions={
        <Button kind="quiet" icon="cross" label="Put away" onPress={() => void (moved.value = null)} />
      }
    >
      {by.length === 0 ? 'The config' : `${list(by)} changed the config`}
      {by.length === 0 && ' was changed'} meanwhile, and nothing of it meets what you change.
      {dropped.length > 0 &&
        ` ${list(dropped.map(({ resource }) => wordsOf(resource)))}: that is so already, and left your draft.`}
    </Note>
  )
}

function DiscardAll() {
  const what = draft.value.kind === 'text' ? 'the text' : count(changeCount.value, 'change')
  return (
    <Popover
      label="Discard the draft"
      anchor={(opener) => (
        <Button kind="danger" {...opener}>
          Discard draft…
        </Button>
      )}
      actions={(close) => (
        <>
          <Button onPress={close}>Keep it</Button>
          <Button
            kind="danger"
            onPress={() => {
              close()
              discard()
            }}
          >
            Discard {what}
          </Button>
        </>
      )}
    >
      <p>What runs stays as it is. What you have entered is gone, here and in the forms.</p>
    </Popover>
  )
}
