// What a control socket is given, for tests that need a part of it.
import type { ControlFacts } from '../../server/control/facts.ts'
import { EventHub } from '../../server/control/events/hub.ts'
import { overviewOf } from '../../server/control/overview/overview.ts'
import { HealthTimelines } from '../../server/control/overview/timelines.ts'
import { Operations } from '../../server/control/operations.ts'
import { Rollouts } from '../../server/control/rollouts.ts'
import { RequestTail } from '../../server/control/requests/tail.ts'
import { StoreProblem } from '../../server/control/store/store-problem.ts'
import { Ranges } from '../../server/lib/ranges.ts'
import { healthOf } from '../../server/telemetry/documents.ts'
import { seenWith } from './seen-with.ts'
import type { RuleFigures } from '../../server/control/history/rule-figures.ts'

/** Nothing goes on for longer than a request. */
function idle(): ControlFacts['tasks'] {
  const operations = new Operations()
  const hands = (): never => {
    throw new Error('no rollout is begun here')
  }
  return { operations, rollouts: new Rollouts({ operations, notes: { note() {}, forget() {} }, hands }) }
}

const NEVER = { matches: 0, last_match: null, unmatched_since: null, p99_ms: null, matches_per_min: 0 }

/** Facts of a gateway of which nothing but these is asked. */
export function controlFacts(facts: Partial<ControlFacts>): ControlFacts {
  return {
    trusted: () => Ranges.parse([]),
    prometheus: () => '',
    overload: () => ({ mode: 'off', limits: {}, most: 0.95, workers: [], shed: [] }),
    gateway: {
      ...{ file: '/none/sluice.yaml', build: { version: '0.0.0', commit: 'none' }, startedMs: 0 },
      ...{ served: () => null, addresses: () => ({}), admin: () => null, workers: () => [] },
    },
    revision: () => 1,
    listeners: () => ['turn'],
    live: {
      events: new EventHub(),
      figures: () => Promise.reject(new Error('not asked')),
      now: () => Promise.resolve({}),
      policies: () => null,
      rules: () => ({ matches: () => 0, of: () => NEVER }) as unknown as RuleFigures,
    },
    build: { version: '0.0.0', commit: 'test' },
    ask: () => Promise.reject(new Error('not asked')),
    turn: { isServing: () => false, figures: () => ({}), testCredentials: () => null },
    health: () => ({ ...healthOf([]), workers: { wanted: 1, serving: 1, silent: [], full: [] } }),
    metrics: () => ({ total_requests: 0, total_failures: 0, success_rate: 100, backends: [] }),
    upgrade: { begin: () => 'not here', facts: { state: 'none' } },
    reload: () => Promise.resolve({ is: 'not_now' }),
    apply: () => Promise.resolve({ changed: { is: 'not_now' }, warnings: [] }),
    tasks: idle(),
    confirm: () => false,
    isByOldDoor: () => false,
    door: () => null,
    confirmBy: () => null,
    rollBack: () => null,
    takenBack: () => null,
    desk: () => null,
    traffic: {
      explain: () => Promise.resolve(null),
      requests: () => Promise.resolve({ requests: [], left_out: 0, silent: [] }),
      request: () => Promise.resolve(null),
      follow: (filter) => new RequestTail(() => [], filter),
      replay: () => Promise.resolve({ is: 'gone' }),
      differences: () => Promise.resolve(null),
      cache: () => Promise.resolve({ memory: 0, entries: 0, bytes: 0, workers: [], rules: [], silent: [] }),
      purge: () => Promise.resolve({ removed: 0, silent: [] }),
    },
    changes: {
      served: null,
      list: () => Promise.resolve(null),
      read: () => Promise.resolve(null),
      named: () => Promise.resolve(null),
      check: (text, name) => Promise.resolve({ name, text, edition: null, problems: [] }),
      review: () => Promise.resolve(null),
    },
    told: {
      overview: () => overviewOf(seenWith({})),
      timelines: (minutes, backend) => new HealthTimelines().told(minutes, backend, { attempts: () => 0 }),
    },
    acme: { facts: () => [], steps: () => null, retry: () => false, isStandIn: () => false },
    stop: () => ({ process: { pid: 0, started: '' }, within_ms: 0 }),
    store: {
      ...{ now: null, keep: () => false },
      open: () => Promise.reject(new StoreProblem('nothing is kept here', 'none')),
    },
    access: () => null,
    ...facts,
  }
}
