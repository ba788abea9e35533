import { expect, test } from 'bun:test'
import { configOf, linesOf, problemsOf } from './parse.ts'

const SERVERS = 'backends: [{ url: "http://a:1" }]'

test('the short form is the long form with the name "default"', () => {
  const short = `listen: "0.0.0.0:8080"
algorithm: random
ip: { deny: [10.0.0.0/8] }
middleware: [{ body_limit: { size: 1KiB } }]
headers: { request: { remove: [X-A] } }
match: { host: a.example }
health_check: { type: tcp }
workers: 2
${SERVERS}`
  const long = `listeners: { default: { bind: "0.0.0.0:8080", status_endpoints: { health: /_health, metrics: /_metrics } } }
rules:
  - name: default
    match: { host: a.example }
    middleware: [{ ip: { deny: [10.0.0.0/8] } }, { body_limit: { size: 1KiB } }, { headers: { request: { remove: [X-A] } } }]
    backend: default
backends: { default: { algorithm: random, servers: [{ url: "http://a:1" }], health_check: { type: tcp } } }
workers: 2`
  expect(configOf(short)).toEqual(configOf(long))
})

test('problems name the lines and paths of the short form', () => {
  const text = `listen: 8080
algorithm: nope
middleware:
  - ip: { allow: [x] }
headers: { response: { set: { Content-Length: "1" } } }
match: { path: a }
timeouts: { connect: 0s }
hash: {}
backends:
  - url: http://a:1
  - url: http://a:1
  - weight: 1
`
  expect(problemsOf(text).map(({ line, column, path }) => `${line}:${column} ${path}`)).toEqual([
    '1:9 listen',
    '2:12 algorithm',
    '4:19 middleware[0].ip.allow[0]',
    '5:31 headers.response.set.Content-Length',
    '6:16 match.path',
    '7:22 timeouts.connect',
    '8:1 hash',
    '11:5 backends[1].url',
    '12:5 backends[2]',
  ])
})

test('the forms are never mixed', () => {
  expect(linesOf(`listen: ":0"\nrules: []\n${SERVERS}`)[0]).toStartWith(
    '2:1 rules: found "rules" beside "listen"',
  )
  expect(linesOf(`listeners: {}\n${SERVERS}`)[0]).toStartWith(
    '1:1 listeners: found "listeners" beside "backends" as a list',
  )
  expect(linesOf('listen: ":0"\nbackends: { a: {} }')[0]).toStartWith(
    '2:1 backends: found "backends" as a map beside "listen"',
  )
})

test('listen and backends are both needed', () => {
  expect(linesOf(SERVERS)).toEqual([
    '1:1: found no "listen", allowed "listen", an address such as "0.0.0.0:8080"',
  ])
  expect(linesOf('listen: ":0"')).toEqual([
    '1:1: found no "backends", allowed "backends", a list of "- url: http://…"',
  ])
  expect(linesOf('listen: ":0"\nbackends: []')[0]).toStartWith('2:11 backends: found an empty list')
})

test('an unknown key is told with the nearest one, and one of a listener with the way to the long form', () => {
  expect(linesOf(`listen: ":0"\nalgorythm: random\n${SERVERS}`)[0]).toEndWith('; did you mean "algorithm"?')
  expect(linesOf(`listen: ":0"\ntrusted_proxies: []\n${SERVERS}`)[0]).toContain('it needs the long form')
})

test('status endpoints have their usual paths, unless others or none are written', () => {
  const endpoints = (words: string) => {
    const { listeners } = configOf(`listen: ":0"\n${words}\n${SERVERS}`)
    return (listeners['default'] as { status_endpoints?: object }).status_endpoints
  }
  expect(endpoints('')).toEqual({ health: '/_health', metrics: '/_metrics' })
  expect(endpoints('status_endpoints: {}')).toEqual({})
  expect(endpoints('status_endpoints: { health: /up }')).toEqual({ health: '/up' })
  expect(linesOf(`listen: ":0"\nstatus_endpoints: { health: up }\n${SERVERS}`)[0]).toStartWith(
    '2:29 status_endpoints.health: found "up", allowed a path such as "/_health"',
  )
  expect(linesOf(`listen: ":0"\nstatus_endpoints: { health: /a, metrics: /a }\n${SERVERS}`)[0]).toStartWith(
    '2:33 status_endpoints.metrics: found the path of "health", allowed a path of its own',
  )
})
