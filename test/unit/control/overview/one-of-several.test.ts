// What is told of a server that is out or fails while others of its backend are well, and what to do.
import { expect, test } from 'bun:test'
import { backendProblems } from '../../../../server/control/overview/of-backends.ts'
import type { OverviewProblem } from '../../../../server/control/overview/document.ts'
import type { Seen } from '../../../../server/control/overview/seen.ts'
import { healthOf } from '../../../../server/telemetry/documents.ts'
import type { ServerHealth } from '../../../../server/telemetry/server-health.ts'
import { configWith, downServer, NOW_MS, seenWith, serverWith } from '../../../support/seen-with.ts'

const config = (more: object = {}) =>
  configWith({
    listeners: { web: { bind: '0.0.0.0:8080' } },
    backends: { api: { servers: [{ name: 'a', url: 'http://192.0.2.1:8443' }], ...more } },
    rules: [{ name: 'all', backend: 'api' }],
  })

const problems = (servers: readonly ServerHealth[], more: Partial<Seen> = {}): OverviewProblem[] => [
  ...backendProblems(seenWith({ health: healthOf(servers), config: config(), ...more })),
]
const only = (servers: readonly ServerHealth[], more: Partial<Seen> = {}): OverviewProblem => {
  const all = problems(servers, more)
  expect(all.length).toBe(1)
  return all[0]!
}

const broken = (server: string): ServerHealth =>
  serverWith({ server, circuit_state: 'Open', healthy: false, reason: 'circuit open: 57 of 100 failed' })

const passiveOut = (server: string): ServerHealth =>
  downServer(server, 'passive: 5 failures in 30s (last connect_refused), out for 1m')

test('whom passive health or a breaker has out is told with when it is tried again, and how at once', () => {
  const backMs: Seen['backMs'] = (_, server, by) =>
    NOW_MS + (by === 'passive' ? 25_000 : 90_000) + (server === 'b' ? 5_000 : 0)
  const up = serverWith({ server: 'c' })
  expect(only([passiveOut('a'), up], { backMs }).remedy).toBe(
    'Look at a: it is in use again by itself in 25 s, or at once by `sluice server a passive reset`; until then the other one takes its requests.',
  )
  expect(only([passiveOut('a'), passiveOut('b'), up], { backMs }).remedy).toBe(
    'Look at the servers: they are in use again by themselves, the first in 25 s; or at once by `sluice server SERVER passive reset`; until then the other one takes their requests.',
  )
  expect(only([broken('a'), up], { backMs }).remedy).toStartWith(
    'See which of its requests fail: its breaker tries it again by itself in 1 min, or at once by `sluice server a circuit reset`;',
  )
  const other = serverWith({ server: 'a', backend: 'other' })
  expect(only([passiveOut('a'), up, other]).remedy).toStartWith(
    'Look at a: it is in use again by itself, or at once by `sluice server a passive reset --backend api`;',
  )
})

/** How the last requests of servers were answered: all, and those with 5xx. */
const errorsOf = (rates: Readonly<Record<string, readonly [number, number]>>): Pick<Seen, 'errors'> => ({
  errors: {
    suspects: new Set(Object.keys(rates).map((server) => `api/${server}`)),
    last: (_, server) => {
      const [requests, errors] = rates[server] ?? []
      return requests === undefined || errors === undefined ? null : { requests, errors }
    },
  },
})

test('a server that answers nearly all requests with 5xx is named, whether or not a policy acts on it', () => {
  const servers = ['a', 'b', 'c'].map((server) => serverWith({ server }))
  expect(only(servers, errorsOf({ a: [40, 39], b: [40, 0], c: [40, 1] }))).toMatchObject({
    ...{ id: 'errors:api/a', state: 'failing', severity: 'warn' },
    title: 'Server a of backend api answers 98 % of requests with 5xx',
    cause: '39 of its last 40 requests, while others of the backend answer theirs.',
    remedy:
      'Look at a, or take it out of use with `sluice server a maintenance`; `circuit_breaker` or `passive_health` of the backend would do so by itself.',
    about: { kind: 'server', name: 'a', backend: 'api' },
  })
  expect(only(servers, errorsOf({ a: [20, 20], b: [30, 30], c: [40, 1] }))).toMatchObject({
    title: 'Servers a and b of backend api answer all requests with 5xx',
    cause: '50 of their last 50 requests, while others of the backend answer theirs.',
  })
  // A policy that is there is not proposed.
  const judged = { config: config({ circuit_breaker: { mode: 'shadow' } }) }
  expect(only(servers, { ...judged, ...errorsOf({ a: [40, 40], b: [40, 0] }) }).remedy).toBe(
    'Look at a, or take it out of use with `sluice server a maintenance`.',
  )
})

test('few requests, or as many 5xx at all others, say nothing of one server', () => {
  const servers = ['a', 'b'].map((server) => serverWith({ server }))
  for (const rates of [
    { a: [19, 19], b: [40, 0] },
    { a: [40, 30], b: [40, 0] },
    { a: [40, 40], b: [40, 30] },
    { a: [40, 40] },
  ] as const)
    expect(problems(servers, errorsOf(rates))).toEqual([])
  // Of who is out already that is told.
  const out = [broken('a'), serverWith({ server: 'b' })]
  expect(only(out, errorsOf({ a: [40, 40], b: [40, 0] })).id).toBe('server:api/a')
})

test('a server without a check that failed its last request is not called down: it goes on being used', () => {
  const reason = 'response_timeout, the last 0 s ago'
  const failed = { reason, healthy: false, state: 'unchecked', operational: 'unchecked' } as const
  const one = only([serverWith({ server: 'a', ...failed }), serverWith({ server: 'b' })])
  expect(one).toMatchObject({
    ...{ id: 'server:api/a', state: 'failing', severity: 'warn' },
    title: 'Requests to a of backend api fail',
  })
  expect(one.remedy).not.toContain('until then')
})
