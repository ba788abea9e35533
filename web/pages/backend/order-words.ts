// What an order would do, told before it is given: who is left, what they would carry, what goes on.
import { count, number } from '../../data/say.ts'
import type { AdminState } from '../../data/servers.ts'
import { runningOf, type ServerRow, takingOf } from './server-rows.ts'

export type Wanted =
  | { readonly admin: AdminState; readonly endsConnections: boolean }
  | { readonly weight: number | null }

export interface Scene {
  readonly backend: string
  readonly rows: readonly ServerRow[]
  /** Requests a second of a server; null: not known yet. */
  readonly rateOf: (server: string) => number | null
  /** It draws without looking at weights. */
  readonly ignoresWeights: boolean
  /** What requests carry by which they belong to a server: “the cookie session”; null: nothing. */
  readonly boundBy: string | null
  /** Below this share of servers that are up, all are used. */
  readonly panicThreshold: number
}

export interface Consequence {
  readonly tone: 'plain' | 'warn' | 'down'
  readonly words: string
  /** All requests would be refused that are not now. */
  readonly takesLast: boolean
}

export function consequenceOf(scene: Scene, targets: ReadonlySet<string>, wanted: Wanted): Consequence {
  const before = takingOf(scene.rows)
  const after = takingOf(scene.rows.map((row) => (targets.has(row.id) ? ordered(row, wanted) : row)))
  const running = runningOf(scene.rows)
  const left = `Leaves ${after.length === 0 ? 'none' : number(after.length)} of ${number(running.length)}.`
  if (after.length === 0 && before.length === 0)
    return {
      tone: 'warn',
      words: `No server of ${scene.backend} takes requests now either.`,
      takesLast: false,
    }
  if (after.length === 0)
    return {
      tone: 'down',
      words: `${left} Every request to ${scene.backend} would be answered 503.${goingOn(scene, targets, wanted)}`,
      takesLast: true,
    }
  const isLess = before.some(({ id }) => !after.some((one) => one.id === id))
  if (isLess)
    return {
      tone: after.length === 1 ? 'warn' : 'plain',
      words: [
        left,
        carried(scene, before, after),
        panic(scene, after, targets),
        goingOn(scene, targets, wanted),
      ].join(''),
      takesLast: false,
    }
  return { tone: 'plain', words: gained(scene, { before, after }, targets, wanted), takesLast: false }
}

/** A server as it would be. */
function ordered(row: ServerRow, wanted: Wanted): ServerRow {
  if (row.live === null) return row
  if ('weight' in wanted) return { ...row, live: { ...row.live, weight: wanted.weight ?? row.weight } }
  // Behind maintenance a check comes first; what it will say is not known.
  const { operational } = row.live
  return { ...row, live: { ...row.live, admin: wanted.admin, state: operational } }
}

const weightOf = ({ ignoresWeights }: Scene, { live }: ServerRow): number =>
  ignoresWeights ? 1 : (live?.weight ?? 0)

function shareOf(scene: Scene, row: ServerRow, of: readonly ServerRow[]): number {
  const sum = of.reduce((all, one) => all + weightOf(scene, one), 0)
  return sum === 0 ? 0 : weightOf(scene, row) / sum
}

const rateOf = (scene: Scene): number | null => {
  const known = scene.rows.map(({ id }) => scene.rateOf(id))
  return known.some((one) => one === null) ? null : known.reduce<number>((all, one) => all + (one ?? 0), 0)
}

/** “api-1 would carry about 1,204/s, with about 850 of its 1,024 in flight.” */
function carried(scene: Scene, before: readonly ServerRow[], after: readonly ServerRow[]): string {
  const all = rateOf(scene)
  if (all === null) return ''
  if (all < 0.05) return ' There is no traffic now.'
  const shares = after.map((row) => ({ row, share: shareOf(scene, row, after) }))
  const most = shares.reduce((a, b) => (b.share > a.share ? b : a))
  const one = `${most.row.id} would carry about ${perSecond(all * most.share)}/s`
  const flying = scene.rows.reduce((all, { live }) => all + (live?.active_connections ?? 0), 0)
  const { max } = most.row
  const full =
    max === null || flying * most.share < 1
      ? ''
      : `, with about ${number(Math.round(flying * most.share))} of its ${number(max)} in flight`
  if (after.length === 1) return ` ${one}${full}.`
  const now = scene.rateOf(most.row.id) ?? 0
  const lead = after.length === before.length ? '' : ' Each of them would carry more:'
  return `${lead} ${one} instead of ${perSecond(now)}${full}.`
}

/** No more digits than such an estimate has. */
const perSecond = (value: number): string =>
  value >= 10 ? number(Math.round(value)) : String(Math.round(value * 10) / 10)

function panic(
  { panicThreshold, rows }: Scene,
  after: readonly ServerRow[],
  targets: ReadonlySet<string>,
): string {
  // Who was taken out of use counts for nothing.
  const main = rows.filter(
    ({ id, isBackup, live }) => !isBackup && live?.admin === 'ready' && !targets.has(id),
  )
  return panicThreshold > 0 && after.length < main.length * panicThreshold
    ? ' That is below panic_threshold: servers that fail their checks would be used too.'
    : ''
}

/** What becomes of that which is under way. */
function goingOn({ rows, boundBy }: Scene, targets: ReadonlySet<string>, wanted: Wanted): string {
  if ('weight' in wanted || wanted.admin === 'ready') return ''
  const bound =
    boundBy === null || wanted.admin !== 'drain'
      ? ''
      : ` Requests that belong to it by ${boundBy} still come.`
  const flying = rows.reduce(
    (all, { id, live }) => all + (targets.has(id) ? (live?.active_connections ?? 0) : 0),
    0,
  )
  if (flying === 0) return bound
  const words = count(flying, 'running request')
  return `${wanted.endsConnections ? ` ${words} would be cut off.` : ` ${words} may finish.`}${bound}`
}

/** An order that takes nobody out. */
function gained(
  scene: Scene,
  { before, after }: { readonly before: readonly ServerRow[]; readonly after: readonly ServerRow[] },
  targets: ReadonlySet<string>,
  wanted: Wanted,
): string {
  const meant = scene.rows.filter(({ id }) => targets.has(id))
  const failing = meant.filter(({ live }) => live?.operational === 'down')
  if ('admin' in wanted && wanted.admin !== 'ready')
    return `${meant.length === 1 ? 'It takes' : 'They take'} no new requests as it is.${goingOn(scene, targets, wanted)}`
  if (failing.length > 0 && failing.length === meant.length)
    return `${failing.length === 1 ? 'Its check fails: it takes' : 'Their checks fail: they take'} requests once ${failing.length === 1 ? 'it passes' : 'they pass'}.`
  const sum = (rows: readonly ServerRow[]): number =>
    rows.filter(({ id }) => targets.has(id)).reduce((all, row) => all + shareOf(scene, row, rows), 0)
  const [now, then] = [sum(before), sum(after)]
  const who = meant.length === 1 ? (meant[0]?.id ?? '') : count(meant.length, 'server')
  if (Math.abs(now - then) < 0.0005) return `Nothing changes for ${who}.`
  const all = rateOf(scene)
  const each = all === null || all < 0.05 ? '' : `, about ${perSecond(all * then)}/s`
  return `${who} would take ${share(then)} of requests${each}; now ${share(now)}.`
}

const share = (of: number): string => `${Math.round(of * 100)} %`
