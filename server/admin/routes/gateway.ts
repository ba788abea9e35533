// What is asked of the gateway as a whole: how it is, to read the file anew, to stop.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { changedAnswer } from '../changed.ts'
import { jsonAnswer } from '../problem.ts'
import type { Route } from '../route.ts'

type Facts = Pick<ControlFacts, 'gateway' | 'health' | 'metrics' | 'reload' | 'stop'>

const WORKER = Type.Object({ pid: Type.Integer(), slot: Type.Integer(), uptime_s: Type.Integer() })

const STATUS = Type.Object({
  version: Type.String(),
  commit: Type.String(),
  bun: Type.String(),
  pid: Type.Integer(),
  started: Type.String({ format: 'date-time' }),
  uptime_s: Type.Integer(),
  healthy: Type.Boolean(),
  draining: Type.Boolean(),
  admin: Type.Union([Type.String(), Type.Null()], { description: 'Where the admin listener is.' }),
  config: Type.Unknown({ description: 'As in /_health.' }),
  workers: Type.Object({ wanted: Type.Integer(), serving: Type.Integer() }),
  listeners: Type.Array(
    Type.Object({
      name: Type.String(),
      protocol: Type.String(),
      address: Type.Unknown({ description: 'As it is open; a list where it has several; null: it is not.' }),
      counts: Type.Optional(
        Type.String({ description: 'What is counted of it: connections, flows or allocations.' }),
      ),
      open: Type.Optional(Type.Integer()),
      total: Type.Optional(Type.Integer({ description: 'Since the start of the gateway.' })),
      faults: Type.Optional(Type.Integer({ description: 'What of it failed.' })),
    }),
  ),
  backends: Type.Array(
    Type.Object({
      name: Type.String(),
      algorithm: Type.String(),
      servers: Type.Integer(),
      healthy: Type.Integer(),
      active_connections: Type.Integer(),
      total_requests: Type.Number(),
      failed_requests: Type.Number(),
    }),
  ),
  total_requests: Type.Number(),
  total_failures: Type.Number(),
})

export const gatewayRoutes = (facts: Facts): readonly Route[] => [
  {
    method: 'GET',
    path: '/api/v1/status',
    permission: 'view',
    tag: 'Gateway',
    summary: 'How the gateway is, in one document',
    answers: { 200: { description: 'As of now.', schema: STATUS } },
    answer: () => jsonAnswer(statusOf(facts)),
  },
  {
    method: 'GET',
    path: '/api/v1/workers',
    permission: 'view',
    tag: 'Gateway',
    summary: 'Processes that move bytes',
    answers: {
      200: { description: 'Those that run.', schema: Type.Object({ workers: Type.Array(WORKER) }) },
    },
    answer: () => jsonAnswer({ ...facts.health().workers, workers: facts.gateway.workers() }),
  },
  {
    method: 'POST',
    path: '/api/v1/reload',
    permission: 'operate',
    tag: 'Gateway',
    summary: 'Apply the config file as it is now, and reopen the logs',
    answers: { 200: { description: 'It is served.' }, 422: { description: 'What stands against the file.' } },
    answer: async () => changedAnswer(await facts.reload(), 'file'),
  },
  {
    method: 'POST',
    path: '/api/v1/stop',
    permission: 'administer',
    tag: 'Gateway',
    summary: 'Stop in order, as SIGTERM does',
    answers: {
      202: {
        description: 'It begins; what is in flight may take so long at most.',
        schema: Type.Object({ process: Type.Unknown(), within_ms: Type.Number() }),
      },
    },
    answer: () => jsonAnswer(facts.stop(), 202),
  },
]

function statusOf({ gateway, health, metrics }: Facts): object {
  const { build, startedMs, served, addresses, admin } = gateway
  const { healthy, draining = false, config, workers, backends: states } = health()
  const { total_requests, total_failures, backends: totals, listeners: counted = [] } = metrics()
  const { listeners = {}, backends = {} } = served()?.edition.config ?? {}
  const open = addresses()
  // Grouped once: there may be thousands.
  const statesOf = Map.groupBy(states, ({ backend }) => backend)
  const totalsOf = Map.groupBy(totals, ({ backend }) => backend)
  const countedOf = new Map(counted.map((one) => [one.listener, one]))
  return {
    ...{ ...build, bun: Bun.version, pid: process.pid },
    ...{ started: new Date(startedMs).toISOString(), uptime_s: Math.round((Date.now() - startedMs) / 1000) },
    ...{ healthy, draining, admin: admin(), config, workers },
    listeners: Object.entries(listeners).map(([name, { protocol }]) => {
      const { counts, open: now, total, faults } = countedOf.get(name) ?? {}
      return { name, protocol, address: open[name] ?? null, counts, open: now, total, faults }
    }),
    backends: Object.entries(backends).map(([name, { algorithm, servers }]) => {
      const own = statesOf.get(name) ?? []
      const counted = totalsOf.get(name) ?? []
      return {
        ...{ name, algorithm, servers: servers.length, healthy: own.filter(({ healthy: is }) => is).length },
        active_connections: sum(own.map(({ active_connections }) => active_connections)),
        total_requests: sum(counted.map(({ total_requests: one }) => one)),
        failed_requests: sum(counted.map(({ failed_requests: one }) => one)),
      }
    }),
    ...{ total_requests, total_failures },
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
