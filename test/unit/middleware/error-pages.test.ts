import { describe, expect, test } from 'bun:test'
import { parseConfig } from '../../../server/config/load.ts'
import type { Answer } from '../../../server/head/answer.ts'
import type { ResponseHead } from '../../../server/head/response-head.ts'
import type { Exchange } from '../../../server/http/exchange.ts'
import { fault, type FaultCode } from '../../../server/tables/faults.ts'
import type { MiddlewareConfig } from '../../../server/middleware/middleware.options.ts'
import { stepOf } from '../../support/step-world.ts'
import { answerOf, exchange, requestOf } from './exchanges.ts'

function load(words: object) {
  const rules = [
    { name: 'r', match: { path: '/{id}' }, backend: 'app', middleware: [{ error_pages: words }] },
  ]
  const backends = {
    app: { servers: [{ url: 'http://127.0.0.1:1' }] },
    db: { servers: [{ url: 'tcp://127.0.0.1:1' }] },
  }
  return parseConfig(
    't.yaml',
    Buffer.from(JSON.stringify({ listeners: { w: { bind: ':80' } }, rules, backends })),
    {},
  )
}

const problemsOf = (words: object): string => {
  const loaded = load(words)
  return loaded.ok ? '' : loaded.problems.map(({ message, hint }) => `${message} ${hint ?? ''}`).join('\n')
}

function stepFor(words: object) {
  const loaded = load(words)
  if (!loaded.ok) throw new Error(problemsOf(words))
  return stepOf(loaded.config.rules[0]?.middleware[0] as MiddlewareConfig)
}

/** An answer that a server gave, or (with a fault) the gateway itself. */
const x = (code: FaultCode | null, ...fields: string[]): Exchange => ({
  ...exchange({ request: requestOf(...fields) }),
  id: 'id-1',
  fault: code === null ? null : fault(code, false),
  attempts: code === null ? 1 : 0,
  status: 404,
})

const HTML = 'Accept: text/html,application/json;q=0.9'
const JSON_ONLY = 'Accept: application/json, text/plain, */*'

function answered(words: object, of: Exchange, head: ResponseHead): Answer | undefined {
  const step = stepFor(words)
  return step.response?.(of, head, step.note?.()) as Answer | undefined
}

const PAGES = {
  pages: [
    { for: 404, body: '<h1>{status} {header.x-name}</h1>' },
    { for: ['5xx'], body: 'sorry', type: 'text/plain', status: 200 },
  ],
}
const notFound = (...fields: string[]): ResponseHead => answerOf('HTTP/1.1 404 Not Found', ...fields)

describe('error_pages', () => {
  test('put a page in place of an answer by its status, and escape what they are told', () => {
    const page = answered(PAGES, x(null, HTML, 'X-Name: <script>'), notFound())
    expect(page).toMatchObject({ status: 404, body: '<h1>404 &lt;script&gt;</h1>', fault: null })
    const other = answered(PAGES, x('no_server', HTML), answerOf('HTTP/1.1 503 Unavailable'))
    // It is logged as what it was.
    expect(other).toMatchObject({ status: 200, body: 'sorry', fault: 'no_server' })
    for (const status of [200, 304, 403])
      expect(answered(PAGES, x(null, HTML), answerOf(`HTTP/1.1 ${status} X`))).toBeUndefined()
  })

  test('leave what does not tell of the body, with what steps have set', () => {
    const head = notFound(
      'Set-Cookie: a=1',
      'Content-Encoding: br',
      'ETag: "x"',
      'X-Gone: 1',
      'Transfer-Encoding: chunked',
    )
    head.remove('x-gone')
    head.set('X-Step', 'yes')
    const names = answered(PAGES, x(null, HTML), head)?.headers.map(([name]) => name)
    expect(names).toEqual(['Content-Type', 'Set-Cookie', 'X-Step'])
    const made = answered(PAGES, x(null, HTML), notFound('WWW-Authenticate: Basic', 'Content-Length: 9999'))
      ?.made?.head
    expect([made?.get('www-authenticate'), made?.get('content-length')]).toEqual([
      'Basic',
      String('<h1>404 </h1>'.length),
    ])
  })

  test('clients of an API get what there is, JSON of ours, or the page', () => {
    const of = (api: string, code: FaultCode | null, accept: string): unknown =>
      answered({ ...PAGES, api }, x(code, accept), notFound())?.body
    expect(of('keep', null, JSON_ONLY)).toBeUndefined()
    expect(JSON.parse(of('problem', null, JSON_ONLY) as string)).toEqual({
      status: 404,
      message: 'Not Found',
      request_id: 'id-1',
    })
    expect(of('problem', 'no_rule', JSON_ONLY)).toBeUndefined()
    expect(of('page', null, JSON_ONLY)).toStartWith('<h1>')
    for (const accept of [HTML, 'Accept: */*', 'X-None: 1'])
      expect(of('keep', null, accept)).toStartWith('<h1>')
  })

  test('of the gateway, of servers, or of both', () => {
    const of = (of: string, code: FaultCode | null) =>
      answered({ ...PAGES, of }, x(code, HTML), notFound()) !== undefined
    expect([of('ours', null), of('ours', 'no_rule')]).toEqual([false, true])
    expect([of('servers', null), of('servers', 'no_rule')]).toEqual([true, false])
    expect([of('both', null), of('both', 'no_rule')]).toEqual([true, true])
  })

  test.each([
    [{ pages: [] }, '1'],
    [{ pages: [{ for: '4xx' }] }, 'none of body, file, template and backend'],
    [{ pages: [{ for: '4xx', body: 'x', backend: 'app', path: '/' }] }, 'both body and backend'],
    [{ pages: [{ for: '4xx', backend: 'app' }] }, 'a backend without a path'],
    [{ pages: [{ for: '4xx', body: 'x', path: '/' }] }, 'a path without a backend'],
    [{ pages: [{ for: '4xx', backend: 'other', path: '/' }] }, 'other'],
    [{ pages: [{ for: '4xx', backend: 'db', path: '/' }] }, 'a backend of tcp servers'],
    [{ pages: [{ for: '3xx', body: 'x' }] }, 'statuses from 400 to 599'],
    [{ pages: [{ for: 'nope', body: 'x' }] }, 'status'],
    [{ pages: [{ for: '4xx', body: '{statuss}' }] }, 'did you mean {status}'],
    [
      { pages: [{ for: '4xx', body: 'x', type: 'text/html\r\nX: 1' }] },
      'one line of text without control characters',
    ],
    [{ pages: [{ for: '4xx', body: 'x'.repeat(300_000) }] }, '262144'],
  ])('%j is told with what is allowed', (words, wanted) => {
    expect(problemsOf(words)).toContain(wanted)
  })
})
