// What servers see of a request in place of what came: compiled once, asked when the request goes on.
import type { ResponseHead } from '../head/response-head.ts'
import { answerEdit, type Seen } from './rewrite-answers.ts'
import { pathEdit, UNCHANGED } from './rewrite-path.ts'
import { queryEdit } from './rewrite-query.ts'
import type { RewriteConfig } from './rewrite.options.ts'
import { urlTemplate } from './template.ts'
import type { Told } from './variables.ts'

export interface Rewritten extends Seen {
  /** Path and query; null: as they came. */
  readonly target: string | null
}

export interface Rewrite {
  /** Null: nothing that a server could be asked comes of it. */
  of(x: Told): Rewritten | null
  /** Turns the head of a server's answer back; null: none is. */
  readonly answer: ((x: Told, seen: Seen, head: ResponseHead) => void) | null
}

/** Longest target; no server takes much more. */
const TARGET_CHARS_MAX = 65_536

/** Throws a RangeError on what cannot be compiled. */
export function rewrite(words: RewriteConfig): Rewrite {
  const path = pathEdit(words)
  const query = queryEdit(words.query)
  const host = words.host === undefined ? null : hostEdit(words.host)
  const asCame: Rewritten = { ...UNCHANGED, target: null, host: null }
  return {
    of(x) {
      const { request } = x
      const seen = host === null ? null : host(x)
      if (host !== null && seen === null) return null
      // "*" is asked of the server itself: it has neither a path nor a query.
      if (request.path === '*') return { ...asCame, host: seen }
      const changed = path === null ? { path: request.path, ...UNCHANGED } : path(request.path, x)
      if (changed === null) return null
      const rest = query === null ? request.query : query(request.query, x)
      if (changed.path === request.path && rest === request.query) return { ...asCame, host: seen }
      const target = rest === '' ? changed.path : `${changed.path}?${rest}`
      const { stripped, replaced, added } = changed
      return target.length > TARGET_CHARS_MAX ? null : { target, host: seen, stripped, replaced, added }
    },
    answer: answerEdit(words),
  }
}

function hostEdit(text: string): (x: Told) => string | null {
  const authority = urlTemplate(`//${text}`)
  return (x) => {
    const host = authority.url(x)?.slice('//'.length) ?? ''
    return HOST.test(host) ? host : null
  }
}

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/
