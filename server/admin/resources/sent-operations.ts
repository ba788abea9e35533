// Operations as they are sent: each names a resource, and what is to become of it.
import { type Static, Type } from '@sinclair/typebox'
import { problem } from '../problem.ts'
import { BODY } from './asking.ts'
import { type Operation, whereOf } from './operations.ts'
import { readResource } from './resource.ts'

const OPS_MAX = 1000

const OP = Type.Object(
  {
    op: Type.Union(['create', 'update', 'replace', 'delete', 'move'].map((word) => Type.Literal(word))),
    resource: Type.String({
      maxLength: 1000,
      description: 'backends/api, backends/api/servers/api-3, rules/all; each name percent-encoded.',
    }),
    value: Type.Optional(BODY),
    if_match: Type.Optional(Type.String({ description: 'The etag that this one must have.' })),
    index: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Of move and create in a list: the place, from 0.' }),
    ),
    before: Type.Optional(Type.String({ description: 'Of move: the one that it goes before.' })),
    after: Type.Optional(Type.String({ description: 'Of move: the one that it goes behind.' })),
  },
  { additionalProperties: false },
)

export const OPS = Type.Array(OP, { minItems: 1, maxItems: OPS_MAX })

export interface SentOperation {
  readonly operation: Operation
  readonly pointer: string
  readonly ifMatch: string | null
}

/** All of them, with their places in the body; or which one is none. */
export function operationsIn(ops: Static<typeof OPS>): SentOperation[] | Response {
  const operations: SentOperation[] = []
  for (const [index, one] of ops.entries()) {
    const operation = operationOf(one)
    if (typeof operation === 'string')
      return problem('body_invalid', `ops[${index}]: ${operation}.`, {
        errors: [{ pointer: `/ops/${index}`, code: 'invalid', message: operation }],
      })
    operations.push({ operation, pointer: `/ops/${index}/value`, ifMatch: one.if_match ?? null })
  }
  return operations
}

/** A text: what is wrong with it. */
function operationOf({ op, resource, value, index, before, after }: Static<typeof OP>): Operation | string {
  const named = readResource(resource)
  if (named === null)
    return `"${resource}" names no resource: write backends/api, rules/all or backends/api/servers/a`
  const { id, ...list } = named
  if (op === 'create')
    return value === undefined
      ? 'value is missing'
      : { op, in: list, id: list.kind === 'servers' ? null : id, value, at: index ?? null }
  if (id === null) return `"${resource}" names no single one`
  const of = { ...list, id }
  if (op === 'delete') return { op, of }
  if (op === 'move') {
    const to = whereOf({ index, before, after })
    return to === null ? 'one of index, before and after says where to' : { op, of, to }
  }
  if (value === undefined) return 'value is missing'
  return { op: op as 'update' | 'replace', of, value }
}
