// Listeners and backends by one name, as tools of other balancers ask for them: a listener of that name with
// the backends of its rules, or else the backend.
import { Type } from '@sinclair/typebox'
import type { Config } from '../../config/schema.ts'
import type { ControlFacts } from '../../control/facts.ts'
import { kindOfRule, ruleKindOf } from '../../lib/rule-kind.ts'
import { backendsNamed } from '../../rules/rule.options.ts'
import { healthOfSome, metricsOfSome } from '../../telemetry/some-backends.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { type Asked, param, type Route } from '../route.ts'

type Facts = Pick<ControlFacts, 'gateway' | 'health' | 'metrics'>

/** What a name stands for. */
interface Balancer {
  readonly name: string
  readonly kind: 'listener' | 'backend'
  readonly backends: readonly string[]
}

export function balancerRoutes(facts: Facts): readonly Route[] {
  const { gateway } = facts
  const one = '/api/v1/lbs/{name}'
  const view = { method: 'GET', permission: 'view', tag: 'By one name' } as const
  const answers = {
    200: { description: 'Of its servers.', schema: Type.Object({}) },
    404: { description: 'There is neither a listener nor a backend of that name.' },
  }
  const of =
    (make: (balancer: Balancer, isOwn: (backend: string) => boolean) => Response) =>
    (asked: Asked): Response => {
      const name = param(asked, 'name')
      const balancer = balancerOf(gateway.served()?.edition.config ?? null, name)
      if (balancer === null) return problem('not_found', `There is neither a listener nor a backend ${name}.`)
      return make(balancer, (backend) => balancer.backends.includes(backend))
    }
  const health = (isOwn: (backend: string) => boolean) => healthOfSome(facts.health(), isOwn)
  const metrics = (isOwn: (backend: string) => boolean) => metricsOfSome(facts.metrics(), isOwn)
  return [
    {
      ...view,
      path: one,
      summary: 'What a name stands for',
      answers,
      answer: of((balancer) =>
        jsonAnswer({ ...balancer, address: gateway.addresses()[balancer.name] ?? null }),
      ),
    },
    {
      ...view,
      path: `${one}/status`,
      summary: 'Its servers, what they were asked, and whether they are up',
      answers,
      answer: of((balancer, isOwn) =>
        jsonAnswer({
          ...balancer,
          health: health(isOwn) ?? NO_HEALTH,
          metrics: metrics(isOwn) ?? NO_METRICS,
        }),
      ),
    },
    {
      ...view,
      path: `${one}/health`,
      summary: 'As /_health, of its servers alone',
      answers: {
        ...answers,
        503: {
          description: 'A backend of it has no server.',
          schema: Type.Object({}),
          type: 'application/json',
        },
      },
      answer: of((_, isOwn) => {
        const document = health(isOwn) ?? NO_HEALTH
        return jsonAnswer(document, document.healthy ? 200 : 503)
      }),
    },
    {
      ...view,
      path: `${one}/metrics`,
      summary: 'As /_metrics, of its servers alone',
      answers,
      answer: of((_, isOwn) => jsonAnswer(metrics(isOwn) ?? NO_METRICS)),
    },
  ]
}

/** Of a listener that answers by itself. */
const NO_HEALTH = { healthy: true, backends: [], healthy_count: 0, total_count: 0 }
const NO_METRICS = { total_requests: 0, total_failures: 0, success_rate: 100, backends: [] }

function balancerOf(config: Config | null, name: string): Balancer | null {
  if (config === null) return null
  const { listeners, backends, rules } = config
  const listener = Object.hasOwn(listeners, name) ? listeners[name] : undefined
  if (listener === undefined)
    return Object.hasOwn(backends, name) ? { name, kind: 'backend', backends: [name] } : null
  const kind = ruleKindOf(listener.protocol)
  const named = rules.flatMap((rule) => {
    const { listener: only } = rule.match
    const isFor = only.length === 0 ? kindOfRule(rule, listeners) === kind : only.includes(name)
    return isFor ? backendsNamed(rule) : []
  })
  const own = 'backend' in listener && typeof listener.backend === 'string' ? [listener.backend] : []
  return { name, kind: 'listener', backends: [...new Set([...named, ...own])] }
}
