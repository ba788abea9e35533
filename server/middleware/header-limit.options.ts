import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { Size } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'

const Bytes = (description: string) => Type.Optional(Size({ least: '1', most: '1MiB', description }))
const Count = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: 1000, description }))

export const HeaderLimitOptions = Type.Object(
  {
    mode: ModeOption,
    fields: Count('Most header fields of a request.'),
    size: Bytes('Most bytes of all of them: names, values and what stands between.'),
    field: Bytes('Most bytes of one of them, its name and its value.'),
    cookies: Count('Most cookies, in however many Cookie fields.'),
    target: Bytes('Most bytes of path and query together; beyond it 414.'),
    query: Bytes('Most bytes of the query; beyond it 414.'),
    params: Count('Most parts of the query; beyond it 414.'),
  },
  {
    description:
      'Refuses requests whose head is larger than this rule wants: 431, of the target 414, with what was over. As it came from the client; limits of the listener (limits.head, fields, target) hold before any rule.',
    usual: { size: '8KiB' },
    also: {
      count: 'fields',
      headers: 'fields',
      max_headers: 'fields',
      bytes: 'size',
      max_size: 'size',
      value: 'field',
      cookie: 'cookies',
      uri: 'target',
      url: 'target',
      query_string: 'query',
      args: 'params',
      arguments: 'params',
    },
  },
)
export type HeaderLimitConfig = Static<typeof HeaderLimitOptions>

export const HEADER_LIMITS = ['fields', 'size', 'field', 'cookies', 'target', 'query', 'params'] as const

export function checkHeaderLimit(config: HeaderLimitConfig, where: Where): void {
  if (HEADER_LIMITS.some((key) => config[key] !== undefined || where.kindOf([key]) !== null)) return
  where.report([], {
    code: 'missing-key',
    found: 'a header_limit that limits nothing',
    allowed: `one of ${HEADER_LIMITS.join(', ')}`,
  })
}
