// Decodes bodies of requests (RFC 9110 §8.4), within bounds: a few bytes may stand for gigabytes.
import { type Answer, faultAnswer } from '../head/answer.ts'
import type { Fields } from '../head/fields.ts'
import { withoutFields } from '../head/without.ts'
import type { Exchange } from '../http/exchange.ts'
import { Decoder, type Decoding } from '../lib/decoder.ts'
import { encoderLimit } from '../lib/encoder.ts'
import type { DecompressConfig } from './decompress.options.ts'
import type { BodySink, Middleware, StepWorld } from './middleware.ts'
import { Paced } from './paced.ts'

interface Note {
  /** Null: the body passes as it is. */
  coding: Decoding | null
}

/** x-gzip is gzip's old name (RFC 9110 §8.4.1.3). */
const SAME: ReadonlyMap<string, string> = new Map([['x-gzip', 'gzip']])

export function decompress({ codings, ratio, mode }: DecompressConfig, world: StepWorld): Middleware<Note> {
  const place = `rules.${world.rule}.decompress`
  // RFC 9110 §15.5.16: which codings would have been taken.
  const unknown: Answer = {
    ...faultAnswer('content_coding_unsupported', `Taken are ${codings.join(', ')} and none.`),
    headers: [['Accept-Encoding', codings.join(', ')]],
  }
  const count = (result: string): void => world.counter('decompress_total', [result, world.rule]).add(1)
  return {
    name: 'decompress',
    note: () => ({ coding: null }),
    explain(x) {
      const said = codingsOf(x)
      if (said.length === 0) return { why: null }
      const isKnown = said.length === 1 && codings.includes(said[0] as Decoding)
      if (!isKnown) return { why: `takes ${codings.join(', ')}`, answer: unknown }
      return { why: `decodes ${said.join(', ')}, up to ${ratio} times as much`, depends: true }
    },
    request(x, note) {
      const said = codingsOf(x)
      if (said.length === 0) return undefined
      const [coding] = said as readonly Decoding[]
      if (said.length === 1 && coding !== undefined && codings.includes(coding)) {
        note.coding = coding
        return undefined
      }
      const answer = world.refuse(x, unknown)
      count(answer === undefined ? 'passed' : 'unsupported')
      if (answer !== undefined) x.detail = `${place}.codings: Content-Encoding: ${said.join(', ')}`
      return answer
    },
    requestBody(x, { coding }) {
      if (coding === null) return null
      for (const name of OF_ENCODED) x.request.remove(name)
      return new Inflate(coding, {
        maxRatio: mode === 'enforce' ? ratio : Infinity,
        refused(why) {
          if (why === 'no_memory') world.limitReached('limits.compress', encoderLimit())
          x.detail = why === 'too_much' ? `${place}.ratio: ${ratio}` : `${place}: ${coding}`
          count(why)
          return REFUSALS[why]
        },
        decoded: () => count('decoded'),
      })
    },
  }
}

type Why = 'too_much' | 'malformed' | 'no_memory'

const REFUSALS: Readonly<Record<Why, Answer>> = {
  too_much: faultAnswer('body_too_large'),
  malformed: faultAnswer('content_malformed'),
  no_memory: faultAnswer('overloaded'),
}

/** Those of the body as it came, in lower case, without what says nothing. */
function codingsOf({ request }: Exchange): string[] {
  const field = request.get('content-encoding')
  if (field === null) return []
  return request
    .values('content-encoding')
    .join(',')
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== '' && one !== 'identity')
    .map((one) => SAME.get(one) ?? one)
}

/** Sums of bytes (RFC 9530, and older), which may stand behind the body too. */
const SUMS: ReadonlySet<string> = new Set(['content-md5', 'digest', 'content-digest', 'repr-digest'])
const OF_ENCODED = ['content-encoding', ...SUMS]

/** Whatever its ratio: less is of no harm. */
const RATIO_FROM_BYTES = 1024 * 1024

interface InflateParts {
  readonly maxRatio: number
  /** The body cannot be had: what is answered. */
  readonly refused: (why: Why) => Answer
  /** All of it could be. */
  readonly decoded: () => void
}

export class Inflate extends Paced {
  readonly #decoder: Decoder
  readonly #parts: InflateParts
  #inBytes = 0
  #outBytes = 0

  constructor(coding: Decoding, parts: InflateParts) {
    super()
    this.#decoder = new Decoder(coding)
    this.#parts = parts
  }

  protected change(piece: Buffer, next: BodySink): number {
    const decoder = this.#decoder
    const how = decoder.decode(piece, (bytes, from, to) => {
      this.#outBytes += to - from
      if (!this.#isTooMuch(decoder.taken)) next.write(bytes, from, to)
    })
    this.#inBytes += decoder.taken
    if (this.#isTooMuch(0)) this.#refuse('too_much', next)
    else if (how === 'malformed' || how === 'no_memory') this.#refuse(how, next)
    this.hasMore = how === 'full'
    return decoder.taken
  }

  #isTooMuch(taken: number): boolean {
    const most = Math.max(RATIO_FROM_BYTES, (this.#inBytes + taken) * this.#parts.maxRatio)
    return this.#outBytes > most
  }

  protected close(next: BodySink): void {
    if (this.#decoder.isWhole()) this.#parts.decoded()
    else this.#refuse('malformed', next)
  }

  #refuse(why: Why, next: BodySink): void {
    this.finish()
    next.refuse(this.#parts.refused(why))
  }

  protected release(): void {
    this.#decoder.release()
  }

  override trailers(trailers: Fields): Fields | null {
    return withoutFields(trailers, SUMS)
  }
}
