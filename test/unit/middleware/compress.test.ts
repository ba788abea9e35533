import { describe, expect, test } from 'bun:test'
import type { ResponseHead } from '../../../server/head/response-head.ts'
import type { CompressConfig } from '../../../server/middleware/compress.options.ts'
import type { BodyTransform } from '../../../server/middleware/middleware.ts'
import { FakeSink, pushOnce } from '../../support/body-sink.ts'
import { stepOf } from '../../support/step-world.ts'
import { waitFor } from '../../support/wait.ts'
import { answerOf, exchange, headOf } from './exchanges.ts'

const OPTIONS: CompressConfig = {
  codings: ['zstd', 'br', 'gzip'],
  types: ['text/*', 'application/json', '*+json'],
  min_size: 1024,
  levels: { gzip: 5, br: 4, zstd: 3 },
}

const ALL = ['Accept-Encoding: gzip, br, zstd']

/** Cases, of clients that take all codings unless they say something else. */
const rows = (cases: readonly [string, string[], string[]?][]) =>
  cases.map(([name, fields, request]) => [name, fields, request ?? ALL] as const)

/** What the step makes of an answer, asked for by a client that takes all codings. */
function askFor(fields: string[], request: readonly string[] = ALL, method = 'GET') {
  const x = exchange({ request: headOf(`${method} / HTTP/1.1`, 'Host: h', ...request) })
  const [line = '', ...rest] = fields
  const head = line.startsWith('HTTP/') ? answerOf(line, ...rest) : answerOf('HTTP/1.1 200 OK', ...fields)
  const transform = stepOf({ compress: OPTIONS }).body?.(x, head, undefined) ?? null
  return { head, transform }
}

/** Lets a body through; what the head says then. */
async function send(transform: BodyTransform | null, body: Buffer): Promise<FakeSink> {
  const sink = new FakeSink()
  if (transform === null) throw new Error('it passes as it is')
  pushOnce(transform, body, sink)
  transform.end(sink)
  await waitFor(() => sink.isEnded)
  return sink
}

const valuesOf = (head: ResponseHead, ...names: string[]): (string | null)[] =>
  names.map((name) => head.get(name))
const TEXT = Buffer.alloc(4000, 'the same again and again ')

describe('what is compressed', () => {
  test.each(
    rows([
      ['text', ['Content-Type: text/html; charset=utf-8', 'Content-Length: 4000']],
      ['of unknown length', ['Content-Type: application/json']],
      ['by the end of its type', ['content-type: Application/LD+JSON']],
      ['a failure of the server', ['HTTP/1.1 500 No', 'Content-Type: text/plain']],
      ['said to be as it is', ['Content-Type: text/plain', 'Content-Encoding: identity']],
      [
        'below the size, where the client refuses it so',
        ['Content-Type: text/plain', 'Content-Length: 5'],
        ['Accept-Encoding: gzip, identity;q=0'],
      ],
    ]),
  )('%s', async (_, fields, request) => {
    const { head, transform } = askFor(fields, request)
    expect(head.get('vary')).toBe('Accept-Encoding')
    await send(transform, TEXT)
    expect(head.get('content-encoding')).toBe(request === ALL ? 'zstd' : 'gzip')
  })

  test.each(
    rows([
      ['another type', ['Content-Type: image/png']],
      ['no type', []],
      ['below the size', ['Content-Type: text/plain', 'Content-Length: 1023']],
      ['a part', ['HTTP/1.1 206 Partial', 'Content-Type: text/plain', 'Content-Range: bytes 0-3999/5000']],
      ['a range refused', ['HTTP/1.1 416 No', 'Content-Type: text/plain', 'Content-Range: bytes */5000']],
      ['nothing', ['HTTP/1.1 204 No Content', 'Content-Type: text/plain']],
      ['encoded already', ['Content-Type: text/plain', 'Content-Encoding: gzip']],
      [
        'encoded already, in a second field',
        ['Content-Type: text/plain', 'Content-Encoding: identity', 'Content-Encoding: gzip'],
      ],
      [
        'not to be changed, says the server',
        ['Content-Type: text/plain', 'Cache-Control: public, No-Transform'],
      ],
      [
        'not to be changed, says the client',
        ['Content-Type: text/plain'],
        ['Accept-Encoding: gzip', 'Cache-Control: no-transform'],
      ],
    ]),
  )('not %s, and caches need not know', (_, fields, request) => {
    const { head, transform } = askFor(fields, request)
    expect(transform).toBeNull()
    expect(head.edits).toBeNull()
  })

  test('not for a client that takes none of it; but others may get another body, so Vary is there', () => {
    for (const request of [[], ['Accept-Encoding: deflate'], ['Accept-Encoding: gzip;q=0']]) {
      const { head, transform } = askFor(['Content-Type: text/plain', 'ETag: "a"'], request)
      expect(transform).toBeNull()
      expect(valuesOf(head, 'vary', 'etag', 'content-encoding')).toEqual(['Accept-Encoding', '"a"', null])
    }
  })
})

describe('the head', () => {
  const FIELDS = [
    'Content-Type: text/plain',
    'Content-Length: 4000',
    'ETag: "a"',
    'Content-MD5: x',
    'Digest: x',
    'Content-Digest: x',
    'Repr-Digest: x',
    'Accept-Ranges: bytes',
    'Vary: Cookie',
  ]

  test('says nothing that holds of the plain body alone', async () => {
    const { head, transform } = askFor(FIELDS)
    const sink = await send(transform, TEXT)
    expect(sink.length).toBe(sink.bytes.length)
    expect(valuesOf(head, 'content-encoding', 'etag', 'vary')).toEqual(['zstd', 'W/"a"', 'Cookie'])
    expect(head.edits?.added.map(({ line }) => line.toString())).toContain('Vary: Accept-Encoding\r\n')
    expect(
      valuesOf(
        head,
        'content-length',
        'content-md5',
        'digest',
        'content-digest',
        'repr-digest',
        'accept-ranges',
      ),
    ).toEqual([null, null, null, null, null, null])
  })

  test.each([
    ['"a"', 'W/"a"'],
    ['W/"a"', 'W/"a"'],
    ['', null],
    ['abc', null],
    ['W/', null],
  ])('has of the ETag %j what is one, and weak: %j', async (tag, left) => {
    const { head, transform } = askFor(['Content-Type: text/plain', `ETag: ${tag}`])
    await send(transform, TEXT)
    expect(valuesOf(head, 'content-encoding', 'etag')).toEqual(['zstd', left])
    const asked = askFor(['HTTP/1.1 304 No', `ETag: ${tag}`], ['If-None-Match: W/, W/"a", W/abc'])
    expect(asked.head.get('etag')).toBe(left ?? tag)
  })

  test('of a body that is no smaller stays as it was, but for Vary', async () => {
    const { head, transform } = askFor(FIELDS)
    const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(4000)))
    const sink = await send(transform, noise)
    expect(sink.bytes.equals(noise)).toBe(true)
    expect(valuesOf(head, 'content-encoding', 'etag', 'content-length', 'digest')).toEqual([
      null,
      '"a"',
      '4000',
      'x',
    ])
  })

  test.each(['Accept-Encoding', 'cookie, accept-encoding', '*'])('with Vary: %s says it once', (vary) => {
    const { head } = askFor(['Content-Type: text/plain', `Vary: ${vary}`])
    expect(head.edits).toBeNull()
  })

  test('of HEAD says what GET would, without the length', () => {
    const { head, transform } = askFor(FIELDS, undefined, 'HEAD')
    expect(transform).toBeNull()
    expect(valuesOf(head, 'content-encoding', 'etag', 'content-length')).toEqual(['zstd', 'W/"a"', null])
  })

  test('a weak ETag stays as it is', async () => {
    const { head, transform } = askFor(['Content-Type: text/plain', 'ETag: W/"a"'])
    await send(transform, TEXT)
    expect(head.get('etag')).toBe('W/"a"')
  })

  test('of 304 has the ETag that the client has', () => {
    const answer = ['HTTP/1.1 304 Not Modified', 'ETag: "a"']
    expect(valuesOf(askFor(answer, ['If-None-Match: W/"a"']).head, 'etag', 'vary')).toEqual([
      'W/"a"',
      'Accept-Encoding',
    ])
    expect(valuesOf(askFor(answer, ['If-None-Match: "a"']).head, 'etag', 'vary')).toEqual(['"a"', null])
  })
})
