// Middleware: which kinds there are, what each takes, and which rules have what.
import { Type } from '@sinclair/typebox'
import { isMap, type Value, valueAt } from '../../config/edit/values.ts'
import type { ControlFacts } from '../../control/facts.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { collectionOf, idsOf } from '../resources/resource.ts'
import { writerOf } from '../resources/writers.ts'
import { param, type Route } from '../route.ts'

const OPEN = { additionalProperties: true }
const KIND = Type.Object(
  {
    name: Type.String(),
    description: Type.String(),
    schema: Type.Unknown({ description: 'JSON Schema of its options.' }),
    used_by: Type.Array(Type.String(), { description: 'rules/NAME' }),
  },
  { ...OPEN, title: 'Middleware' },
)

export function middlewareRoutes(facts: ControlFacts): readonly Route[] {
  const view = { method: 'GET', permission: 'view', tag: 'Rules' } as const
  const rules = async (): Promise<Value> => (await writerOf(facts).known())?.value
  return [
    {
      ...{
        ...view,
        path: '/api/v1/middleware',
        summary: 'Kinds of middleware, what each takes, and the rules that have it',
      },
      answers: {
        200: {
          description: 'In the order of their names.',
          schema: Type.Object({ items: Type.Array(KIND) }, OPEN),
        },
      },
      answer: async () => {
        const { middlewareSchemas } = await import('../../config/schema-json.ts')
        const { kinds, definitions } = middlewareSchemas()
        const used = usesOf(await rules())
        const items = Object.entries(kinds).map(([name, schema]) => kindOf(name, schema, used))
        return jsonAnswer({ items, definitions })
      },
    },
    {
      ...{ ...view, path: '/api/v1/middleware/{kind}', summary: 'A kind of middleware' },
      answers: {
        200: { description: 'What it takes.', schema: KIND },
        404: { description: 'There is no such kind.' },
      },
      answer: async (asked) => {
        const name = param(asked, 'kind')
        const { middlewareSchemas } = await import('../../config/schema-json.ts')
        const { kinds, definitions } = middlewareSchemas()
        if (!Object.hasOwn(kinds, name))
          return problem(
            'not_found',
            `There is no middleware ${name}: there are ${Object.keys(kinds).join(', ')}.`,
          )
        return jsonAnswer({ ...kindOf(name, kinds[name], usesOf(await rules())), definitions })
      },
    },
  ]
}

const kindOf = (name: string, schema: unknown, used: ReadonlyMap<string, readonly string[]>): object => {
  const { description = '' } = (schema ?? {}) as { readonly description?: string }
  return { name, description, schema, used_by: used.get(name) ?? [] }
}

/** The rules of each kind. */
function usesOf(config: Value): ReadonlyMap<string, readonly string[]> {
  const used = new Map<string, string[]>()
  for (const [index, id] of idsOf(config, collectionOf('rules')).entries()) {
    const steps = valueAt(config, ['rules', index, 'middleware'])
    for (const step of Array.isArray(steps) ? (steps as readonly Value[]) : [])
      for (const kind of isMap(step) ? step.keys() : []) {
        const rules = used.get(kind) ?? []
        const by = `rules/${encodeURIComponent(id)}`
        if (rules.at(-1) !== by) used.set(kind, [...rules, by])
      }
  }
  return used
}
