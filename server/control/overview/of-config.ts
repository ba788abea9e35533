// Where the config file and what is served differ, and a change that waits to be confirmed.
import type { ConfigFacts, RejectedProblem } from '../../telemetry/documents.ts'
import { NEEDS_RESTART } from '../problem.ts'
import type { OverviewProblem, ProblemAction } from './document.ts'
import type { DiskFacts, Seen } from './seen.ts'
import { ageOf, asSentence, timeOf } from './words.ts'

/** A file that was just written is about to be read. */
const SETTLED_MS = 5000
/** Less than this is left: it is worth hurrying. */
const HURRY_MS = 60_000

export function* configProblems(seen: Seen): Generator<OverviewProblem> {
  const { config } = seen.health
  if (config?.unconfirmed) yield unconfirmedProblem(seen, config.unconfirmed)
  const { rejected = null } = config ?? {}
  if (rejected?.taken_back) return yield takenBackProblem(seen, rejected)
  // A refused change of the API leaves the file as it is, and is told to whoever made it.
  if (rejected !== null && seen.disk?.state !== 'in_sync') return yield rejectedProblem(seen, rejected)
  if (seen.disk !== null) yield* diskProblem(seen, seen.disk)
}

function rejectedProblem(seen: Seen, { time, problems }: Rejected): OverviewProblem {
  const [first] = problems
  const line = numberIn(first, 'line')
  const column = numberIn(first, 'column')
  const more = problems.length - 1
  const others =
    more > 0 ? ` ${more === 1 ? 'Another problem stands' : `${more} more problems stand`} in it.` : ''
  const place = { ...(line !== null && { line }), ...(column !== null && { column }) }
  const file = typeof first?.['file'] === 'string' ? first['file'] : seen.file
  const open: ProblemAction[] =
    line === null ? [] : [{ kind: 'open_line', label: `Open line ${line}`, role: 'editor', file, ...place }]
  // Nothing is wrong with such a file: whoever was told to write it so would look for a slip in it.
  const isRight = problems.length > 0 && problems.every(({ code }) => code === NEEDS_RESTART)
  return {
    id: 'config:file',
    ...{ state: 'rejected', severity: isRight ? 'warn' : 'down' },
    since: time,
    title: isRight ? 'The file on disk waits for a restart' : 'The file on disk is not running',
    cause: `${first === undefined ? 'It was rejected.' : problemWords(first)}${others}`,
    remedy: isRight
      ? `Restart the gateway to serve the file. Until then r${seen.revision} serves, and no other change of the file.`
      : `${hintOf(first)}r${seen.revision} keeps serving until the file is right.`,
    about: { kind: 'config', name: file, ...place },
    actions: seen.disk?.state === 'unreadable' ? open : [restoreAction(seen), ...open],
  }
}

function takenBackProblem(seen: Seen, { time, taken_back }: Rejected): OverviewProblem {
  const { revision = 0, why = '' } = taken_back ?? {}
  return {
    id: 'config:taken_back',
    ...{ state: 'reverted', severity: 'warn' },
    since: time,
    title: `r${revision} was taken back`,
    cause: asSentence(why),
    remedy: `r${seen.revision} serves. Mend what was wrong with the change, and make it again.`,
    about: { kind: 'config', name: seen.file },
    actions: [{ kind: 'open', label: 'Open history', role: 'viewer', revision }],
  }
}

function unconfirmedProblem({ revision, nowMs, file }: Seen, until: string): OverviewProblem {
  const leftMs = Date.parse(until) - nowMs
  return {
    id: 'config:unconfirmed',
    ...{ state: 'unconfirmed', severity: leftMs < HURRY_MS ? 'warn' : 'note', since: null },
    title: `r${revision} waits to be confirmed`,
    cause: `It is served, and is taken back ${leftMs <= 0 ? 'now' : `in ${ageOf(leftMs)}`} unless somebody confirms it.`,
    remedy: 'Confirm it if all is well, or go back now.',
    about: { kind: 'config', name: file },
    actions: [
      { kind: 'confirm', label: 'Confirm', role: 'editor', revision },
      { kind: 'roll_back', label: 'Go back', role: 'editor', revision },
    ],
  }
}

function* diskProblem(seen: Seen, disk: DiskFacts): Generator<OverviewProblem> {
  const { changedMs, isReadOnly, state, why } = disk
  if (state === 'in_sync') return
  const about = { kind: 'config', name: seen.file } as const
  const since = changedMs === null ? null : timeOf(changedMs)
  if (state === 'unreadable')
    return yield {
      id: 'config:file',
      ...{ state: 'unreadable', severity: 'warn', since: null, about },
      title: 'The config file cannot be read',
      cause: asSentence(why ?? 'nobody knows why'),
      remedy: `r${seen.revision} keeps serving. Put the file back, or make it readable for the user that the gateway runs as.`,
      // Nothing is written in place of what cannot be looked at.
      actions: [{ kind: 'open', label: 'Compare', role: 'viewer' }],
    }
  if (changedMs !== null && seen.nowMs - changedMs < SETTLED_MS) return
  yield {
    id: 'config:file',
    ...{ state: 'differs', severity: 'warn', since, about },
    title: 'The file on disk is not what is served',
    cause: isReadOnly
      ? `r${seen.revision} is served, and could not be written into the file: it, or its folder, is read-only. A restart serves the file.`
      : `r${seen.revision} is served, and the file says something else. A restart serves the file.`,
    remedy: isReadOnly
      ? 'Put the change into the file where it comes from.'
      : 'Reload to serve the file, or write what is served over it.',
    actions: isReadOnly
      ? [{ kind: 'open', label: 'Compare', role: 'viewer' }]
      : [{ kind: 'open', label: 'Compare', role: 'viewer' }, restoreAction(seen)],
  }
}

type Rejected = NonNullable<ConfigFacts['rejected']>

const restoreAction = ({ revision }: Seen): ProblemAction => ({
  ...{ kind: 'restore', label: `Restore r${revision}…`, role: 'editor', revision },
})

/** "sluice.yaml:42:9: backends.api.servers[1].weigth is …." */
function problemWords({ file, line, column, path, message }: RejectedProblem): string {
  const name = typeof file === 'string' ? file.slice(file.lastIndexOf('/') + 1) : ''
  const place = name === '' || typeof line !== 'number' ? name : `${name}:${line}:${String(column)}`
  const where = [place, path].filter((text) => text !== '').join(' ')
  return where === '' ? asSentence(message) : `${where}: ${message}${message.endsWith('.') ? '' : '.'}`
}

const hintOf = (first: RejectedProblem | undefined): string =>
  typeof first?.['hint'] === 'string' && first['hint'] !== '' ? `${asSentence(first['hint'])} ` : ''

function numberIn(problem: RejectedProblem | undefined, fact: string): number | null {
  const value = problem?.[fact]
  return typeof value === 'number' ? value : null
}
