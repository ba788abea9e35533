// The head of an answer as it is stored: its fields as text, with what the steps behind the cache have made
// of them, without what belongs to one hop or to one message only.
import type { ResponseHead } from '../head/response-head.ts'
import { listedFields } from '../head/listed-fields.ts'
import { latin1 } from '../head/bytes.ts'
import { writeDate } from './http-date.ts'

export type Field = readonly [name: string, value: string]

export interface StoredHead {
  readonly status: number
  /** '' for none. */
  readonly reason: string
  readonly fields: readonly Field[]
}

/** RFC 9111 §3.1, and what is written anew with each answer. */
const NOT_STORED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'content-length',
])

export function storedHead(head: ResponseHead): StoredHead {
  const { fields, edits, status } = head
  const listed = listedFields(fields)
  const kept: Field[] = []
  const keep = (name: string, value: string): void => {
    const lower = name.toLowerCase()
    if (!NOT_STORED.has(lower) && listed?.has(lower) !== true) kept.push([name, value])
  }
  for (let f = 0; f < fields.count; f++)
    if (edits === null || !edits.isRemoved(fields, f)) keep(fields.name(f), fields.value(f))
  // A cookie that we set ourselves is for this client alone: its session's, whatever the answer is worth.
  for (const { lower, line } of edits?.added ?? [])
    if (lower !== 'set-cookie')
      keep(latin1(line, 0, lower.length), latin1(line, lower.length + 2, line.length - 2))
  // Behind the space, the three digits and the space that may lack.
  const reason = latin1(fields.bytes, Math.min(head.lineEnd, head.statusStart + 5), head.lineEnd)
  return { status, reason, fields: kept }
}

/** All values of a field, by its lower-case name. */
export function valuesOf({ fields }: StoredHead, lower: string): string[] {
  const values: string[] = []
  for (const [name, value] of fields)
    if (name.length === lower.length && name.toLowerCase() === lower) values.push(value)
  return values
}

/** The only value; null: there is none, or there are several. */
export function valueOf(head: StoredHead, lower: string): string | null {
  const values = valuesOf(head, lower)
  return values.length === 1 ? (values[0] ?? null) : null
}

/** Without the fields of these lower-case names. */
export function without(head: StoredHead, names: ReadonlySet<string>): StoredHead {
  return names.size === 0
    ? head
    : { ...head, fields: head.fields.filter(([name]) => !names.has(name.toLowerCase())) }
}

/** With the time at which it came, where it has none of its own (RFC 9110 §6.6.1). */
export function dated(head: StoredHead, ms: number): StoredHead {
  if (valuesOf(head, 'date').length > 0) return head
  return { ...head, fields: [...head.fields, ['Date', writeDate(ms)]] }
}

/** These say something of the content that is stored, not of what a 304 has. */
const OF_CONTENT: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-length',
  'content-md5',
  'content-range',
  'content-digest',
  'digest',
  'etag',
])

/** RFC 9111 §3.2: the head with the fields of a 304 in place of its own. */
export function freshened(head: StoredHead, by: StoredHead): StoredHead {
  const fields = by.fields.filter(([name]) => !OF_CONTENT.has(name.toLowerCase()))
  const names = new Set(fields.map(([name]) => name.toLowerCase()))
  // How old the answer was says the one that came last, or nobody.
  names.add('age')
  return { ...head, fields: [...without(head, names).fields, ...fields] }
}
