// Common slips of people who write their first config: each is told once, with what to write.
import { describe, expect, test } from 'bun:test'
import { linesOf, withBackend, withRules } from './parse.ts'

test.each([
  ['listen: ":80"\nbackend: [{ url: "http://a:1" }]', 'did you mean "backends"?'],
  ['listen: ":80"\nbackends: ["http://a:1"]', 'write { url: "http://a:1" }'],
  ['listen: ":80"\nbackends: http://a:1', 'write [{ url: "http://a:1" }]'],
  [withBackend('', '["http://a:1"]'), 'write { url: "http://a:1" }'],
  [withBackend('', '["http://me:s3cret@a:1"]'), 'write { url: "http://a:1" }'],
  ['listen: ":80"\nbackends: [{ url: "http://a:1" }]\nlogs: { access: off }', 'write { enabled: false }'],
  ['listen: ":80"\nbackends: [{ url: "http://a:1" }]\nlogs: { access: false }', 'write { enabled: false }'],
  ['listen: ":80"\nbackends: [{ url: "http://a:1" }]\nadmin: no', 'write false'],
  [
    'listen: ":80"\nbackends: [{ url: "http://a:1" }]\nadmin: on',
    'write {} for the defaults, or remove the key',
  ],
  ['listen: ":80"\nbackends: [{ url: "http://a:1" }]\nbody_limit: 1MB', 'write { size: 1MB }'],
  [withRules('  - { name: r, backend: app, middleware: [{ body_limit: 1MB }] }'), 'write { size: 1MB }'],
  [withRules('  - { name: r, backend: app, middleware: [{ body_limit: 4096 }] }'), 'write { size: 4096 }'],
  [
    'listeners: { web: { bind: ":80", backend: api } }\nbackends:\n  api:\n  servers:\n    - url: http://a:1',
    'indent "servers" further than "api"',
  ],
])('%j has one problem with its hint', (text, hint) => {
  const lines = linesOf(text)
  expect(lines.map((line) => line.endsWith(`; ${hint}`) || line)).toContain(true)
  // What is missing because of the slip may be told as well.
  expect(lines.filter((line) => !line.includes('found no "'))).toHaveLength(1)
})

test('a backend of the name of an option is one', () => {
  const text =
    'listeners: { web: { bind: ":80", backend: retry } }\nbackends:\n  a: { servers: [{ url: "http://a:1" }] }\n'
  expect(linesOf(`${text}  retry: { servers: [{ url: "http://b:1" }] }`).join()).not.toContain('indent')
})

test('a hint of what was written never repeats what ${…} stands for', () => {
  const [line = ''] = linesOf('listen: ":80"\nbackends: ["${URL}"]', { env: { URL: 'http://k33p' } })
  expect(line).toContain('"${URL}"')
  expect(line).not.toContain('k33p')
})

describe('methods', () => {
  const methods = (list: string): string[] =>
    linesOf(
      withRules(`  - { name: r, match: { method: ${list} }, backend: app }\n  - { name: all, backend: app }`),
    )

  test('that are nearly known ones are warned of', () => {
    expect(methods('[GTE, PSOT]')).toEqual([
      '4:34 rules[0].match.method[0]: warning: found "GTE", allowed a method that clients send; did you mean "GET"?',
      '4:39 rules[0].match.method[1]: warning: found "PSOT", allowed a method that clients send; did you mean "POST"?',
    ])
    expect(methods('DELTE')[0]).toContain('did you mean "DELETE"?')
  })

  test('that are known or of one’s own are not', () => {
    for (const one of ['GET', 'UNLINK', 'UNLOCK', 'PURGE', 'M-SEARCH', 'X-MINE'])
      expect(methods(one)).toEqual([])
  })
})

describe('JSON', () => {
  const json = (text: string): string[] => linesOf(text, { file: '/etc/sluice/a.json' })
  const IN_YAML_TERMS = /flow|block|plain|map\b|seq|collection|indent|document|implicit/i

  test.each([
    [
      '{ "listen": ":80" "backends": [] }',
      '1:19: found a text, allowed "," or "}" in this object; put a "," before it',
    ],
    [
      '{ "listen": ":80", backends: [ } }',
      '1:20: found "backends", allowed a key in double quotes; put it in double quotes',
    ],
    [
      '{ "listen": ":80",\n "backends": [',
      '2:15: found the end of the file, allowed a value: "text", a number, true, false, null, { } or [ ]',
    ],
    [
      '{ "listen": ":80\n}',
      '1:13: found a text without its closing quote, allowed one that ends on its line; close it with "',
    ],
    [
      '{ "listen": ":80" // here\n}',
      '1:19: found a comment, allowed "," or "}" in this object; JSON has no comments: remove it',
    ],
    ['{ "listen": ":80" } }', '1:21: found "}", allowed nothing more: the value is complete'],
    ['{ "listen": [1, 2 }', '1:19: found "}", allowed "," or "]" in this list'],
    [
      '{ "listen": "a\\qb" }',
      '1:13: found a text with a "\\" or control character that JSON does not know, allowed \\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX',
    ],
  ])('%j is told in the words of JSON', (text, expected) => {
    const lines = json(text)
    expect(lines).toEqual([expected])
    expect(lines.join()).not.toMatch(IN_YAML_TERMS)
  })
})

describe('TOML', () => {
  const toml = (text: string): string[] => linesOf(text, { file: '/etc/sluice/a.toml' })

  test.each([
    ['listen = ":80\nbackends = []\n', 1],
    ["listen = ':80\n", 1],
    ['listen = """:80\n', 1],
    ['listen = ":80"\r\nworkers = "2\r\n', 2],
  ])('%j has an unfinished text', (text, line) => {
    expect(toml(text)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^${line}:[0-9]+: found a text without its closing quote, allowed valid TOML; close it with`,
        ),
      ),
    ])
  })

  test('a control character within a text is still told as such', () => {
    expect(toml('listen = "a\u0001b"\n')[0]).toContain('control characters')
  })
})
