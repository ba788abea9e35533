// Messages to try: the vectors, whole and mangled. Seeded: the same seed gives the same inputs.
import type { Random } from '../support/random.ts'
import { ANSWERS } from '../vectors/answers.ts'
import { FRAMING } from '../vectors/framing.ts'

const LONGEST = 20_000
const REQUESTS = FRAMING.map(({ segments }) => segments.join('')).filter((text) => text.length < LONGEST)
const RESPONSES = ANSWERS.map(({ segments }) => segments.join('')).filter((text) => text.length < LONGEST)

/** What readers stumble over. */
const TOKENS = [
  '\r\n', '\r', '\n', '\r\n\r\n', '\0', ' ', '\t', ':', ';', ',', '"', '\\', '0', '1', 'f', '\x7f', '\xff', '\x0b',
  'Host: h\r\n', 'Content-Length: 2\r\n', 'Transfer-Encoding: chunked\r\n', ' HTTP/1.1\r\n', 'HTTP/1.1 ', 'GET ', '/',
  '0\r\n\r\n', '2\r\nhi\r\n', ';a="b', '%2e', '/..', '?', '#', '_', 'X-T: 1\r\n', 'Connection: close\r\n',
] // prettier-ignore

/** A request, mostly mangled. */
export const someRequest = (random: Random): string => mangled(random, random.pick(REQUESTS), REQUESTS)

/** An answer, mostly mangled. */
export const someAnswer = (random: Random): string => mangled(random, random.pick(RESPONSES), RESPONSES)

/** A chunked body, mostly mangled. */
export function someChunks(random: Random): string {
  const chunks = Array.from({ length: random.below(6) }, () => {
    const size = random.below(40)
    const extension = random.below(3) === 0 ? random.pick([';a', ';a=b', ';a="b;c\\""', '; a = b']) : ''
    return `${size === 0 ? '1' : size.toString(16)}${extension}\r\n${'x'.repeat(size === 0 ? 1 : size)}\r\n`
  })
  const trailers = Array.from({ length: random.below(3) }, (_, i) => `X-${i}: ${random.below(1000)}\r\n`)
  return mangled(random, `${chunks.join('')}0\r\n${trailers.join('')}\r\n`, REQUESTS)
}

function mangled(random: Random, text: string, others: readonly string[]): string {
  let result = text
  for (let times = random.below(4); times > 0; times--) {
    const at = random.below(result.length + 1)
    const length = random.below(6)
    switch (random.below(5)) {
      case 0:
        result = result.slice(0, at) + random.pick(TOKENS) + result.slice(at)
        break
      case 1:
        result = result.slice(0, at) + result.slice(at + length)
        break
      case 2:
        result = result.slice(0, at) + String.fromCharCode(random.below(256)) + result.slice(at + 1)
        break
      case 3:
        result = result.slice(0, at) + random.pick(others).slice(0, 200)
        break
      default:
        result = result.slice(0, at) + result.slice(Math.max(0, at - length))
    }
  }
  return result
}

/** Places to cut a text of this length, ascending, with both ends. */
export function someCuts(random: Random, length: number): number[] {
  const inner = Array.from({ length: random.below(5) }, () => random.below(length + 1))
  return [0, ...inner, length].sort((a, b) => a - b)
}
