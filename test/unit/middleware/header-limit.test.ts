import { expect, test } from 'bun:test'
import type { Answer } from '../../../server/head/answer.ts'
import type { HeaderLimitConfig } from '../../../server/middleware/header-limit.options.ts'
import { stepOf } from '../../support/step-world.ts'
import { problemsOf, withRules } from '../config/parse.ts'
import { exchange, headOf } from './exchanges.ts'

const said = (words: string): string[] =>
  problemsOf(withRules(`  - { name: r, backend: app, middleware: [${words}] }`)).map(
    ({ path, message, hint }) => `${path}: ${message}; ${hint}`,
  )

function ask(limits: Partial<HeaderLimitConfig>, target: string, ...fields: string[]) {
  const step = stepOf({ header_limit: { mode: 'enforce', ...limits } })
  const x = exchange({ request: headOf(`GET ${target} HTTP/1.1`, 'Host: a', ...fields) })
  const answer = step.request?.(x, undefined) as Answer | undefined
  return answer === undefined ? 'passes' : `${answer.status} ${String(answer.body)} (${x.detail})`
}

test.each<[Partial<HeaderLimitConfig>, string, string[], string]>([
  [{ fields: 3 }, '/', ['A: 1', 'B: 2'], 'passes'],
  [
    { fields: 3 },
    '/',
    ['A: 1', 'B: 2', 'C: 3'],
    '431 4 header fields, at most 3 (rules.test.header_limit.fields: 4',
  ],
  // Host: a CRLF and A: 1 CRLF.
  [{ size: 15 }, '/', ['A: 1'], 'passes'],
  [{ size: 14 }, '/', ['A: 1'], '431 15 bytes of header fields, at most 14'],
  [{ field: 1024 }, '/', [`X-Long: ${'a'.repeat(1018)}`], 'passes'],
  [{ field: 1024 }, '/', [`X-Long: ${'a'.repeat(1019)}`], '431 1025 bytes of the field X-Long, at most 1KiB'],
  [{ field: 9 }, '/', [`${'N'.repeat(300)}: a`], `431 301 bytes of the field ${'N'.repeat(64)}, at most 9`],
  [{ cookies: 3 }, '/', ['Cookie: a=1; b=2', 'Cookie: c=3'], 'passes'],
  [{ cookies: 2 }, '/', ['Cookie: a=1; b=2', 'cookie: c=3'], '431 3 cookies, at most 2'],
  [{ cookies: 0 }, '/', ['Cookie:'], 'passes'],
  [{ cookies: 0 }, '/', ['Cookie: a'], '431 1 cookies, at most 0'],
  [{ target: 6 }, '/a?b=c', [], 'passes'],
  [{ target: 5 }, '/a?b=c', [], '414 6 bytes of target, at most 5'],
  [{ query: 3 }, '/a?b=c', [], 'passes'],
  [{ query: 2 }, '/a?b=c', [], '414 3 bytes of query, at most 2'],
  [{ query: 1 }, '/a?', [], 'passes'],
  [{ params: 2 }, '/a?b&c', [], 'passes'],
  [{ params: 2 }, '/a?b&c&d', ['A: &&&&'], '414 3 parts of the query, at most 2'],
  [{ params: 0 }, '/a&b', [], 'passes'],
  [{ params: 0 }, '/a?b', [], '414 1 parts of the query, at most 0'],
])('%j of %s %j: %s', (limits, target, fields, wanted) => {
  expect(ask(limits, target, ...fields)).toStartWith(wanted)
})

test('in shadow it says what it would have refused', () => {
  const step = stepOf({ header_limit: { mode: 'shadow', fields: 0 } })
  const x = exchange()
  expect(step.request?.(x, undefined)).toBeUndefined()
  expect([x.shadow, x.detail]).toEqual(['header_limit', null])
})

test.each(['\xff', '\t', '"', 'a'.repeat(900)])(
  'a hostile value (%j) breaks no line of the refusal',
  (value) => {
    expect(ask({ field: 1, fields: 9 }, '/', `A${value.length}: ${value}b`)).toMatch(/^[ -~]+$/)
  },
)

test('bad input is told with what is allowed', () => {
  const at = 'rules[0].middleware[0].header_limit'
  expect(said('{ header_limit: {} }')[0]).toStartWith(
    `${at}: found a header_limit that limits nothing, allowed one of fields`,
  )
  expect(said('{ header_limit: { fields: -1 } }')[0]).toStartWith(
    `${at}.fields: found -1, allowed a whole number from 0 to 1000`,
  )
  expect(said('{ header_limit: { size: 2MiB } }')[0]).toStartWith(`${at}.size: found "2MiB", allowed a size`)
  expect(said('{ header_limit: { uri: 2KiB } }')[0]).toEndWith('it is called "target"')
  expect(said('{ concurrency_limit: { max: 2 } }')[0]).toEndWith('it is called "concurrency"')
})
