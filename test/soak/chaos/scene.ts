// What a gateway is told in a chaos: switches that a seed sets, so that each combination comes up with some
// seed, and words that a reload takes away and brings back.
import { SERVER_FAULTS } from '../../../server/backends/server-fault.options.ts'
import { ALGORITHMS } from '../../../server/backends/algorithm.options.ts'
import { testCertificate } from '../../support/certificate.ts'
import type { Random } from '../../support/random.ts'
import { BACKENDS, type BackendName } from './books.ts'
import { APP_COOKIE, STEADY, type ChaosServer } from './servers.ts'

/** That of a plugin is code of somebody else. */
const OWN = ALGORITHMS.filter((algorithm) => algorithm !== 'plugin')

type Words = Record<string, unknown>

/** All tries of a request. */
export const ATTEMPTS: Readonly<Record<BackendName, number>> = { ample: 10, tight: 3 }
/** Of each server of `tight`, and of all together. */
export const SERVER_MAX = 10
export const BACKEND_MAX = 14
/** Of the rule for requests that may wait, and of each key. */
export const RULE_MAX = 6
export const KEY_MAX = 3
const STICKY_COOKIE = 'sluice_sticky'
/** What clients call themselves by, of which each has a limit. */
export const KEYS = ['k0', 'k1', 'k2', 'k3']
/** Why no server with room was waited for. */
export const QUEUE_FAULTS: ReadonlySet<string> = new Set(['queue_full', 'queue_timeout'])
/** Why requests are refused that come to no server. */
export const REFUSALS: ReadonlySet<string> = new Set(['rule_full', 'concurrency_limited', 'overloaded'])

const MODES = [null, null, 'enforce', 'enforce', 'shadow'] as const
const WAYS = [null, 'cookie', 'cookie', 'learn', 'header', 'client_ip'] as const
type Mode = (typeof MODES)[number]

interface BackendSwitches {
  readonly algorithm: (typeof ALGORITHMS)[number]
  readonly breaker: Mode
  readonly passive: Mode
  readonly isChecked: boolean
  readonly sticky: (typeof WAYS)[number]
  readonly isHedged: boolean
  readonly isStartedSlowly: boolean
  readonly hasGroups: boolean
  readonly dynamicWeights: Mode
  readonly adaptive: Mode
  readonly panicThreshold: number
}

export interface Scene extends Readonly<Record<BackendName, BackendSwitches>> {
  readonly hasTlsListener: boolean
  readonly hasTlsServers: boolean
  readonly ruleLimit: boolean
  readonly keyLimit: Mode
  readonly hasPriorities: boolean
  readonly overload: Mode
  readonly overloadBy: 'memory' | 'loop_lag'
  /** Of `tight`. */
  readonly hasShortQueue: boolean
  readonly isKilled: boolean
  readonly isReloaded: boolean
  readonly isUpgraded: boolean
}

export function drawScene(random: Random): Scene {
  const coin = (): boolean => random.below(2) === 0
  return {
    ample: drawBackend(random),
    tight: drawBackend(random),
    ...{ hasTlsListener: coin(), hasTlsServers: coin(), ruleLimit: coin(), keyLimit: random.pick(MODES) },
    ...{ hasPriorities: coin(), overload: random.pick(MODES), hasShortQueue: coin() },
    overloadBy: random.pick(['memory', 'loop_lag'] as const),
    ...{ isKilled: coin(), isReloaded: coin(), isUpgraded: coin() },
  }
}

function drawBackend(random: Random): BackendSwitches {
  const coin = (): boolean => random.below(2) === 0
  const algorithm = random.pick(OWN)
  const way = random.pick(WAYS)
  const isHash = algorithm === 'hash' || algorithm === 'ip_hash'
  const isByKey = way === 'header' || way === 'client_ip'
  const isFirst = algorithm === 'first_available'
  const isOwnWay = isHash || isFirst || algorithm === 'least_response_time'
  const weights = random.pick(MODES)
  return {
    ...{ algorithm, breaker: random.pick(MODES), passive: random.pick(MODES) },
    sticky: isHash && isByKey ? null : way,
    ...{ isChecked: coin(), isHedged: coin(), isStartedSlowly: coin() && !isFirst, hasGroups: coin() },
    dynamicWeights: isOwnWay || isByKey ? null : weights,
    ...{ adaptive: random.pick(MODES), panicThreshold: random.pick([0, 0.5]) },
  }
}

/** It may be that nobody asks some of its servers: whose breakers are half-open stay so. */
export const sparesServers = ({ algorithm, sticky, hasGroups }: BackendSwitches): boolean =>
  hasGroups ||
  ['first_available', 'ip_hash', 'hash'].includes(algorithm) ||
  sticky === 'header' ||
  sticky === 'client_ip'

/** What is on, in a line. */
export function told(scene: Scene): string {
  const on = (words: object): string[] =>
    Object.entries(words).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null
        ? [`${name} (${on(value).join(', ')})`]
        : value === null || value === false || value === 0
          ? []
          : [value === true ? name : `${name} ${value}`],
    )
  return on(scene).join(', ')
}

// ── words ──

/** What a reload takes away or brings back, where the scene has it. */
export const LOOSE = [
  ...['circuit_breaker', 'passive_health', 'health_check', 'adaptive_limit', 'hedge', 'slow_start'],
  ...['dynamic_weights', 'max_connections', 'rule limit', 'key limit', 'priorities', 'overload', 'spare'],
] as const

/** While all that must not wait for anything is off, a limit can be filled up. */
export const STILL: ReadonlySet<string> = new Set([
  ...['adaptive_limit', 'hedge', 'overload', 'spare', 'retry', 'timeouts', 'circuit_breaker'],
  ...['passive_health', 'max_connections'],
])

export function configOf(
  scene: Scene,
  servers: readonly ChaosServer[],
  off: ReadonlySet<string> = new Set(),
): Words {
  const { cert, key } = testCertificate()
  const own = { certificates: { own: { cert, key } } }
  return {
    drain: '30s',
    logs: { level: 'info', access: { file: 'access.log' } },
    listeners: scene.hasTlsListener
      ? { web: { bind: '127.0.0.1:0', protocol: 'https', certificates: ['own'] } }
      : { web: { bind: '127.0.0.1:0' } },
    ...(scene.hasTlsListener && own),
    ...(has(scene.overload, off, 'overload') && {
      // A little: more memory than that has any worker, and most turns are late on a machine that is busy.
      overload: {
        ...(scene.overloadBy === 'memory' ? { memory: '16MiB' } : { loop_lag: '10ms' }),
        ...{ most: 0.15, mode: scene.overload },
      },
    }),
    rules: [
      ...BACKENDS.flatMap((name) => rulesOf(scene, name, off)),
      ...(off.has('spare') ? [] : [{ name: 'spare', match: { path: '/spare/*' }, respond: { status: 200 } }]),
    ],
    backends: Object.fromEntries(BACKENDS.map((name) => [name, backendOf(name, { scene, servers, off })])),
  }
}

const has = (value: unknown, off: ReadonlySet<string>, name: string): boolean =>
  value !== null && value !== false && !off.has(name)

function rulesOf(scene: Scene, backend: BackendName, off: ReadonlySet<string>): Words[] {
  const priority = (value: number): Words =>
    has(scene.hasPriorities, off, 'priorities') ? { priority: value } : {}
  const keys = { concurrency: { max: KEY_MAX, key: 'header X-Key', mode: scene.keyLimit } }
  return [
    {
      ...{ name: `${backend}-low`, match: { path: `/${backend}/low/*` }, backend, ...priority(-10) },
      ...(has(scene.ruleLimit, off, 'rule limit') && { max_connections: RULE_MAX }),
    },
    {
      ...{ name: `${backend}-keys`, match: { path: `/${backend}/keys/*` }, backend },
      ...(has(scene.keyLimit, off, 'key limit') && { middleware: [keys] }),
    },
    { name: backend, match: { path: `/${backend}/*` }, backend, ...priority(10) },
  ]
}

const BREAKER = {
  ...{ window: '2s', min_requests: 20, failures: 6, open_for: '200ms', open_for_max: '800ms' },
  ...{ max_out: 0.6, half_open_requests: 2, half_open_successes: 2 },
}
const PASSIVE = {
  ...{ window: '2s', failures: 20, faults_in_a_row: 8, cooldown: '300ms', cooldown_max: '1s', max_out: 0.6 },
}
const CHECK = { type: 'tcp', interval: '200ms', interval_down: '200ms', rise: 1, fall: 1 }
const RETRY = {
  ...{ statuses: 503, faults: SERVER_FAULTS, timeout: '800ms', backoff: '2ms', retry_after_max: '100ms' },
}

function backendOf(
  name: BackendName,
  {
    scene,
    servers,
    off,
  }: { readonly scene: Scene; readonly servers: readonly ChaosServer[]; readonly off: ReadonlySet<string> },
): Words {
  const own = scene[name]
  const isTight = name === 'tight'
  const hedge = has(own.isHedged, off, 'hedge') ? { hedge: { quantile: 0.8, after: '10ms' } } : {}
  const budget = isTight ? {} : { budget: { ratio: 1, least: 10_000 } }
  const isHasty = !off.has('haste')
  const retry = {
    ...RETRY,
    ...(!isHasty && { timeout: '20s' }),
    attempts: ATTEMPTS[name],
    ...budget,
    ...hedge,
  }
  const timeouts = isHasty ? { connect: '2s', response: '3s', idle: '500ms' } : {}
  return {
    algorithm: own.algorithm,
    ...(own.algorithm === 'hash' && { hash: { by: 'path' } }),
    servers: serversOf(name, scene, servers),
    ...(scene.hasTlsServers && { tls: { verify: false } }),
    ...(off.has('retry') ? { retry: { attempts: 1 } } : { retry }),
    ...(!off.has('timeouts') && { timeouts }),
    ...policiesOf(own, off),
    ...(own.panicThreshold > 0 && { panic_threshold: own.panicThreshold }),
    ...(isTight && !off.has('max_connections') && { max_connections: BACKEND_MAX }),
    queue: isTight && scene.hasShortQueue ? { size: 3, timeout: '100ms' } : { size: 1000, timeout: '30s' },
    ...stickyOf(own.sticky),
  }
}

function policiesOf(own: BackendSwitches, off: ReadonlySet<string>): Words {
  const adaptive = { least: 6, most: BACKEND_MAX, window: '200ms', measure_every: '2s', mode: own.adaptive }
  return {
    ...(has(own.breaker, off, 'circuit_breaker') && { circuit_breaker: { ...BREAKER, mode: own.breaker } }),
    ...(has(own.passive, off, 'passive_health') && { passive_health: { ...PASSIVE, mode: own.passive } }),
    ...(has(own.isChecked, off, 'health_check') && { health_check: CHECK }),
    ...(has(own.isStartedSlowly, off, 'slow_start') && { slow_start: { over: '1s' } }),
    ...(has(own.dynamicWeights, off, 'dynamic_weights') && { dynamic_weights: { mode: own.dynamicWeights } }),
    ...(has(own.adaptive, off, 'adaptive_limit') && { adaptive_limit: adaptive }),
  }
}

/** The last ones are of a second group, or backups, the steady one now and then too. */
function serversOf(name: BackendName, scene: Scene, servers: readonly ChaosServer[]): Words[] {
  const { hasGroups, algorithm } = scene[name]
  return servers.map(({ words }, index) => ({
    ...words,
    ...(name === 'tight' && { max_connections: SERVER_MAX }),
    ...(hasGroups && index >= 3 && (algorithm === 'random' ? { backup: true } : { group: 2 })),
    ...(algorithm.includes('weighted') && { weight: words.name === STEADY ? 1 : 2 }),
  }))
}

const stickyOf = (way: BackendSwitches['sticky']): Words => {
  if (way === null) return {}
  const ways = {
    cookie: { cookie: STICKY_COOKIE },
    learn: { learn: APP_COOKIE },
    header: { header: 'X-User' },
    client_ip: { client_ip: true },
  }
  return { sticky: ways[way] }
}
