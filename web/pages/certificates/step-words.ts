// What was done to obtain a certificate, as steps: those that were taken with what the CA said, the one that
// failed, and those that were not done.
import type { CertificateLog } from '../../data/api-types.ts'
import { took } from '../../data/say.ts'
import type { Look } from '../../data/servers.ts'

export type Run = CertificateLog['runs'][number]

export interface StageRow {
  readonly state: Look
  readonly title: string
  /** `412 ms`, `not done`. */
  readonly time: string
  /** In the gateway's words, in their order. */
  readonly said: readonly string[]
  /** It is here that it failed. */
  readonly isFailure: boolean
}

const TITLES = [
  ['account', 'Account at the CA'],
  ['order', 'Order the certificate'],
  ['challenge', 'Show the CA that the names lead here'],
  ['finalize', 'Have it signed'],
  ['served', 'Fetch, check and serve it'],
] as const

type Stage = (typeof TITLES)[number][0]
const PLACES: readonly string[] = TITLES.map(([stage]) => stage)

/** Of a run the stages in their order. */
export function stagesOf(run: Run): StageRow[] {
  const groups = groupsOf(run)
  const failedAt = run.outcome === 'failed' ? failedStage(run) : -1
  const reached = PLACES.indexOf(run.reached)
  const last = run.outcome === 'obtained' ? PLACES.length - 1 : failedAt < 0 ? reached : failedAt
  return TITLES.flatMap(([stage, title], place): StageRow[] => {
    const said = groups.get(stage) ?? { ms: null, said: [] }
    // An account is made once: it is no step of a later run.
    if (stage === 'account' && said.said.length === 0 && place !== failedAt) return []
    const isFailure = place === failedAt
    const isBusy = run.outcome === 'running' && place === Math.max(0, reached)
    const isDone = place <= last && !isFailure
    return [
      {
        state: isFailure ? 'down' : isBusy ? 'drain' : isDone ? 'up' : 'unk',
        title,
        time: isFailure || isDone ? (said.ms === null ? '' : took(said.ms)) : 'not done',
        said: said.said,
        isFailure,
      },
    ]
  })
}

interface Group {
  ms: number | null
  said: string[]
}

/** Notes belong to the stage that they came in. */
function groupsOf(run: Run): Map<Stage, Group> {
  const groups = new Map<Stage, Group>()
  let now: Stage = 'order'
  for (const { stage, step, took_ms: ms } of run.steps) {
    if (PLACES.includes(stage)) now = stage as Stage
    if (stage === 'begin' || stage === 'failed') continue
    const group = groups.get(now) ?? { ms: null, said: [] }
    group.said.push(step)
    if (ms !== null) group.ms = (group.ms ?? 0) + ms
    groups.set(now, group)
  }
  return groups
}

/** An account and an order are told once they are there: what fails behind them is the next stage. */
function failedStage({ reached }: Run): number {
  const place = PLACES.indexOf(reached)
  if (place < 0) return PLACES.indexOf('order')
  return reached === 'account' || reached === 'order' ? place + 1 : place
}

/** The whole log, to be pasted into a mail. */
export const logText = ({ certificate, runs }: CertificateLog): string =>
  runs
    .map((run) =>
      [
        `${certificate}: ${run.outcome}, begun ${run.started}${run.why === null ? '' : `: ${run.why}`}`,
        ...run.steps.map(({ time, step }) => `  ${time}  ${step}`),
      ].join('\n'),
    )
    .join('\n\n')
