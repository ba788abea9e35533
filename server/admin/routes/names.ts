// What there is, by name, with how it fares in one word: for who looks for a thing and knows a part of its
// name. One answer, since whoever types waits for no second one; a thousand servers and five thousand rules
// are a few hundred KB of it.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import type { ServerHealth } from '../../telemetry/server-health.ts'
import { jsonAnswer, problem } from '../problem.ts'
import type { KnownConfig } from '../resources/known-config.ts'
import { collectionOf, idsOf, serversOf } from '../resources/resource.ts'
import { writerOf } from '../resources/writers.ts'
import type { Route } from '../route.ts'

const SERVER = Type.Object({
  name: Type.String({ description: 'As in /api/v1/backends/{backend}/servers/{server}.' }),
  url: Type.String(),
  state: Type.Union([Type.String(), Type.Null()], { description: 'As in /_health; null: not known yet.' }),
})
const NAMES = Type.Object(
  {
    listeners: Type.Array(Type.String()),
    certificates: Type.Array(Type.String()),
    rules: Type.Array(Type.String(), { description: 'In their order.' }),
    backends: Type.Array(Type.Object({ name: Type.String(), servers: Type.Array(SERVER) })),
  },
  { title: 'Names' },
)

export function nameRoutes(facts: ControlFacts): readonly Route[] {
  return [
    {
      ...{ method: 'GET', path: '/api/v1/names', permission: 'view', tag: 'Gateway' },
      summary: 'Names of all that is configured, and the states of servers: for search',
      answers: { 200: { description: 'In the order of the file.', schema: NAMES } },
      answer: async () => {
        const known = await writerOf(facts).known()
        if (known === null) return problem('not_now', 'Nothing is served yet.')
        return jsonAnswer(namesOf(known, facts.health().backends))
      },
    },
  ]
}

function namesOf(known: KnownConfig, health: readonly ServerHealth[]): (typeof NAMES)['static'] {
  const { value, config } = known
  const states = new Map(health.map(({ backend, server, state }) => [`${backend}\n${server}`, state]))
  const idsIn = (kind: 'listeners' | 'certificates' | 'rules' | 'backends'): string[] =>
    idsOf(value, collectionOf(kind))
  return {
    ...{ listeners: idsIn('listeners'), certificates: idsIn('certificates'), rules: idsIn('rules') },
    backends: idsIn('backends').map((backend) => ({
      name: backend,
      servers: idsOf(value, serversOf(backend)).map((name, at) => {
        // A URL may be written as ${…}; health tells of it as it takes effect.
        const { name: own, url = name } = config.backends[backend]?.servers[at] ?? {}
        return { name, url, state: states.get(`${backend}\n${own ?? url}`) ?? null }
      }),
    })),
  }
}
