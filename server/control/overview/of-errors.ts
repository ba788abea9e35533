// Servers that answer nearly every request with 5xx while others of their backend do not: for who is not
// checked, and of whom no policy judges, nobody else finds out.
import { LAST_REQUESTS } from '../history/server-errors.ts'
import type { ServerHealth } from '../../telemetry/server-health.ts'
import type { OverviewProblem } from './document.ts'
import type { Seen } from './seen.ts'
import { counted, listOf, numberOf, percentOf } from './words.ts'

/** Nearly all. */
const ILL_LEAST = 0.9
/** Who has more than this fares no better. */
const WELL_MOST = 0.5
/** Peers that are asked, until one fares well. */
const PEERS_MAX = 20

type Errors = NonNullable<Seen['errors']>

/** Of those that nothing else is told of: who takes requests and is said to be well. */
export function* erringProblems(
  backend: string,
  servers: readonly ServerHealth[],
  { errors, config, health }: Pick<Seen, 'errors' | 'config' | 'health'>,
): Generator<OverviewProblem> {
  if (errors === undefined) return
  const ill = servers.filter(
    (one) => one.healthy && one.reason === null && errors.suspects.has(nameOf(one)) && isIll(one, errors),
  )
  const [one] = ill
  if (
    one === undefined ||
    !servers
      .filter((peer) => !ill.includes(peer))
      .slice(0, PEERS_MAX)
      .some((peer) => isWell(peer, errors))
  )
    return
  const names = ill.map(({ server }) => server)
  const isOne = ill.length === 1
  const [it, its] = isOne ? ['it', 'its'] : ['them', 'their']
  const rates = ill.map(({ server }) => errors.last(backend, server))
  const requests = rates.reduce((sum, rate) => sum + (rate?.requests ?? 0), 0)
  const failed = rates.reduce((sum, rate) => sum + (rate?.errors ?? 0), 0)
  const share = failed === requests ? 'all' : `${percentOf(failed, requests)} of`
  const { circuit_breaker, passive_health } = config?.backends[backend] ?? {}
  const policy =
    circuit_breaker === undefined && passive_health === undefined
      ? '; `circuit_breaker` or `passive_health` of the backend would do so by itself'
      : ''
  yield {
    id: isOne ? `errors:${backend}/${one.server}` : `errors:${backend}/`,
    ...{ state: 'failing', severity: 'warn', since: null },
    title: `${isOne ? 'Server' : 'Servers'} ${listOf(names)} of backend ${backend} ${isOne ? 'answers' : 'answer'} ${share} requests with 5xx`,
    cause: `${numberOf(failed)} of ${its} last ${counted(requests, 'request')}, while others of the backend answer theirs.`,
    remedy: `Look at ${isOne ? one.server : 'the servers'}, or take ${it} out of use with \`sluice server ${isOne ? calledOf(one, health) : 'SERVER'} maintenance\`${policy}.`,
    about: isOne ? { kind: 'server', name: one.server, backend } : { kind: 'backend', name: backend },
    actions: [
      { kind: 'requests', label: 'Requests', role: 'viewer', backend, ...(isOne && { servers: names }) },
      { kind: 'open', label: isOne ? 'Open server' : 'Open backend', role: 'viewer' },
    ],
  }
}

/** As commands want it. */
const calledOf = ({ backend, server }: ServerHealth, health: Seen['health']): string =>
  health.backends.some((one) => one.server === server && one.backend !== backend)
    ? `${server} --backend ${backend}`
    : server

const nameOf = ({ backend, server }: ServerHealth): string => `${backend}/${server}`

function isIll({ backend, server }: ServerHealth, { last }: Errors): boolean {
  const rate = last(backend, server)
  return rate !== null && rate.requests >= LAST_REQUESTS && rate.errors >= rate.requests * ILL_LEAST
}

function isWell({ backend, server }: ServerHealth, { last }: Errors): boolean {
  const rate = last(backend, server)
  return rate !== null && rate.errors <= rate.requests * WELL_MOST
}
