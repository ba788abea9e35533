// What a stored answer says to a request with conditions (RFC 9110 §13, RFC 9111 §4.3.2), and to one that
// wants a part of it (RFC 9110 §14).
import { readDate } from './http-date.ts'
import { type StoredHead, valueOf } from './stored-head.ts'
import { dateOf, type Came } from './terms.ts'

/** What a request has of these; null: not there. */
export interface Conditions {
  readonly ifNoneMatch: string | null
  readonly ifModifiedSince: string | null
  readonly range: string | null
  readonly ifRange: string | null
}

export const NO_CONDITIONS: Conditions = {
  ifNoneMatch: null,
  ifModifiedSince: null,
  range: null,
  ifRange: null,
}

/** The client has what is stored: 304 says so. */
export function isUnchanged(
  { ifNoneMatch, ifModifiedSince }: Conditions,
  head: StoredHead,
  came: Came,
): boolean {
  if (head.status < 200 || head.status > 299) return false
  // 1. If-None-Match goes before If-Modified-Since (§13.2.2), and compares weakly (§13.1.2).
  if (ifNoneMatch !== null) {
    if (ifNoneMatch.trim() === '*') return true
    const tag = valueOf(head, 'etag')
    return tag !== null && tagsIn(ifNoneMatch).some((one) => opaque(one) === opaque(tag))
  }
  // 2. Without Last-Modified by when it was made (RFC 9111 §4.3.2).
  if (ifModifiedSince === null) return false
  const sinceMs = readDate(ifModifiedSince, came.answeredMs)
  const changed = valueOf(head, 'last-modified')
  const changedMs = changed === null ? dateOf(head, came) : readDate(changed, came.answeredMs)
  return changedMs <= sinceMs
}

/** A list of tags; quotes may hold commas. */
const tagsIn = (value: string): string[] => value.match(/(?:W\/)?"[^"]*"/g) ?? []

const opaque = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag)

/** A part of a body: its first byte and the one behind its last. */
export interface Part {
  readonly from: number
  readonly to: number
}

/**
 * The part of a body of `length` bytes that is wanted; null: all of it, as the request says nothing that we
 * serve parts by; 'none': it lies beyond.
 */
export function partOf(conditions: Conditions, head: StoredHead, length: number): Part | 'none' | null {
  const { range } = conditions
  if (range === null || head.status !== 200) return null
  // RFC 9110 §14.1.2. Several parts are all of it: answers with many cost more than they spare.
  const [, first, last] = /^bytes[ \t]*=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(range) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return null
  if (!isStillThat(conditions, head)) return null
  if (first === '') {
    const count = Math.min(length, Number(last))
    return count === 0 ? 'none' : { from: length - count, to: length }
  }
  const from = Number(first)
  const to = last === '' ? length : Math.min(length, Number(last) + 1)
  if (last !== '' && Number(last) < from) return null
  return from >= length ? 'none' : { from, to }
}

/** §13.1.5: If-Range compares strongly; a date is that of Last-Modified to the letter. */
function isStillThat({ ifRange }: Conditions, head: StoredHead): boolean {
  if (ifRange === null) return true
  const wanted = ifRange.trim()
  if (wanted.startsWith('"')) return valueOf(head, 'etag') === wanted
  if (wanted.startsWith('W/')) return false
  const changedMs = readDate(valueOf(head, 'last-modified') ?? '', 0)
  return changedMs === readDate(wanted, 0)
}
