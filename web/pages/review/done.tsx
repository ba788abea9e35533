// It runs: what came of applying, as it goes on, and whether it was taken back since.
import type { Operation } from '../../data/api-types.ts'
import { useHeld } from '../../data/held.ts'
import { type Applied, sentence } from '../../data/reviewing.ts'
import { stateOf } from '../../data/revisions.ts'
import { age, clock, ms, number, percent, took } from '../../data/say.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Note } from '../../parts/messages.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { type Step, Steps } from '../../parts/steps.tsx'
import css from './review.module.css'
import { Table } from '../../parts/table.tsx'
import { Age, Time } from '../../parts/time.tsx'

export function Done({ one }: { readonly one: Applied }) {
  const { revision, before, tookMs, operation, confirmBy, admin, words = [] } = one
  const kept = useHeld(
    'GET /api/v1/config/revisions/{revision}',
    { revision: String(revision) },
    { topics: ['config'] },
  ).value.value
  const back = kept?.state === 'reverted' ? stateOf(kept) : null
  return (
    <>
      <PageHead
        crumb={{ href: to('/config'), label: 'Config' }}
        title={back === null ? `r${revision} runs` : `r${revision} was taken back`}
        state={back?.state ?? 'up'}
        actions={
          <>
            <Button onPress={() => history.back()}>Back to where you were</Button>
            <Button href={to(`/config/history?of=${revision}&with=${before}`)}>
              r{revision} in the history
            </Button>
          </>
        }
      >
        {back === null
          ? `It was applied in ${took(tookMs)} and is written to the file. Before it ran r${before}.`
          : `${sentence(back.word)} What r${before} says runs again, and the file says so.`}
      </PageHead>
      {admin !== null && confirmBy !== null && back === null && (
        <Note state="draft" title={`The admin listener is at ${admin} now`}>
          Confirm over that address until {clock(confirmBy)}, or r{before} comes back by itself.
        </Note>
      )}
      {words.length > 0 && (
        <Panel title="What changed" isFlush>
          <ul class={css.said}>
            {words.map((text) => (
              <li key={text}>{sentence(text)}</li>
            ))}
          </ul>
        </Panel>
      )}
      {operation !== null && <Watched id={operation} revision={revision} />}
    </>
  )
}

function Watched({ id, revision }: { readonly id: string; readonly revision: number }) {
  const held = useHeld(
    'GET /api/v1/operations/{operation}',
    { operation: id },
    { topics: ['config'], everyMs: 1000 },
  ).value.value
  if (held === null) return null
  const facts = held.facts as WatchFacts
  return (
    <Panel title={`Watching r${revision}`} end={held.ended === null ? 'under way' : 'over'}>
      <div class="stack">
        <Steps steps={stepsOf(held, facts)} />
        <Measures facts={facts} />
      </div>
    </Panel>
  )
}

interface Measured {
  readonly seconds: number
  readonly requests: number
  readonly server_errors: number
  readonly p95_ms: number | null
  readonly servers: number
  readonly usable: number
}

/** Of an operation of the kind change.watch. */
interface WatchFacts {
  readonly window_s: number
  readonly before: Measured
  readonly after?: Measured
  readonly outcome?: 'kept' | 'reverted' | 'not_reverted' | 'superseded'
  readonly why?: string | null
}

const ENDS = {
  kept: { state: 'up', title: 'Kept: nothing fares worse' },
  reverted: { state: 'down', title: 'Taken back' },
  not_reverted: { state: 'down', title: 'It fares worse, and could not be taken back' },
  superseded: { state: 'maint', title: 'Ended without a verdict' },
} as const

function stepsOf(
  { started, ended }: Operation,
  { window_s: seconds, before, outcome, why }: WatchFacts,
): Step[] {
  const first: Step = {
    state: 'up',
    title: `Measured for ${age(before.seconds)} before it was applied`,
    time: <Time at={started} />,
  }
  if (ended === null)
    return [
      first,
      {
        state: 'drain',
        title: `Held against that for ${age(seconds)}`,
        time: <Since at={started} of={seconds} />,
      },
    ]
  const end = outcome === undefined ? null : ENDS[outcome]
  return [
    first,
    {
      state: end?.state ?? 'unk',
      title: (why ?? null) === null ? (end?.title ?? 'It ended') : `${end?.title ?? 'It ended'}: ${why}`,
      time: <Time at={ended} />,
    },
  ]
}

function Since({ at, of }: { readonly at: string; readonly of: number }) {
  return (
    <>
      <Age at={at} /> of {age(of)}
    </>
  )
}

const MEASURES: readonly (readonly [string, (of: Measured) => string])[] = [
  ['Requests', ({ requests }) => number(requests)],
  ['5xx, %', ({ requests, server_errors: errors }) => (requests === 0 ? '–' : percent(errors / requests))],
  ['Latency p95, ms', ({ p95_ms: p95 }) => ms(p95)],
  ['Servers usable', ({ servers, usable }) => `${usable} of ${servers}`],
]

function Measures({ facts: { before, after } }: { readonly facts: WatchFacts }) {
  type Row = (typeof MEASURES)[number]
  return (
    <Table<Row>
      caption="Before it and since"
      rows={MEASURES}
      keyOf={([name]) => name}
      columns={[
        { key: 'name', head: 'Figure', cell: ([name]) => name },
        { key: 'before', head: 'Before', isNumber: true, cell: ([, of]) => of(before) },
        {
          key: 'after',
          head: 'Since',
          isNumber: true,
          cell: ([, of]) => (after === undefined ? '–' : of(after)),
        },
      ]}
    />
  )
}
