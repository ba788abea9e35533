// What is said of cors and csrf that do not fit.
import { expect, test } from 'bun:test'
import { problemsOf, withRules } from './parse.ts'

const said = (steps: string, match = ''): string[] =>
  problemsOf(withRules(`  - { name: r, backend: app, ${match}middleware: [${steps}] }`)).map(
    ({ path, message, hint }) => `${path.replace('rules[0].', '')}: ${message}; ${hint}`,
  )

test.each([
  ['{}', /cors: found no "origins"/],
  ['{ origins: app.example }', /origins: found "app.example".*write "https:\/\/app.example"$/],
  ['{ origins: "https://app.example/" }', /origins: .*an origin has no path: write "https:\/\/app.example"$/],
  ['{ origins: "https://app.example:443" }', /browsers leave :443 out: write "https:\/\/app.example"$/],
  ['{ origins: "https://App.example" }', /write "https:\/\/app.example"$/],
  ['{ origins: "https://app.*.example" }', /origins: found "https:\/\/app\.\*\.example", allowed an origin/],
  ['{ origins: "https://müsli.example" }', /xn--/],
  ['{ origins: "http://a:70000" }', /ports end at 65535/],
  ['{ origins: [] }', /origins: found an empty list/],
  [
    '{ origins: { regex: "(a+)+" } }',
    /regex: found "\(a\+\)\+", allowed a regular expression that no origin makes slow/,
  ],
  ['{ origins: { regex: "https://a.example" } }', /a dot stands for any character/],
  [
    '{ origins: "*", credentials: true }',
    /credentials: found credentials: true with "\*" among the origins.*name the origins/,
  ],
  ['{ origins: { regex: ".*" }, credentials: true }', /with a pattern that all fit/],
  ['{ origins: { regex: "https?://.+" }, credentials: true }', /with a pattern that all fit/],
  ['{ origins: "null", credentials: true }', /with "null"/],
  ['{ origins: ["*", "https://a.example"] }', /"\*" beside other origins/],
  ['{ origins: "*", max_age: 2d }', /max_age: found "2d", allowed a duration between 0s and 1d/],
  ['{ origins: "*", methods: get }', /methods: found "get".*write "GET"/],
  ['{ allow_origin: "*" }', /it is called "origins"/],
  ['{ origins: "*", headers: "a b" }', /headers: found "a b"/],
])('cors: %s is told with what is allowed', (words, wanted) => {
  expect(said(`{ cors: ${words} }`)).toEqual(expect.arrayContaining([expect.stringMatching(wanted)]))
})

test.each([
  ['{ trusted: "https://a.example" }', /trusted: found .*a list/],
  ['{ trusted: ["*"] }', /trusted\[0\]: found "\*", allowed origins that are named; leave the step out/],
  ['{ trusted: ["null"] }', /found "null"/],
  ['{ trusted: [{ regex: "https?://.*" }] }', /a pattern that all fit/],
  ['{ exempt: [/hooks] }', /give those paths a rule of their own/],
])('csrf: %s is told with what is allowed', (words, wanted) => {
  expect(said(`{ csrf: ${words} }`)).toEqual(expect.arrayContaining([expect.stringMatching(wanted)]))
})

test('what no preflight reaches is told', () => {
  const cors = '{ cors: { origins: "*" } }'
  expect(said(cors, 'match: { method: [GET] }, ')).toEqual([
    expect.stringMatching(/which no preflight reaches/),
  ])
  expect(said(`${cors}, { csrf: {} }`, 'match: { method: [GET, OPTIONS] }, ')).toEqual([])
})
