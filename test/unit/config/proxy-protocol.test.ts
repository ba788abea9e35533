import { expect, test } from 'bun:test'
import { configOf, linesOf, withTurn } from './parse.ts'

const web = (keys: string): string =>
  `listeners:\n  web: { bind: ":8080", backend: a, ${keys} }\nbackends: { a: { servers: [{ url: "http://a:1" }] } }\n`

test('who speaks the PROXY protocol must be named; there is a time for its header', () => {
  const { listeners } = configOf(web('proxy_protocol: { trusted: [10.0.0.0/8, "::1"] }'))
  expect(listeners['web']).toMatchObject({
    proxy_protocol: { trusted: ['10.0.0.0/8', '::1'], timeout: 5000 },
  })
  expect(configOf(web('')).listeners['web']).not.toHaveProperty('proxy_protocol')
  expect(linesOf(web('proxy_protocol: {}'))).toEqual([
    expect.stringContaining('proxy_protocol: found no "trusted"'),
  ])
  expect(linesOf(web('proxy_protocol: { trusted: [] }'))).toHaveLength(1)
  expect(linesOf(web('proxy_protocol: { trusted: [everybody] }'))).toHaveLength(1)
  for (const said of ['true', 'v2', ''])
    expect(linesOf(web(`proxy_protocol: ${said}`))).toEqual([
      expect.stringContaining('write { trusted: [10.0.0.5] }, with the addresses of the proxies'),
    ])
  expect(linesOf(web('proxy_protocol: false'))).toEqual([expect.stringContaining('remove the key')])
})

test('proxies whose fields name the client stand beside it only where client_from says which counts', () => {
  const both = 'proxy_protocol: { trusted: [10.0.0.5] }, trusted_proxies: [192.0.2.0/24]'
  for (const text of [both, `${both}, client_from: proxy_protocol`])
    expect(linesOf(web(text))).toEqual([
      expect.stringMatching(/listeners\.web\.trusted_proxies: .*add client_from: x_forwarded_for$/),
    ])
  expect(linesOf(web(`${both}, client_from: forwarded`))).toEqual([])
})

test('client_from: proxy_protocol needs somebody who speaks it', () => {
  expect(linesOf(web('client_from: proxy_protocol'))).toEqual([
    expect.stringMatching(/listeners\.web\.client_from: .*nobody speaks here.*proxy_protocol/),
  ])
})

test('a turn listener for UDP alone has no use for it', () => {
  const keys = 'proxy_protocol: { trusted: [10.0.0.5] }'
  expect(linesOf(withTurn(keys))).toEqual([])
  expect(linesOf(withTurn(`${keys}\ntransports: [udp]`))).toEqual([
    expect.stringMatching(/listeners\.turn\.proxy_protocol: .*UDP alone/),
  ])
})
