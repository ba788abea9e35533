// How a backend is, in a sentence or two.
import { count, list, number } from '../../data/say.ts'
import { isHeldOpen, isOpen, isTakenOut, shownOperation } from '../../data/servers.ts'
import { runningOf, type ServerRow, takingOf } from './server-rows.ts'

/** Names in a sentence; more are counted. */
const NAMED_MAX = 3

/** “2 of 5 servers take new requests: api-2 fails its check, api-3 drains. …” */
export function sentenceOf(rows: readonly ServerRow[]): string {
  const running = runningOf(rows)
  const taking = takingOf(rows)
  if (running.length === 0) return 'It has no server that runs.'
  const out = groupsOut(running, taking)
  const why = out.length === 0 ? '.' : `: ${list(out)}.`
  if (taking.some(({ live }) => live?.panic === true))
    return 'Fewer servers are up than panic_threshold asks: those that are down get requests as well.'
  if (taking.length === 0) return `No server takes new requests${why} Every request is answered 503.`
  if (taking.every(({ live }) => live !== null && shownOperation(live).word === 'Failing'))
    return taking.length === 1
      ? `${taking[0]?.id} fails its requests, and gets them all the same: no other server takes any.`
      : `${allOf(taking.length)} servers that get requests fail them${why}`
  if (taking.length === running.length)
    return running.length === 1
      ? `Its one server takes requests. Without ${taking[0]?.id ?? 'it'} every request would be answered 503.`
      : `${allOf(running.length)} servers take requests.`
  const verb = taking.length === 1 ? 'takes' : 'take'
  const lead = `${number(taking.length)} of ${count(running.length, 'server')} ${verb} new requests${why}`
  return taking.length <= 2
    ? `${lead} Without ${list(taking.map(({ id }) => id))} every request would be answered 503.`
    : lead
}

const allOf = (several: number): string => (several === 2 ? 'Both' : `All ${number(several)}`)

function groupsOut(running: readonly ServerRow[], taking: readonly ServerRow[]): string[] {
  const out = running.filter((row) => !taking.includes(row))
  const is = (of: (row: ServerRow) => boolean) => out.filter(of)
  const groups: readonly (readonly [readonly ServerRow[], string, string])[] = [
    [
      is(({ live }) => live?.admin === 'ready' && live.operational === 'down' && !isTakenOut(live)),
      'fails its check',
      'fail their check',
    ],
    [
      is(({ live }) => live?.admin === 'ready' && isTakenOut(live)),
      'is out as its requests fail',
      'are out as their requests fail',
    ],
    [
      is(({ live }) => live !== null && isOpen(live) && !isHeldOpen(live)),
      'has its breaker open',
      'have their breakers open',
    ],
    [is(({ live }) => live !== null && isHeldOpen(live)), 'is held open', 'are held open'],
    [is(({ live }) => live?.admin === 'drain'), 'drains', 'drain'],
    [is(({ live }) => live?.admin === 'maintenance'), 'is in maintenance', 'are in maintenance'],
    [is(({ live }) => live?.state === 'starting'), 'is not checked yet', 'are not checked yet'],
    [is(({ live }) => isWell(live) && live?.weight === 0), 'has weight 0', 'have weight 0'],
    [is(({ live, isBackup }) => isWell(live) && live?.weight !== 0 && isBackup), 'stands by', 'stand by'],
  ]
  return groups.flatMap(([rows, one, several]) => {
    if (rows.length === 0) return []
    const names = rows.slice(0, NAMED_MAX).map(({ id }) => id)
    const more = rows.length - names.length
    return [
      `${list(more > 0 ? [...names, `${number(more)} more`] : names)} ${rows.length === 1 ? one : several}`,
    ]
  })
}

const isWell = (live: ServerRow['live']): boolean =>
  live?.admin === 'ready' && live.operational !== 'down' && live.state !== 'starting' && !isOpen(live)
