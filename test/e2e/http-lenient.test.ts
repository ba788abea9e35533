// What a backend of `answers: lenient` takes from its servers, and in what form it goes on.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { wire } from '../support/wired.ts'

const GET = Buffer.from('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
let engines: Record<'exact' | 'strict' | 'lenient', TestEngine>

beforeAll(() => {
  const start = (answers: string) =>
    startEngine({ config: toServers(['http://127.0.0.1:1'], { answers, retry: { attempts: 1 } }) })
  engines = { exact: start('exact'), strict: start('strict'), lenient: start('lenient') }
})
afterAll(async () => {
  for (const engine of Object.values(engines)) await engine[Symbol.asyncDispose]()
})

/** What the client gets for an answer; its Date aside. */
function answerTo(tolerance: keyof typeof engines, text: string): string {
  const { client, server, end } = wire(engines[tolerance])
  client.data(GET)
  server.data(Buffer.from(text, 'latin1'))
  const got = client.text.replace(/Date: [^\r]*\r\n/, '')
  end()
  return got
}

const LF = 'HTTP/1.1 200 OK\nX-A: 1\nContent-Length: 2\n\nhi'
const BLANK = 'HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length\t: 2\r\n\r\nhi'
const TWICE = 'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi'

describe('goes on in canonical form:', () => {
  test('a head whose lines end in LF', () =>
    expect(answerTo('lenient', LF)).toBe('HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nhi'))
  test('an equal length twice', () =>
    expect(answerTo('lenient', TWICE)).toBe('HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nhi'))
  test('a blank before a colon, also where nobody asked', () => {
    for (const tolerance of ['strict', 'lenient'] as const)
      expect(answerTo(tolerance, BLANK)).toBe('HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nhi')
  })
})

describe('is refused:', () => {
  for (const [name, text, by] of [
    ['LF', LF, ['strict', 'exact']],
    ['an equal length twice', TWICE, ['strict', 'exact']],
    ['a blank before a colon', BLANK, ['exact']],
    ['two lengths', TWICE.replace('2\r\n\r\n', '3\r\n\r\n'), ['lenient']],
    ['a length beside chunks', TWICE.replace('Content-Length: 2', 'Transfer-Encoding: chunked'), ['lenient']],
  ] as const)
    for (const tolerance of by)
      test(`${name} where answers are ${tolerance}`, () => {
        expect(answerTo(tolerance, text)).toStartWith('HTTP/1.1 502 ')
        expect(engines[tolerance].log.at(-1)).toMatchObject({ fault: 'server_malformed' })
      })
})
