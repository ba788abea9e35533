// A list as a whole, however long: one page after the other.
import type { Answer } from './api.ts'

/** What the API gives at once. */
export const PAGE = 1000

interface Listed {
  readonly items: readonly unknown[]
  readonly next_cursor: string | null
}

/**
 * All of a list, as its first page tells it with the items of the others behind; the problem of the page that
 * did not come. `soFar` hears of what has come before the last page.
 */
export async function wholeList(
  pageAt: (cursor: string | null) => Promise<Answer<unknown>>,
  soFar: (value: unknown) => void,
): Promise<Answer<unknown>> {
  const first = await pageAt(null)
  if (!first.ok) return first
  const list = first.value as Listed
  const items = [...list.items]
  let next = list.next_cursor
  while (next !== null) {
    soFar({ ...list, items: [...items] })
    const page = await pageAt(next)
    if (!page.ok) return page
    const more = page.value as Listed
    items.push(...more.items)
    next = more.next_cursor
  }
  return { ...first, value: { ...list, items, next_cursor: null } }
}

/** Whether all of it has come: what is not in it is not there. */
export const isAllOf = (list: Pick<Listed, 'next_cursor'> | null): boolean => list?.next_cursor === null

/** In how many pages it came. */
export const pagesOf = (value: unknown): number =>
  Math.max(1, Math.ceil(((value as Partial<Listed> | null)?.items?.length ?? 0) / PAGE))
