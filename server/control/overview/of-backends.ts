// What is wrong with backends and their servers: one problem for each backend that is not well.
import type { Rates } from '../history/error-rates.ts'
import { type BackendState, isHeldOpen, isLeftAlone, isTriedAgain, sorted } from './backend-state.ts'
import type { About, OverviewProblem, ProblemAction } from './document.ts'
import { causeOf, outWords } from './reasons.ts'
import { loopProblems } from './of-loops.ts'
import { erringProblems } from './of-errors.ts'
import { heldIn, isTried, isUsed, leftWords } from './left.ts'
import { type Seen, serversByBackend } from './seen.ts'
import { type Ill, todo } from './todo.ts'
import { ageOf, counted, listOf, numberOf, percentOf, timeOf } from './words.ts'

/** Servers that an action names: more are asked one by one by nobody. */
const CHECKED_MAX = 20

export function* backendProblems(seen: Seen): Generator<OverviewProblem> {
  const rulesOf = rulesTo(seen)
  for (const [backend, servers] of serversByBackend(seen)) {
    const is = sorted(servers)
    const checks = seen.config?.backends[backend]?.health_check
    const ill = { backend, is, checks, seen }
    if (is.state === 'panic') yield panicProblem(ill)
    else if (is.state === 'down' || is.state === 'failing') yield downProblem(ill, rulesOf(backend))
    else if (is.state === 'out') yield outProblem(ill)
    else if (is.state === 'degraded') yield degradedProblem(ill)
    const rates = NOBODY.has(is.state) ? undefined : seen.rates.get(backend)
    if (rates !== undefined) yield* errorProblem(backend, rates)
    if (!NOBODY.has(is.state)) yield* erringProblems(backend, servers, seen)
  }
  if (seen.config !== null) yield* loopProblems(seen.config)
}

/** Of which a problem tells already that nobody is served. */
const NOBODY: ReadonlySet<BackendState> = new Set(['down', 'out', 'failing'])

function downProblem(ill: Ill, rules: readonly string[]): OverviewProblem {
  const { backend, seen } = ill
  const { all, out, state } = ill.is
  const ailing = [...ill.is.ailing, ...ill.is.failing]
  const { sinceMs, lastUpMs } = seen.spanOf(backend)
  const isBroken = ailing.length > 0 && ailing.every(isLeftAlone)
  const isUnchecked =
    state === 'failing' ||
    (!isBroken && ailing.length > 0 && ailing.every((one) => one.state === 'unchecked'))
  const outToo = out.length === 0 ? '' : ` ${outWords(out, seen.nowMs)}`
  // Of those that nobody checks nobody knows whether they were ever up.
  const lastUp =
    lastUpMs === null || isUnchecked ? '' : ` The last one was up ${ageOf(seen.nowMs - lastUpMs)} ago.`
  const cause =
    all.length === 0 ? 'It has no servers.' : `${causeOf(ailing, ill.checks, all.length)}${outToo}${lastUp}`
  return {
    id: `backend:${backend}`,
    ...{ state: isUnchecked ? 'failing' : 'down', severity: 'down' },
    since: sinceMs === null ? null : timeOf(sinceMs),
    title: isUnchecked
      ? `Backend ${backend} fails all requests`
      : isBroken
        ? `Backend ${backend} has its breakers open, and refuses requests`
        : `Backend ${backend} has no server up`,
    cause,
    remedy: `${todo(ill)}, or lead ${rulesWords(rules)} to another backend.`,
    about: { kind: 'backend', name: backend },
    actions: [
      isBroken
        ? requestsAction(backend)
        : checkAction(
            backend,
            ailing.map(({ server }) => server),
          ),
      openAction('Open backend'),
    ],
  }
}

/** So few are up that those that are down are used as well, as the config wants it. */
function panicProblem(ill: Ill): OverviewProblem {
  const { backend, is, checks, seen } = ill
  const { all, ailing } = is
  const { sinceMs } = seen.spanOf(backend)
  const threshold = seen.config?.backends[backend]?.panic_threshold ?? 0
  return {
    id: `backend:${backend}`,
    ...{ state: 'panic', severity: 'warn' },
    since: sinceMs === null ? null : timeOf(sinceMs),
    title: `Backend ${backend} uses servers that are down`,
    cause: `${causeOf(ailing, checks, all.length)} Fewer are up than its panic_threshold (${threshold}) asks, so all of them get requests.`,
    remedy: `${todo(ill)}; where they answer well, mend the check.`,
    about: { kind: 'backend', name: backend },
    actions: [
      checkAction(
        backend,
        ailing.map(({ server }) => server),
      ),
      openAction('Open backend'),
    ],
  }
}

/** Persons took all of it out of use: nobody else brings it back. */
function outProblem({ backend, is: { out }, seen }: Ill): OverviewProblem {
  const { sinceMs } = seen.spanOf(backend)
  const held = out.filter(isHeldOpen)
  const servers = out.filter((one) => !held.includes(one)).map(({ server }) => server)
  const ready: ProblemAction = {
    kind: 'ready',
    label: 'Use again',
    role: 'operator',
    backend,
    servers: servers.slice(0, CHECKED_MAX),
  }
  return {
    id: `backend:${backend}`,
    ...{ state: 'down', severity: 'down' },
    since: sinceMs === null ? null : timeOf(sinceMs),
    title: `Backend ${backend} has no server in use`,
    cause: outWords(out, seen.nowMs),
    remedy:
      servers.length === 0
        ? `Reset ${out.length === 1 ? 'its breaker' : 'one of the breakers'}.`
        : `Take ${out.length === 1 ? 'it' : 'one of them'} into use again.`,
    about: { kind: 'backend', name: backend },
    actions: [...(servers.length === 0 ? [] : [ready]), openAction('Open backend')],
  }
}

function degradedProblem(ill: Ill): OverviewProblem {
  const { backend, is, checks, seen } = ill
  const { all, usable, ailing, failing, out } = is
  const ill_ = [...ailing, ...failing]
  const [one] = ill_
  const isOne = ill_.length === 1 && one !== undefined
  const { sinceMs } = isOne ? seen.spanOf(backend, one.server) : seen.spanOf(backend)
  // Without a check nobody takes them out: they are tried all the same.
  const isOnlyFailing = ailing.every(isTried)
  const held = heldIn(backend, is, seen)
  const isBreaker = ill_.every((one_) => isLeftAlone(one_) || isTriedAgain(one_))
  const about: About = isOne
    ? { kind: 'server', name: one.server, backend }
    : { kind: 'backend', name: backend }
  const causes = [causeOf(ill_, checks, all.length), ...(out.length === 0 ? [] : [outWords(out, seen.nowMs)])]
  return {
    id: isOne ? `server:${backend}/${one.server}` : `backend:${backend}`,
    state: isBreaker
      ? isOnlyFailing
        ? 'half_open'
        : 'open'
      : isOnlyFailing
        ? 'failing'
        : isOne
          ? 'down'
          : 'degraded',
    severity: 'warn',
    since: sinceMs === null ? null : timeOf(sinceMs),
    title: degradedTitle(ill, isOne ? one.server : null),
    cause: [...causes, leftWords(backend, is, seen)].filter((text) => text !== '').join(' '),
    remedy:
      (isOnlyFailing && usable.length === failing.length) || ill_.some(isUsed) || held.length > 0
        ? `${todo(ill)}.`
        : `${todo(ill)}; until then ${usable.length - failing.length === 1 ? 'the other one takes' : 'the others take'} ${isOne ? 'its' : 'their'} requests.`,
    about,
    actions: [
      ...(isBreaker
        ? []
        : [
            checkAction(
              backend,
              ill_.map(({ server }) => server),
            ),
          ]),
      ...(isOnlyFailing || isBreaker ? [requestsAction(backend, isOne ? one.server : null)] : []),
      ...(isOnlyFailing && !isBreaker ? [] : [openAction(isOne ? 'Open server' : 'Open backend')]),
    ],
  }
}

function degradedTitle({ backend, is }: Ill, one: string | null): string {
  const { all, usable, ailing, failing } = is
  if (one !== null && ailing.some(isLeftAlone)) return `The breaker of ${one} of backend ${backend} is open`
  if (one !== null && failing.some(isTriedAgain)) return `Server ${one} of backend ${backend} is tried again`
  if (ailing.length === 0 && failing.every(isTriedAgain))
    return `Servers of backend ${backend} are tried again`
  if (ailing.every(isTried))
    return one === null
      ? `Requests to servers of backend ${backend} fail`
      : `Requests to ${one} of backend ${backend} fail`
  return one === null
    ? `Backend ${backend} runs on ${usable.length} of ${all.length} servers`
    : `Server ${one} of backend ${backend} is down`
}

/** Requests answered with 5xx, so many that somebody should look, and far more than in the hour before. */
function* errorProblem(backend: string, { lately, before, sinceMs }: Rates): Generator<OverviewProblem> {
  const share = lately.errors / Math.max(1, lately.requests)
  const usual = before.errors / Math.max(1, before.requests)
  const isAll = lately.errors === lately.requests
  if (lately.errors < ERRORS_LEAST) return
  // Without a past to compare with, nobody knows whether it is usual; all of them never is.
  if (!isAll && (before.requests < ENOUGH || share < SHARE_LEAST || share < usual * TIMES_USUAL)) return
  const past = before.errors === 0 ? 'it was none' : `it was ${percentOf(before.errors, before.requests)}`
  const than = before.requests === 0 ? '' : `; in the hour before ${past}`
  yield {
    id: `errors:${backend}`,
    ...{ state: 'failing', severity: 'warn' },
    since: timeOf(sinceMs),
    title: `Backend ${backend} answers ${isAll ? 'all' : `${percentOf(lately.errors, lately.requests)} of`} requests with 5xx`,
    cause: `${numberOf(lately.errors)} of ${counted(lately.requests, 'request')} in the last 5 minutes${than}.`,
    remedy: 'See which requests fail, and at which server.',
    about: { kind: 'backend', name: backend },
    actions: [requestsAction(backend), openAction('Open backend')],
  }
}

const ENOUGH = 50
const ERRORS_LEAST = 5
const SHARE_LEAST = 0.01
const TIMES_USUAL = 3

/** Names of the rules that lead to a backend; found once for all. */
function rulesTo({ config }: Seen): (backend: string) => readonly string[] {
  let byBackend: Map<string | undefined, string[]> | null = null
  return (backend) => {
    if (byBackend === null) {
      byBackend = new Map()
      for (const { name, backend: to } of config?.rules ?? []) {
        const own = byBackend.get(to)
        if (own === undefined) byBackend.set(to, [name])
        else own.push(name)
      }
    }
    return byBackend.get(backend) ?? []
  }
}

const rulesWords = (rules: readonly string[]): string =>
  rules.length === 0 ? 'its requests' : `${rules.length === 1 ? 'rule' : 'rules'} ${listOf(rules)}`

const checkAction = (backend: string, servers: readonly string[]): ProblemAction => ({
  ...{ kind: 'check', label: 'Check now', role: 'operator', backend },
  servers: servers.slice(0, CHECKED_MAX),
})

const requestsAction = (backend: string, server: string | null = null): ProblemAction => ({
  ...{ kind: 'requests', label: 'Requests', role: 'viewer', backend },
  ...(server !== null && { servers: [server] }),
})

const openAction = (label: string): ProblemAction => ({ kind: 'open', label, role: 'viewer' })
