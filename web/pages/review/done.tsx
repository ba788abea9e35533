// It runs: what came of applying, as it goes on.
import type { Operation } from '../../data/api-types.ts'
import { useHeld } from '../../data/held.ts'
import type { Applied } from '../../data/reviewing.ts'
import { clock, took } from '../../data/say.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Note } from '../../parts/messages.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { type Step, Steps } from '../../parts/steps.tsx'
import { Time } from '../../parts/time.tsx'

export function Done({ one }: { readonly one: Applied }) {
  const { revision, before, tookMs, operation, confirmBy, admin } = one
  return (
    <>
      <PageHead
        crumb={{ href: to('/config'), label: 'Config' }}
        title={`r${revision} runs`}
        state="up"
        actions={
          <>
            <Button onPress={() => history.back()}>Back to where you were</Button>
            <Button href={to(`/config/history?of=${revision}&with=${before}`)}>
              r{revision} in the history
            </Button>
          </>
        }
      >
        It was applied in {took(tookMs)} and is written to the file. Before it ran r{before}.
      </PageHead>
      {admin !== null && confirmBy !== null && (
        <Note state="draft" title={`The admin listener is at ${admin} now`}>
          Confirm over that address until {clock(confirmBy)}, or r{before} comes back by itself.
        </Note>
      )}
      {operation !== null && <Watched id={operation} revision={revision} />}
    </>
  )
}

const STATES: Readonly<Record<string, Step['state']>> = {
  running: 'drain',
  done: 'up',
  failed: 'down',
  aborted: 'maint',
}

function Watched({ id, revision }: { readonly id: string; readonly revision: number }) {
  const held = useHeld(
    'GET /api/v1/operations/{operation}',
    { operation: id },
    { topics: ['config'], everyMs: 1000 },
  ).value.value
  if (held === null) return null
  return (
    <Panel title={`Watching r${revision}`} end={held.ended === null ? 'under way' : 'over'}>
      <Steps steps={stepsOf(held)} />
    </Panel>
  )
}

/** The last of an operation that goes on is under way. */
function stepsOf({ steps, state }: Operation): Step[] {
  return steps.map(({ time, what }, place) => ({
    state: place === steps.length - 1 ? (STATES[state] ?? 'unk') : 'up',
    title: what,
    time: <Time at={time} />,
  }))
}
