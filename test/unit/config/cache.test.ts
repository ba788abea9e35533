// What is said of the cache of a rule that does not fit.
import { expect, test } from 'bun:test'
import { problemsOf, withRules } from './parse.ts'

const said = (steps: string): string[] =>
  problemsOf(withRules(`  - { name: r, backend: app, middleware: [${steps}] }`)).map(
    ({ path, message, hint }) => `${path.replace('rules[0].', '')}: ${message}; ${hint}`,
  )

test.each([
  [
    'cache: {}, ip: { allow: [10.0.0.0/8] }',
    /cache before ip: what is stored would be given.*cache behind ip/,
  ],
  ['{ cache: {} }, { compress: {} }', /cache before compress.*stored as servers give them/],
  ['{ cache: {} }, { cache: {} }', /cache a second time/],
  ['{ cache: { max_size: 2GB } }', /max_size: found "2GB".*1GiB/],
  ['{ cache: { default_ttl: forever } }', /default_ttl: found "forever", allowed a duration/],
  ['{ cache: { heuristic: 200 } }', /heuristic: found 200/],
  ['{ cache: { set_cookie: allow } }', /set_cookie: found "allow".*write keep/],
  ['{ cache: { ttl: 5m, tll: 5m } }', /"tll"/],
  ['{ cache: { methods: [POST] } }', /GET and HEAD are answered from the store/],
  ['{ cache: { key: { ignore_query: ["a=b"] } } }', /ignore_query\[0\]: found "a=b"/],
  ['{ cache: { key: { headers: ["X A"] } } }', /headers\[0\]: found "X A"/],
  ['{ cache: { key: { cookies: ["a;b"] } } }', /cookies\[0\]: found "a;b", allowed the name of a cookie/],
])('%s', (steps, words) => {
  expect(said(steps).join('\n')).toMatch(words)
})

test('a cache behind those fits', () => {
  expect(said('{ ip: { allow: [10.0.0.0/8] } }, { compress: {} }, { cache: { default_ttl: 5m } }')).toEqual(
    [],
  )
})

test.each([
  ['cache: { memory: 1KiB }', /cache.memory: found "1KiB", allowed a size between 1MiB and 64GiB/],
  ['cache: { disk: /tmp }', /in memory only/],
])('at the top: %s', (words, message) => {
  const problems = problemsOf(`${words}\n${withRules('  - { name: r, backend: app }')}`)
  expect(problems.map((one) => `${one.path}: ${one.message}; ${one.hint}`).join('\n')).toMatch(message)
})
