import { describe, expect, test } from 'bun:test'
import { parseConfig } from '../../../server/config/load.ts'
import type { Exchange } from '../../../server/http/exchange.ts'
import type { ResponseHead } from '../../../server/head/response-head.ts'
import type { BodyTransform } from '../../../server/middleware/middleware.ts'
import { type Out, RegexReplacer, type Replacer, TextReplacer } from '../../../server/middleware/replacer.ts'
import type { MiddlewareConfig } from '../../../server/middleware/middleware.options.ts'
import { FakeSink, pushOnce } from '../../support/body-sink.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { stepOf } from '../../support/step-world.ts'
import { waitFor } from '../../support/wait.ts'
import { answerOf, exchange, headOf, requestOf } from './exchanges.ts'

const random = seededRandom(seedOfRun())

/** What comes of a text that is given in pieces by chance, each in a buffer that is used again. */
function replaced(replacer: Replacer, bytes: Buffer, most = 40): string {
  const made: Buffer[] = []
  const out: Out = (part, from, to) => void made.push(Buffer.from(part.subarray(from, to)))
  for (let at = 0; at < bytes.length;) {
    const piece = Buffer.from(bytes.subarray(at, at + 1 + random.below(most)))
    at += piece.length
    replacer.push(piece, out)
    piece.fill(0)
  }
  replacer.end(out)
  return Buffer.concat(made).toString('latin1')
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

describe('text', () => {
  test('is replaced wherever pieces are cut, as if it had come in one', () => {
    for (let n = 0; n < 300; n++) {
      const letters = random.pick(['ab', 'abc', 'aé☃'])
      const some = (length: number): string =>
        Array.from({ length }, () => [...letters][random.below([...letters].length)]).join('')
      const [wanted, text, to] = [some(1 + random.below(5)), some(random.below(400)), some(random.below(4))]
      const replacer = new TextReplacer(wanted, to, Infinity)
      expect([wanted, replaced(replacer, Buffer.from(text))]).toEqual([
        wanted,
        latin1(text.replaceAll(wanted, to)),
      ])
      expect(replacer.found).toBe(text.split(wanted).length - 1)
    }
  })

  test('as often as is wanted; and nothing is held back that cannot be its beginning', () => {
    expect(replaced(new TextReplacer('a', 'b', 2), Buffer.from('aaaa'))).toBe('bbaa')
    const out: string[] = []
    const replacer = new TextReplacer('</head>', '', Infinity)
    replacer.push(Buffer.from('data: 1\n\n'), (bytes, from, to) => out.push(bytes.toString('utf8', from, to)))
    replacer.push(Buffer.from('data: <'), (bytes, from, to) => out.push(bytes.toString('utf8', from, to)))
    expect(out).toEqual(['data: 1\n\n', 'data: '])
  })

  test('bytes that are no text pass as they are', () => {
    const noise = Buffer.from(random.bytes(5000))
    const marked = Buffer.concat([noise, Buffer.from('\r\nmark\0'), noise])
    const made = replaced(new TextReplacer('\nmark\0', '', Infinity), marked, 900)
    expect(made).toBe(`${noise.toString('latin1')}\r${noise.toString('latin1')}`)
  })
})

describe('a pattern', () => {
  const by = (regex: string, to: string, count = Infinity): RegexReplacer =>
    new RegexReplacer(regex, (match) => to.replace('$1', match[1] ?? ''), count)

  test('finds the same whatever the pieces, over many windows', () => {
    for (let n = 0; n < 20; n++) {
      const words = Array.from({ length: random.below(6000) }, () =>
        random.pick(['a', 'http://old.example/x', 'é☃😀', ' ', '\r\n', 'http://', '"http://old.example"']),
      )
      const text = words.join('')
      const wanted = text.replaceAll(/https?:\/\/old\.example(\/\w)?/g, (_, path = '') => `//new${path}`)
      const made = replaced(by('https?://old\\.example(/\\w)?', '//new$1'), Buffer.from(text), 5000)
      expect(made === latin1(wanted)).toBe(true)
    }
  })

  test('sees what stands before it, and the ends of the text alone', () => {
    const text = `${'x'.repeat(9000)} one ${'y'.repeat(9000)} one`
    expect(replaced(by('\\bone\\b', '1'), Buffer.from(text), 9999)).toBe(text.replaceAll('one', '1'))
    expect(replaced(by('(?<=y )one', '1'), Buffer.from(text), 9999)).toBe(text.replace(/one$/, '1'))
    expect(replaced(by('^x', '1'), Buffer.from(text))).toBe(text.replace('x', '1'))
    expect(replaced(by('one$', '1'), Buffer.from(text))).toBe(text.replace(/one$/, '1'))
  })

  test('what it matches is bounded: more stays as it is', () => {
    const long = `<${'a'.repeat(3000)}>`
    expect(replaced(by('<a+>', '-'), Buffer.from(`<aa>${long}<a>`))).toBe(`-${long}-`)
  })

  test('bytes that are no UTF-8 pass as they are', () => {
    const noise = Buffer.concat([
      Buffer.from([0xff, 0xc3]),
      Buffer.from(random.bytes(20_000)),
      Buffer.from([0xe2, 0x98]),
    ])
    const marked = Buffer.concat([noise, Buffer.from('<mark>'), noise])
    const without = Buffer.concat([noise, noise]).toString('latin1')
    expect(replaced(by('<mark>', ''), marked, 5000) === without).toBe(true)
  })

  test('as often as is wanted', () => {
    expect(replaced(by('a', 'b', 3), Buffer.from('a'.repeat(20_000)), 9000)).toBe(`bbb${'a'.repeat(19_997)}`)
  })

  test('one that may take long takes no time that others would notice, whatever the text', () => {
    const replacer = by('a.*bc', '')
    for (let n = 0; n < 20; n++) {
      const before = process.cpuUsage()
      replacer.push(Buffer.alloc(1024, 'ab'), () => {})
      const { user, system } = process.cpuUsage(before)
      // A bound against what doubles with each letter, not against a busy machine.
      expect((user + system) / 1000).toBeLessThan(100)
    }
  })
})

type Edits = readonly object[]

function load(words: object) {
  const rules = [{ name: 'r', match: { path: '/{id}' }, respond: {}, middleware: [{ replace: words }] }]
  return parseConfig('t.yaml', Buffer.from(JSON.stringify({ listeners: { w: { bind: ':80' } }, rules })), {})
}

function made(edits: Edits, more: object = {}) {
  const loaded = load({ edits, ...more })
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'))
  return stepOf(loaded.config.rules[0]?.middleware[0] as MiddlewareConfig)
}

async function changed(edits: Edits, head: ResponseHead, body: string, x: Exchange = exchange()) {
  const sink = new FakeSink()
  const transform = made(edits).body?.(x, head, undefined) as BodyTransform | null
  if (transform === null) return null
  for (let at = 0; at < body.length; at += 7000)
    pushOnce(transform, Buffer.from(body.slice(at, at + 7000)), sink)
  transform.end(sink)
  await waitFor(() => sink.isEnded)
  expect(sink.keptBytes).toBe(0)
  return { body: sink.bytes.toString(), length: sink.length }
}

const html = (...fields: string[]) =>
  answerOf('HTTP/1.1 200 OK', 'Content-Type: text/html; charset=utf-8', ...fields)

describe('replace', () => {
  test('edits follow one another; a short body keeps a length', async () => {
    const edits = [
      { text: 'one', with: 'two' },
      { regex: '(t)wo', with: '$1$$$&' },
    ]
    expect(await changed(edits, html('Content-Length: 7'), 'one two')).toEqual({
      body: 't$two t$two',
      length: 11,
    })
    const long = 'one '.repeat(40_000)
    const all = await changed(edits, html(), long)
    expect([all?.body === 't$two '.repeat(40_000), all?.length]).toEqual([true, -1])
  })

  test('values of variables are escaped for the page, and "$" in them refers to nothing', async () => {
    const value = '<script>$1&amp;'
    const x = exchange({ request: requestOf(`X-Name: ${value}`) })
    const edits = [{ regex: '(NAME)', with: '{header.x-name} $1' }]
    expect((await changed(edits, html(), 'NAME', x))?.body).toBe('&lt;script&gt;$1&amp;amp; NAME')
    const json = answerOf('HTTP/1.1 200 OK', 'Content-Type: application/json')
    const quoted = exchange({ request: requestOf('X-Name: a"b\\') })
    expect(
      (await changed([{ text: 'NAME', with: '{header.x-name}' }], json, '{"n":"NAME"}', quoted))?.body,
    ).toBe('{"n":"a\\"b\\\\"}')
  })

  test('of the head nothing stays that does not hold of what comes of it', async () => {
    const fields = [
      'ETag: "x"',
      'Last-Modified: now',
      'Accept-Ranges: bytes',
      'Content-Digest: y',
      'Content-Length: 3',
    ]
    const head = html(...fields)
    await changed([{ text: 'a', with: 'b' }], head, 'abc')
    for (const name of ['last-modified', 'accept-ranges', 'content-digest']) expect(head.get(name)).toBeNull()
    expect(head.get('etag')).toBe('W/"x"')
  })

  test.each([
    [answerOf('HTTP/1.1 200 OK', 'Content-Type: image/png')],
    [answerOf('HTTP/1.1 200 OK')],
    [html('Content-Encoding: gzip')],
    [answerOf('HTTP/1.1 206 Partial Content', 'Content-Type: text/html', 'Content-Range: bytes 0-1/9')],
    [answerOf('HTTP/1.1 204 No Content', 'Content-Type: text/html')],
  ])('leaves others alone: %#', async (head) => {
    expect(await changed([{ text: 'a', with: 'b' }], head, 'abc')).toBeNull()
    expect(head.edits).toBeNull()
  })

  test('asks servers for whole bodies that are not encoded; parts where that is wanted', () => {
    const asked = (more: object) => {
      const x = exchange({ request: requestOf('Accept-Encoding: br', 'Range: bytes=0-9', 'If-Range: "x"') })
      made([{ text: 'a', with: 'b' }], more).request?.(x, undefined)
      return ['accept-encoding', 'range', 'if-range'].map((name) => x.request.get(name))
    }
    expect(asked({})).toEqual([null, null, null])
    expect(asked({ ranges: 'pass' })).toEqual([null, 'bytes=0-9', '"x"'])
  })

  test('HEAD and 304 have the head that a GET would have had', async () => {
    const x = exchange({ request: headOf('HEAD / HTTP/1.1', 'Host: h') })
    const head = html('Content-Length: 9')
    expect(await changed([{ text: 'a', with: 'b' }], head, '', x)).toBeNull()
    expect(head.get('content-length')).toBeNull()
    const fresh = answerOf('HTTP/1.1 304 Not Modified', 'Content-Type: text/html', 'ETag: "x"')
    expect(await changed([{ text: 'a', with: 'b' }], fresh, '')).toBeNull()
    expect(fresh.get('etag')).toBe('W/"x"')
  })

  test.each([
    [{ edits: [] }, '1'],
    [{ edits: [{ with: 'b' }] }, 'neither text nor regex'],
    [{ edits: [{ text: 'a', regex: 'a', with: 'b' }] }, 'both text and regex'],
    [{ edits: [{ regex: 'a*', with: 'b' }] }, 'matches no characters at all'],
    [{ edits: [{ regex: '(a+)+$', with: 'b' }] }, 'no text makes slow'],
    [{ edits: [{ text: 'a\0', with: 'b' }] }, '1 to 1024 characters'],
    [{ edits: [{ text: 'a'.repeat(65_536), with: 'b' }] }, '1024'],
    [{ edits: [{ text: 'a', with: 'b'.repeat(65_536) }] }, '1024'],
    [{ edits: [{ text: 'a', with: '{client_ipp}' }] }, 'which is no variable'],
    [{ edits: [{ text: 'a', with: '{path.name}' }] }, "which the rule's path does not have"],
    [{ edits: [{ text: 'a', with: 'b', ignore_case: true }] }, 'write a regex'],
    [{ edits: [{ text: 'a', with: 'b' }], types: ['html'] }, 'a media type in lower case'],
  ])('%j is told with what is allowed', (words, wanted) => {
    const loaded = load(words)
    const said = loaded.ok
      ? ''
      : loaded.problems.map(({ message, hint }) => `${message} ${hint ?? ''}`).join('\n')
    expect(said).toContain(wanted)
  })
})
