// Common slips of people who write their first config: each is told once, with what to write.
import { describe, expect, test } from 'bun:test'
import { linesOf, withBackend, withRules } from './parse.ts'

const NO_TLS =
  'write protocol: https, and "certificates" with the names of some, which stand at the top level'
const withListener = (more: string): string =>
  `listeners: { web: { bind: ":80", backend: a, ${more} } }\nbackends: { a: { servers: [{ url: "http://a:1" }] } }`

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

const SHORT = 'listen: ":80"\nbackends: [{ url: "http://a:1" }]\n'
const servers = (text: string): string => `listen: ":80"\nbackends: [${text}]\n`

test.each([
  // A word of the short form with a slip in it is that word: the rest of the file is read so.
  ['listn: ":80"\nbackend: [{ url: "http://a:1" }]', ['did you mean "listen"?', 'did you mean "backends"?']],
  [
    'Listen: ":80"\nBackends: [{ URL: "http://a:1" }]',
    ['did you mean "listen"?', 'did you mean "backends"?', 'did you mean "url"?'],
  ],
  // What is not there, or stands elsewhere, is told as that.
  [`${SHORT}tls: { cert: a }`, [NO_TLS]],
  [withListener('tls: { bind: ":443", cert: a, key: b }'), [NO_TLS]],
  [
    servers('{ url: "http://a:1", health_check: {}, timeouts: {} }'),
    [
      'it holds for all servers: write it beside their list',
      'it holds for all servers: write it beside their list',
    ],
  ],
  [
    servers('{ host: a, port: 80 }'),
    [
      'it is called "url"',
      'write "http://a"',
      'it stands behind the host, after ":", as in url: "http://HOST:PORT"',
    ],
  ],
  [`${SHORT}health_check: { uri: /h, unhealthy: 2 }`, ['it is called "path"', 'it is called "fall"']],
  [`${SHORT}retry: no\nqueue: off`, ['write { attempts: 1 }', 'write { size: 0 }']],
  [`${SHORT}logs: /var/log/a.log`, ['write { access: { file: "/var/log/a.log" } }']],
  [withRules('  - { name: r, to: app }'), ['it is called "backend"']],
  [`${SHORT}timeouts: { connect: "60", idle: 2 hours }`, ['write "60s" or "60ms"', 'write "2h"']],
  // Shares in per cent, and the spellings of other products.
  [
    `${SHORT}circuit_breaker: { failure_ratio: 50, max_out: 30% }`,
    ['write 0.5 for 50 %', 'write 0.3 for 30 %'],
  ],
  [
    `${SHORT}retry: { budget: 20%, hedge: { quantile: 99.9 } }`,
    ['write { ratio: 0.2 }', 'write 0.999 for 99.9 %'],
  ],
  [`${SHORT}passive_health: { max_ejection_percent: 10 }`, ['it is called "max_out"', 'write 0.1 for 10 %']],
  [
    servers('{ url: "http://a:1", weight=3 }, { url: "http://b:1", max_fails=3 }'),
    ['write weight: 3', 'see "failures" of the passive_health of its backend, or "fall" of its health_check'],
  ],
  [
    servers('{ url: "http://a:1", slowstart: 30s, observe: layer7 }'),
    [
      'write "slow_start" beside the list of servers, as in slow_start: { over: 30s }',
      'requests take servers out by "passive_health" beside their list',
    ],
  ],
  [withRules('  - { name: r, backend: app, middleware: [{ concurrency: 5 }] }'), ['write { max: 5 }']],
  [`${SHORT}sticky: header`, ['write { header: NAME }']],
  // Addresses.
  [
    'listen: "127.0.0.1:80;"\nbackends: [{ url: "http://a:1;" }]',
    ['write "127.0.0.1:80"', 'write "http://a:1"'],
  ],
  [
    'listeners: { l: { bind: "unix:/run/x.sock", protocol: udp, backend: b } }\nbackends: { b: { servers: [{ url: "udp://a:1" }] } }',
    ['TCP and UDP only: a socket of the file system is not opened'],
  ],
  [
    'listen: ":99999"\nbackends: [{ url: "http://a:99999" }]',
    ['ports go from 1 to 65535', 'ports go from 1 to 65535'],
  ],
  [servers('{ url: "http://$APP:80" }'), ['for an environment variable write ${APP} in place of $APP']],
  [servers('{ url: "http://300.1.1.1:80" }'), ['300.1.1.1 is no address: four numbers from 0 to 255 are']],
  [
    servers('{ url: "http://a/" }, { url: "http://A:80" }'),
    ['give one of them a name, or one a larger weight'],
  ],
  // Lines that are indented wrongly.
  ['listen: ":80"\n backends:\n  - url: http://a:1', ['begin it in the column of the key above']],
  [
    'listen: ":80"\nbackends:\n  - url: http://a:1\n     weight: 2',
    ['put text with ": " in quotes, and look at the indentation of this line and the next'],
  ],
  [
    'listen: ":80"\nbackends:\n  - url: http://a:1\n   weight: 2',
    ['look at the indentation of this line and the one above, and at ": " and "- "'],
  ],
])('%j has these problems alone, each with its hint', (text, hints) => {
  expect(linesOf(text).map((line) => line.slice(line.lastIndexOf('; ') + 2))).toEqual(hints)
})

test('a number that is no share is not taken for one', () => {
  expect(linesOf(`${SHORT}circuit_breaker: { failure_ratio: 150 }`).join()).not.toContain('write')
  expect(linesOf(`${SHORT}circuit_breaker: { failure_ratio: 0.001 }`).join()).not.toContain('write')
  expect(linesOf(`${SHORT}sticky: 3`).join()).toContain('allowed true or false, or a map')
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
