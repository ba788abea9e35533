// What became of retries, hedges and sessions since the gateway was started, in words.
import { number, percent } from '../../data/say.ts'
import type { BackendLive, Counts } from '../../data/servers.ts'

/** A number with its name, and what it means. */
export interface Counted {
  readonly label: string
  readonly value: string
  readonly more: string
  /** Of a limit, how much is in use. */
  readonly used?: number
}

const sumOf = (counts: Counts): number => Object.values(counts).reduce((all, one) => all + one, 0)

/** The largest first: “12 connect refused, 3 status 503”. */
function named(counts: Counts): string {
  const all = Object.entries(counts).toSorted(([, a], [, b]) => b - a)
  return all.map(([word, n]) => `${number(n)} ${word.replaceAll('_', ' ')}`).join(', ')
}

/** Null: nothing is tried again. */
export function retryCounts(live: Pick<BackendLive, 'retries' | 'hedges'> | null): readonly Counted[] | null {
  const retries = live?.retries
  if (retries === undefined) return null
  const { by_reason: reasons, refused, under_way: now, most } = retries
  const made = sumOf(reasons)
  return [
    { label: 'Tried again', value: number(made), more: made === 0 ? 'no attempt failed' : named(reasons) },
    {
      ...{
        label: 'Budget in use',
        value: `${number(now)} of ${number(most)}`,
        used: most === 0 ? 1 : now / most,
      },
      more: 'further attempts, over all workers',
    },
    {
      ...{ label: 'Stopped by the budget', value: number(refused) },
      more: stoppedWords(refused, live?.hedges?.['refused'] ?? 0),
    },
    ...(live?.hedges === undefined ? [] : [hedgeCount(live.hedges)]),
  ]
}

/** Hedges are among them: of those nothing had failed. */
function stoppedWords(all: number, hedges: number): string {
  if (all === 0) return 'the budget was never used up'
  const failed = Math.max(0, all - hedges)
  if (hedges === 0) return 'what had failed stood'
  return failed === 0
    ? 'all of them hedges: nothing had failed'
    : `${number(failed)} where what had failed stood, ${number(all - failed)} ${all - failed === 1 ? 'hedge' : 'hedges'}`
}

const hedgeCount = (hedges: Counts): Counted => {
  const { refused = 0, ...made } = hedges
  const all = sumOf(made)
  const more = all === 0 ? [] : [named(made)]
  return {
    ...{ label: 'Hedged', value: number(all) },
    more:
      [...more, ...(refused === 0 ? [] : [`${number(refused)} stopped by the budget`])].join(', ') ||
      'no answer let wait so long',
  }
}

/** How much of the limits is in use; null: there are none. */
export function limitCounts(
  live: Pick<BackendLive, 'limit' | 'adaptive_limit' | 'waiting' | 'active_connections'> | null,
  { size, servers }: { readonly size: number; readonly servers: number | null },
): readonly Counted[] | null {
  if (live === null || live.waiting === undefined) return null
  const { limit, adaptive_limit: found, waiting, active_connections: active } = live
  const own: Counted[] =
    limit === undefined
      ? []
      : [
          {
            ...{ label: 'In flight', value: `${number(limit.in_flight)} of ${number(limit.most)}` },
            ...{ used: limit.in_flight / limit.most, more: 'of all its servers together' },
          },
        ]
  const adaptive: Counted[] =
    found === undefined
      ? []
      : [
          {
            ...{ label: 'Adaptive limit', value: `${number(found.in_flight)} of ${number(found.most)}` },
            used: found.most === 0 ? 0 : found.in_flight / found.most,
            more: `wait for answers to begin${found.mode === 'shadow' ? '; shadow: nothing is held back' : ''}`,
          },
        ]
  const all: Counted[] =
    servers === null
      ? []
      : [
          {
            ...{ label: 'At its servers', value: `${number(active)} of ${number(servers)}` },
            ...{ used: active / servers, more: 'of what each of them may, taken together' },
          },
        ]
  const queue = size === 0 ? 'it has no queue' : `each worker has room for ${number(size)}`
  return [...own, ...adaptive, ...all, { label: 'Waiting', value: number(waiting), more: queue }]
}

const SESSIONS: readonly (readonly [result: string, label: string, more: string])[] = [
  ['hit', 'With their server', 'served by the server that has the session'],
  ['new', 'New', 'had no cookie'],
  ['moved', 'Moved', 'their server was out of use, another has them now'],
  ['elsewhere', 'Elsewhere this once', 'their server was full, or failed'],
  ['expired', 'Expired', 'their cookie was too old'],
  ['forged', 'Not ours', 'forged, or of another secret or backend'],
]

/** Null: sessions do not stay by a cookie. */
export function sessionCounts(live: Pick<BackendLive, 'sticky'> | null): readonly Counted[] | null {
  const counts = live?.sticky
  if (counts === undefined) return null
  const all = sumOf(counts)
  return SESSIONS.map(([result, label, more]) => {
    const n = counts[result] ?? 0
    const share = all === 0 || n === 0 ? '' : `${percent(n / all)} %, `
    return { label, value: number(n), more: `${share}${more}` }
  })
}
