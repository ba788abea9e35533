// Lists that are read a page at a time. A cursor names the last item that was given: what is added or removed
// meanwhile moves nothing that was not read yet.
import { Type } from '@sinclair/typebox'
import { problem } from './problem.ts'

const LIMIT = 100
const LIMIT_MAX = 1000

/** What the query of a list takes. */
export const PAGE_QUERY = {
  limit: Type.Optional(
    Type.String({ pattern: '^[1-9][0-9]{0,3}$', allowed: `1 to ${LIMIT_MAX}; default ${LIMIT}` }),
  ),
  cursor: Type.Optional(Type.String({ description: '`next_cursor` of the page before.', maxLength: 1000 })),
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Null: this is the last page. */
  readonly next_cursor: string | null
}

interface Cursor {
  readonly key: string
  /** Where it was: for when it is gone. */
  readonly index: number
}

/** A page of a list in its order; `keyOf` tells its items apart. The refusal where the query is wrong. */
export function pageOf<T>(
  all: readonly T[],
  query: URLSearchParams,
  keyOf: (item: T) => string,
): Page<T> | Response {
  const limit = Number(query.get('limit') ?? LIMIT)
  if (!(limit >= 1 && limit <= LIMIT_MAX)) return refused('limit', `is not 1 to ${LIMIT_MAX}`)
  const text = query.get('cursor')
  const cursor = text === null ? null : readCursor(text)
  if (text !== null && cursor === null) return refused('cursor', 'is not one that was given out')
  const from = cursor === null ? 0 : behind(all, cursor, keyOf)
  const items = all.slice(from, from + limit)
  const last = items.at(-1)
  const isMore = last !== undefined && from + items.length < all.length
  const next = isMore ? writeCursor({ key: keyOf(last), index: from + items.length - 1 }) : null
  return { items, next_cursor: next }
}

function behind<T>(all: readonly T[], { key, index }: Cursor, keyOf: (item: T) => string): number {
  const item = all[index]
  if (item !== undefined && keyOf(item) === key) return index + 1
  const found = all.findIndex((one) => keyOf(one) === key)
  return found === -1 ? index : found + 1
}

const writeCursor = ({ key, index }: Cursor): string =>
  Buffer.from(JSON.stringify([index, key])).toString('base64url')

function readCursor(text: string): Cursor | null {
  try {
    const [index, key] = JSON.parse(Buffer.from(text, 'base64url').toString()) as [unknown, unknown]
    const isOne = Number.isSafeInteger(index) && (index as number) >= 0 && typeof key === 'string'
    return isOne ? { key, index: index as number } : null
  } catch {
    return null
  }
}

function refused(parameter: string, message: string): Response {
  return problem('query_invalid', `${parameter} ${message}.`, { errors: [{ parameter, message }] })
}
