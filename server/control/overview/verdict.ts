// One sentence on how the gateway is, and what follows from it for clients. What clients feel comes first.
import { type BackendState, isLeftAlone, sorted } from './backend-state.ts'
import type { ServerHealth } from '../../telemetry/server-health.ts'
import type { OverviewProblem, Verdict } from './document.ts'
import { type Seen, serversByBackend, untriedKey } from './seen.ts'
import { counted, listOf, longAge, numberOf, spelled } from './words.ts'

/** Requests to it, each by name; the rest are counted. */
const NAMED_MAX = 2
const MINUTE_MS = 60_000

export function verdictOf(seen: Seen, problems: readonly OverviewProblem[]): Verdict {
  const { config, health } = seen
  if (config === null) return { state: 'idle', sentence: 'No config is served yet', detail: '' }
  if (health.draining === true)
    return {
      state: 'degraded',
      sentence: 'The gateway is stopping',
      detail: 'It takes no more clients, and finishes what is in flight.',
    }
  const own = problems.find(
    ({ severity, about: { kind } }) =>
      severity === 'down' && (kind === 'worker' || kind === 'turn' || kind === 'listener'),
  )
  if (own?.about.kind === 'worker') return { state: 'down', sentence: own.title, detail: own.cause }
  if (Object.keys(config.listeners).length === 0)
    return {
      state: 'idle',
      sentence: 'No listener is configured',
      detail: 'Nobody can connect until the config has one.',
    }
  const backends = backendVerdict(seen)
  if (backends.state === 'down' || own === undefined) return withOthers(backends, problems)
  return { state: 'down', sentence: own.title, detail: `${own.cause} ${backends.sentence}.` }
}

function backendVerdict(seen: Seen): Verdict {
  const byState = new Map<BackendState, string[]>()
  const groups = serversByBackend(seen)
  for (const name of Object.keys(seen.config?.backends ?? {})) {
    const { state } = sorted(groups.get(name) ?? [], isUntriedIn(seen))
    const names = byState.get(state)
    if (names === undefined) byState.set(state, [name])
    else names.push(name)
  }
  const of = (state: BackendState): readonly string[] => byState.get(state) ?? []
  const all = Object.keys(seen.config?.backends ?? {})
  const [down, unknown] = [[...of('down'), ...of('failing'), ...of('out')], of('unknown')]
  const failing = of('failing').length
  if (all.length === 0)
    return seen.health.turn === undefined
      ? { state: 'up', sentence: 'All listeners are open', detail: '' }
      : { state: 'up', sentence: 'The TURN relay runs', detail: '' }
  const degraded = [...of('degraded'), ...of('panic')]
  if (down.length > 0) return downVerdict(seen, { all, down, failing, degraded, unknown })
  if (of('waiting').length === all.length)
    return { state: 'degraded', sentence: 'The first checks of servers are under way', detail: '' }
  return servingVerdict(seen, { all, degraded, panic: of('panic'), unknown })
}

const isUntriedIn =
  ({ untried }: Seen) =>
  (server: ServerHealth): boolean =>
    untried.has(untriedKey(server))

interface Names {
  readonly all: readonly string[]
  readonly degraded: readonly string[]
  readonly unknown: readonly string[]
}

function downVerdict(
  seen: Seen,
  {
    all,
    down,
    failing,
    degraded,
    unknown,
  }: Names & {
    readonly down: readonly string[]
    /** How many of them fail, though they have servers up. */
    readonly failing: number
  },
): Verdict {
  const [n, m] = [down.length, all.length]
  const [one, many] =
    failing === 0
      ? ['has no server up', 'have no server up']
      : failing === n
        ? ['fails all requests', 'fail all requests']
        : ['serves no request', 'serve no request']
  const sentence =
    m === 1
      ? `Backend ${down[0]} ${one}`
      : n === m
        ? `${m === 2 ? 'Neither backend' : `None of ${m} backends`} ${failing === 0 ? 'has a server up' : 'serves a request'}`
        : `${n} of ${m} backends ${n === 1 ? one : many}`
  const named = down.slice(0, NAMED_MAX).map((name) => lossOf(seen, name))
  const left = n - named.length
  const more =
    left === 0
      ? []
      : [
          `${spelled(left).replace(/^./, (c) => c.toUpperCase())} more ${left === 1 ? 'does' : 'do'} the same.`,
        ]
  return {
    state: 'down',
    sentence,
    detail: [...named, ...more, ...restOf(m - n - unknown.length, degraded.length, unknown)].join(' '),
  }
}

/** "checkout has answered 503 to every request for 8 minutes, 41 in the last minute." */
function lossOf(seen: Seen, name: string): string {
  const { sinceMs } = seen.spanOf(name)
  const long = sinceMs === null ? '' : ` for ${longAge(seen.nowMs - sinceMs)}`
  if (!isHttp(seen, name)) return `${name} has taken no connection${long}.`
  const each = seen.perMinute(name)
  // Those that came before it was so may have been answered.
  const isWhole = sinceMs === null || seen.nowMs - sinceMs >= MINUTE_MS
  const rate =
    each === null || each === 0
      ? ''
      : `${isWhole ? ', ' : '; '}${numberOf(each)} ${isWhole ? '' : 'came '}in the last minute`
  const { state, ailing } = sorted(seen.health.backends.filter(({ backend }) => backend === name))
  // Since when is not known: a check may have said that they are up for days.
  if (state === 'failing') return `${name} fails its requests${rate}.`
  if (state === 'out') return `${name} has taken no new request${long}${rate}.`
  // Those that nobody checks are tried all the same.
  const isTried = ailing.some((one) => one.state === 'unchecked' && !isLeftAlone(one))
  // That it answered any would be a guess.
  if (each === 0 && !isTried) return `${name} has had no server${long}, and no request in the last minute.`
  // None that is known of: what became of those that may have come is no news of theirs.
  if (each === null && !isTried) return `${name} has had no server${long}: requests to it are answered 503.`
  return `${name} has ${isTried ? 'failed' : 'answered 503 to'} every request${long}${rate}.`
}

/** "The other six serve, two of them degraded." */
function restOf(others: number, degraded: number, unknown: readonly string[]): readonly string[] {
  const untold = unknown.length === 0 ? [] : [nothingOf(listOf(unknown))]
  if (others <= 0) return untold
  const the = unknown.length === 0 ? 'The other' : 'Another'
  if (others === 1)
    return [`${the} one serves${degraded === 1 ? ', on some of its servers' : ''}.`, ...untold]
  const which =
    degraded === 0
      ? ''
      : degraded === others
        ? ', all of them degraded'
        : `, ${spelled(degraded)} of them degraded`
  return [`${the} ${spelled(others)} serve${which}.`, ...untold]
}

const nothingOf = (names: string): string =>
  `Of ${names} nothing is known yet: no check asks there, and no request has come.`

function servingVerdict(
  { health, untried }: Seen,
  { all: every, degraded, panic, unknown }: Names & { readonly panic: readonly string[] },
): Verdict {
  const all = every.filter((name) => !unknown.includes(name))
  if (all.length === 0) return unknownVerdict(unknown)
  const known = health.backends.filter((one) => one.healthy && !untried.has(untriedKey(one))).length
  const left = unknown.length > 0 ? listOf(unknown) : counted(health.healthy_count - known, 'server')
  const more = known === health.healthy_count ? '' : ` ${nothingOf(left)}`
  const verb =
    panic.length > 0 ? (known === 1 ? 'is up' : 'are up') : known === 1 ? 'takes requests' : 'take requests'
  const also =
    panic.length === 0
      ? ''
      : ` ${listOf(panic)} ${panic.length === 1 ? 'uses' : 'use'} those that are down as well.`
  const servers = `${known} of ${counted(health.total_count, 'server')} ${verb}.${also}${more}`
  if (degraded.length === 0) {
    const sentence =
      all.length === 1
        ? `Backend ${all[0]} is up`
        : `${all.length === 2 ? 'Both' : `All ${all.length}`} backends are up`
    return { state: 'up', sentence, detail: servers }
  }
  const sentence =
    all.length === 1
      ? `Backend ${all[0]} serves, on some of its servers`
      : `${all.length === 2 ? 'Both' : `All ${all.length}`} backends serve, ${spelled(degraded.length)} of them degraded`
  const names =
    all.length === 1 ? '' : ` ${listOf(degraded)} ${degraded.length === 1 ? 'is' : 'are'} not whole.`
  return { state: 'degraded', sentence, detail: `${servers}${names}` }
}

function unknownVerdict(names: readonly string[]): Verdict {
  const [whose, they] = names.length === 1 ? ['Its servers', 'is'] : ['Their servers', 'are']
  const who =
    names.length === 1
      ? `backend ${names[0]}`
      : `${names.length === 2 ? 'both' : `the ${names.length}`} backends`
  return {
    state: 'idle',
    sentence: `Whether ${who} ${they} up is not known yet`,
    detail: `${whose} have no health check, and no request has come yet.`,
  }
}

/** What else is wrong, where backends are well: it is listed below the sentence. */
function withOthers(verdict: Verdict, problems: readonly OverviewProblem[]): Verdict {
  const worth = problems.filter(({ severity }) => severity !== 'note')
  const isOfTraffic = worth.some(
    ({ about: { kind }, state }) =>
      kind === 'worker' || ((kind === 'backend' || kind === 'server') && state === 'failing'),
  )
  const { state, sentence, detail } = verdict
  if (state !== 'up' || worth.length === 0) return verdict
  const more = `${worth.length === 1 ? 'One thing needs' : `${spelled(worth.length).replace(/^./, (c) => c.toUpperCase())} things need`} a look.`
  return {
    state: isOfTraffic ? 'degraded' : 'up',
    sentence,
    detail: [detail, more].filter((text) => text !== '').join(' '),
  }
}

/** Whether its requests are answered: with 503, where there is nobody. */
function isHttp({ config, health }: Seen, backend: string): boolean {
  const url = health.backends.find((one) => one.backend === backend)?.url ?? ''
  return config?.backends[backend] !== undefined && !/^(?:tcp|tls|udp):/.test(url)
}
