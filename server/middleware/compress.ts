// Compresses answers (RFC 9110 §8.4): which of them, by which coding, and what their heads say then.
import { chooseCoding, type Choice } from '../head/accept-encoding.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { withoutFields } from '../head/without.ts'
import type { Exchange } from '../http/exchange.ts'
import { type Coding, encoderLimit } from '../lib/encoder.ts'
import { METHOD_HEAD } from '../tables/methods.ts'
import type { CompressConfig } from './compress.options.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import { Squeeze } from './squeeze.ts'
import { lengthOf, mediaTypeOf, mediaTypes } from './media-types.ts'
import { valuesOf, varyBy } from './vary.ts'

export function compress(options: CompressConfig, world: StepWorld): Middleware {
  const { levels, min_size: minSize } = options
  const isOfType = mediaTypes(options.types)
  const choices = new Choices(options.codings)
  return {
    name: 'compress',
    body(x, head) {
      if (head.status === 304) return weakenWhereAsked(x, head)
      const type = mediaTypeOf(head)
      if (!isOfType(type) || !mayEncode(x, head)) return null
      const length = lengthOf(head)
      const { coding, isIdentityRefused } = choices.of(accepted(x))
      // Too short for anybody: caches need not know of it.
      if (length >= 0 && length < minSize && !isIdentityRefused) return null
      varyBy(head, 'Accept-Encoding')
      if (coding === null) return null
      if (x.request.methodId === METHOD_HEAD) return encoded(head, coding)
      return new Squeeze({
        coding,
        level: levels[coding],
        length,
        isLive: type === 'text/event-stream',
        isForced: isIdentityRefused,
        encoded: () => void encoded(head, coding),
        trailers: (trailers) => withoutFields(trailers, SUMS),
        refused: () => world.limitReached('limits.compress', encoderLimit()),
      })
    },
  }
}

/** As the client has sent it: a step that wants servers to encode nothing takes the field out. */
function accepted({ request }: Exchange): string | null {
  const values = request.values('accept-encoding')
  return values.length > 1 ? values.join(',') : (values[0] ?? null)
}

/** Nothing stands against another coding of this answer. */
function mayEncode(x: Exchange, head: ResponseHead): boolean {
  const { status } = head
  // RFC 9110 §15.3.7: what is encoded has other ranges; §15.3.5, §15.3.6: no content.
  if (status === 206 || status === 204 || status === 205 || head.get('content-range') !== null) return false
  if (valuesOf(head, 'content-encoding').some((coding) => coding.toLowerCase() !== 'identity')) return false
  // RFC 9111 §5.2.1.6, §5.2.2.6.
  return !forbids(x.request.values('cache-control')) && !forbids(valuesOf(head, 'cache-control'))
}

const forbids = (values: readonly string[]): boolean =>
  values.some((value) => /(?:^|,)\s*no-transform\s*(?:,|$)/i.test(value))

/** The head of an encoded body. What was told of the body as it came does not hold of it. */
function encoded(head: ResponseHead, coding: Coding): null {
  head.set('Content-Encoding', coding)
  for (const name of OF_PLAIN_BODY) head.remove(name)
  const tag = head.get('etag')
  // RFC 9110 §8.8.1: two codings are never the same byte for byte. What is no tag cannot be made a weak one.
  if (tag?.startsWith('"')) head.set('ETag', `W/${tag}`)
  else if (tag !== null && !tag.startsWith('W/"')) head.remove('ETag')
  return null
}

/** Sums of bytes (RFC 9530, and older), which may stand behind the body too. */
const SUMS: ReadonlySet<string> = new Set(['content-md5', 'digest', 'content-digest', 'repr-digest'])
/** These, lengths (RFC 9110 §8.6), and whether parts of the body can be had. */
const OF_PLAIN_BODY = ['content-length', ...SUMS, 'accept-ranges']

/**
 * RFC 9110 §15.4.5: a 304 has the ETag that the 200 would have. The client says which it has: ours is weak.
 */
function weakenWhereAsked({ request }: Exchange, head: ResponseHead): null {
  const tag = head.get('etag')
  if (tag === null || !tag.startsWith('"')) return null
  const asked = request.values('if-none-match').join(',')
  if (!asked.includes(`W/${tag}`)) return null
  head.set('ETag', `W/${tag}`)
  varyBy(head, 'Accept-Encoding')
  return null
}

/** What is best for each Accept-Encoding: there are few. */
class Choices {
  readonly #ours: readonly Coding[]
  readonly #known = new Map<string, Choice<Coding>>()

  constructor(ours: readonly Coding[]) {
    this.#ours = ours
  }

  of(field: string | null): Choice<Coding> {
    const known = this.#known.get(field ?? '')
    if (known !== undefined) return known
    const made = chooseCoding(field, this.#ours)
    // Whoever sends others all the time is not remembered.
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    if ((field ?? '').length <= FIELD_BYTES_MAX) this.#known.set(field ?? '', made)
    return made
  }
}

const KNOWN_MAX = 256
const FIELD_BYTES_MAX = 256
