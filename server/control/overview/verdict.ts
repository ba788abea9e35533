// One sentence on how the gateway is, and what follows from it for clients. What clients feel comes first.
import { type BackendState, isLeftAlone, sorted } from './backend-state.ts'
import type { OverviewProblem, Verdict } from './document.ts'
import { type Seen, serversByBackend } from './seen.ts'
import { counted, listOf, longAge, numberOf, spelled } from './words.ts'

/** Requests to it, each by name; the rest are counted. */
const NAMED_MAX = 2

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
    const { state } = sorted(groups.get(name) ?? [])
    const names = byState.get(state)
    if (names === undefined) byState.set(state, [name])
    else names.push(name)
  }
  const of = (state: BackendState): readonly string[] => byState.get(state) ?? []
  const all = Object.keys(seen.config?.backends ?? {})
  const down = [...of('down'), ...of('out')]
  if (all.length === 0)
    return seen.health.turn === undefined
      ? { state: 'up', sentence: 'All listeners are open', detail: '' }
      : { state: 'up', sentence: 'The TURN relay runs', detail: '' }
  if (down.length > 0) return downVerdict(seen, { all, down, degraded: of('degraded') })
  if (of('waiting').length === all.length)
    return { state: 'degraded', sentence: 'The first checks of servers are under way', detail: '' }
  return servingVerdict(seen, { all, degraded: of('degraded') })
}

interface Names {
  readonly all: readonly string[]
  readonly degraded: readonly string[]
}

function downVerdict(
  seen: Seen,
  { all, down, degraded }: Names & { readonly down: readonly string[] },
): Verdict {
  const [n, m] = [down.length, all.length]
  const sentence =
    m === 1
      ? `Backend ${down[0]} has no server up`
      : n === m
        ? `${m === 2 ? 'Neither backend' : `None of ${m} backends`} has a server up`
        : `${n} of ${m} backends ${n === 1 ? 'has' : 'have'} no server up`
  const named = down.slice(0, NAMED_MAX).map((name) => lossOf(seen, name))
  const left = n - named.length
  const more =
    left === 0
      ? []
      : [
          `${spelled(left).replace(/^./, (c) => c.toUpperCase())} more ${left === 1 ? 'does' : 'do'} the same.`,
        ]
  return { state: 'down', sentence, detail: [...named, ...more, ...restOf(m - n, degraded.length)].join(' ') }
}

/** "checkout has answered 503 to every request for 8 minutes, 41 in the last minute." */
function lossOf(seen: Seen, name: string): string {
  const { sinceMs } = seen.spanOf(name)
  const long = sinceMs === null ? '' : ` for ${longAge(seen.nowMs - sinceMs)}`
  if (!isHttp(seen, name)) return `${name} has taken no connection${long}.`
  const each = seen.perMinute(name)
  const rate = each === null || each === 0 ? '' : `, ${numberOf(each)} in the last minute`
  const { state, ailing } = sorted(seen.health.backends.filter(({ backend }) => backend === name))
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
function restOf(others: number, degraded: number): readonly string[] {
  if (others <= 0) return []
  if (others === 1) return [`The other one serves${degraded === 1 ? ', on some of its servers' : ''}.`]
  const which =
    degraded === 0
      ? ''
      : degraded === others
        ? ', all of them degraded'
        : `, ${spelled(degraded)} of them degraded`
  return [`The other ${spelled(others)} serve${which}.`]
}

function servingVerdict({ health }: Seen, { all, degraded }: Names): Verdict {
  const servers = `${health.healthy_count} of ${counted(health.total_count, 'server')} ${health.healthy_count === 1 ? 'takes' : 'take'} requests.`
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

/** What else is wrong, where backends are well: it is listed below the sentence. */
function withOthers(verdict: Verdict, problems: readonly OverviewProblem[]): Verdict {
  const worth = problems.filter(({ severity }) => severity !== 'note')
  const isOfTraffic = worth.some(
    ({ about: { kind }, state }) => kind === 'worker' || (kind === 'backend' && state === 'failing'),
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
