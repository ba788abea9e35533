// What is said of forward_auth that does not fit.
import { expect, test } from 'bun:test'
import { problemsOf, withRules } from './parse.ts'

const said = (step: string, more = ''): string[] =>
  problemsOf(
    withRules(
      `  - { name: r, backend: app, middleware: [{ forward_auth: ${step} }] }`,
      `  auth: { servers: [{ url: "http://b:1" }] }\n${more}`,
    ),
  ).map(({ path, message, hint }) => `${path}: ${message}; ${hint}`)

test('a backend that only a step asks is used', () => {
  expect(said('{ backend: auth }')).toEqual([])
})

test.each([
  ['{}', /found no "backend"/],
  ['{ backend: nobody }', /forward_auth\.backend: found "nobody".*a backend/],
  ['{ backend: db }', /a backend of tcp servers, allowed a backend whose servers are http/],
  ['{ address: "http://a:1" }', /name it as a server of a backend/],
  ['{ backend: auth, path: verify }', /path: found "verify", allowed a path/],
  ['{ backend: auth, path: "/a b" }', /path: found "\/a b", allowed a path/],
  ['{ backend: auth, host: "a/b" }', /host: found a value that is no host/],
  [
    '{ backend: auth, answer_headers: [Connection] }',
    /the field "Connection", allowed fields that do not frame/,
  ],
  ['{ backend: auth, answer_headers: [Host] }', /the field "Host"/],
  ['{ backend: auth, answer_headers_to_client: [Content-Length] }', /the field "Content-Length"/],
  ['{ backend: auth, answer_headers: ["a b"] }', /found "a b"/],
  ['{ backend: auth, timeout: 0s }', /timeout: found "0s", allowed a duration between 10ms/],
  ['{ backend: auth, on_failure: open }', /write pass/],
  ['{ backend: auth, on_failure: pass }', /lets everybody in while nobody can be asked/],
  ['{ backend: auth, method: same, cache: { per: credentials } }', /who may GET may DELETE/],
  ['{ backend: auth, cache: { ttl: 2d } }', /ttl: found "2d"/],
  ['{ backend: auth, body: 1KiB }', /body: found bodies with method GET/],
  ['{ backend: auth, method: POST, body: 1MiB }', /body: found "1MiB", allowed a size between 1 and 64KiB/],
  ['{ backend: auth, copy_headers: [A] }', /it is called "answer_headers"/],
])('forward_auth: %s is told with what is allowed', (words, wanted) => {
  expect(said(words, '  db: { servers: [{ url: "tcp://c:1" }] }\n')).toEqual(
    expect.arrayContaining([expect.stringMatching(wanted)]),
  )
})
