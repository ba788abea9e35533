// How large a request's head may be for one rule. All is measured as it came, before any step has changed it.
import { type Answer, faultAnswer } from '../head/answer.ts'
import { countOf } from '../head/bytes.ts'
import type { RequestHead } from '../head/request-head.ts'
import { formatSize } from '../lib/sizes.ts'
import type { HeaderLimitConfig } from './header-limit.options.ts'
import type { Middleware, StepWorld } from './middleware.ts'

/** What was over: the option, how much it is, and what it is of. */
interface Over {
  readonly key: string
  readonly text: string
}
type Limit = (request: RequestHead) => Over | null

/** Refuses heads that are larger than the rule wants. */
export function headerLimit(options: HeaderLimitConfig, { refuse, rule }: StepWorld): Middleware {
  const limits = limitsOf(options)
  return {
    name: 'header_limit',
    isPure: true,
    request(x) {
      for (const limit of limits) {
        const over = limit(x.request)
        if (over === null) continue
        const answer = refuse(x, refusalOf(over))
        if (answer !== undefined) x.detail = `rules.${rule}.header_limit.${over.key}: ${over.text}`
        return answer
      }
      return undefined
    },
  }
}

const OF_TARGET: ReadonlySet<string> = new Set(['target', 'query', 'params'])

const refusalOf = ({ key, text }: Over): Answer =>
  faultAnswer(OF_TARGET.has(key) ? 'target_too_long' : 'head_too_large', text)

/** The cheapest first. */
function limitsOf(options: HeaderLimitConfig): Limit[] {
  const { fields, size, field, cookies, target, query, params } = options
  const limits: Limit[] = []
  const add = (key: string, most: number | undefined, measure: Measure, say: Say): void => {
    if (most === undefined) return
    limits.push((request) => {
      const found = measure(request)
      return found > most ? { key, text: say(found, most, request) } : null
    })
  }
  add('target', target, targetBytes, bytesOf('target'))
  add('query', query, queryBytes, bytesOf('query'))
  add('fields', fields, ({ fields: { count } }) => count, numberOf('header fields'))
  add('size', size, ({ fields: { start, end } }) => end - start, bytesOf('header fields'))
  if (field !== undefined) limits.push((request) => largeField(request, field))
  add('cookies', cookies, cookieCount, numberOf('cookies'))
  add('params', params, paramCount, numberOf('parts of the query'))
  return limits
}

type Measure = (request: RequestHead) => number
type Say = (found: number, most: number, request: RequestHead) => string

const numberOf =
  (what: string): Say =>
  (found, most) =>
    `${found} ${what}, at most ${most}`
const bytesOf =
  (what: string): Say =>
  (found, most) =>
    `${found} bytes of ${what}, at most ${formatSize(most)}`

const targetBytes: Measure = ({ targetStart, targetEnd }) => targetEnd - targetStart
/** Without its "?". */
const queryBytes: Measure = ({ pathEnd, targetEnd }) => Math.max(0, targetEnd - pathEnd - 1)

/** Names are tokens, so they break no line; of a long one its beginning. */
const NAME_MAX = 64

function largeField({ fields }: RequestHead, most: number): Over | null {
  for (let f = 0; f < fields.count; f++) {
    const bytes = fields.size(f)
    if (bytes <= most) continue
    const name = fields.name(f).slice(0, NAME_MAX)
    return { key: 'field', text: `${bytes} bytes of the field ${name}, at most ${formatSize(most)}` }
  }
  return null
}

const SEMICOLON = 59
const COOKIE = Buffer.from('cookie')

/** Pairs in all Cookie fields; empty ones between two semicolons count as well. */
function cookieCount({ fields }: RequestHead): number {
  let cookies = 0
  for (let f = 0; f < fields.count; f++)
    if (fields.isNamed(f, COOKIE)) cookies += fields.countIn(f, SEMICOLON) + 1
  return cookies
}

const AMPERSAND = 38

function paramCount({ fields: { bytes }, pathEnd, targetEnd }: RequestHead): number {
  return targetEnd - pathEnd <= 1 ? 0 : 1 + countOf(bytes, AMPERSAND, pathEnd + 1, targetEnd)
}
