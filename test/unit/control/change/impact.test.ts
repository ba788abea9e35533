import { expect, test } from 'bun:test'
import { impactInWords, impactOf } from '../../../../server/control/change/impact.ts'
import type { Config } from '../../../../server/config/schema.ts'
import { configOf } from '../relay/turn-config.ts'

type Listeners = Readonly<
  Record<string, { readonly bind: string | readonly string[]; readonly protocol: string }>
>

const withListeners = (listeners: Listeners): Config =>
  ({ ...configOf({}), backends: {}, listeners }) as unknown as Config

const inWords = (before: Listeners, after: Listeners): readonly string[] =>
  impactInWords(impactOf({ before: withListeners(before), after: withListeners(after), inFlight: () => 0 }))

const http = (...bind: readonly string[]) => ({ bind, protocol: 'http' })

test('an address that only another listener has now stays open, and is told so', () => {
  expect(inWords({ web: http('0.0.0.0:80') }, { site: http('0.0.0.0:80') })).toEqual([
    'listener site takes over: 0.0.0.0:80 stays open, and is no longer that of listener web',
  ])
})

test('of a listener that is gone those addresses close that nobody else has', () => {
  const before = { web: http('0.0.0.0:80', '0.0.0.0:81'), api: http('0.0.0.0:90') }
  expect(inWords(before, { api: http('0.0.0.0:90', '0.0.0.0:80', '0.0.0.0:91') })).toEqual([
    'listener web closes: 0.0.0.0:81 closes: what is in flight there ends in its own time',
    'listener api moves: 0.0.0.0:91 opens, 0.0.0.0:80 stays open, and is no longer that of listener web',
  ])
})

test('UDP and TCP on one port are two addresses', () => {
  const udp = { bind: '0.0.0.0:53', protocol: 'udp' }
  expect(inWords({ web: http('0.0.0.0:53') }, { dns: udp })).toEqual([
    'listener web closes: 0.0.0.0:53 closes: what is in flight there ends in its own time',
    'listener dns opens: udp 0.0.0.0:53 opens',
  ])
})

test('TURN over TLS has an address of its own, and a transport that is not spoken has none', () => {
  const turn = (more: object) => ({
    bind: '0.0.0.0:3478',
    protocol: 'turn',
    transports: ['udp', 'tcp'],
    ...more,
  })
  const tls = { bind: '127.0.0.1:5349' }
  expect(inWords({ turn: turn({}) }, { turn: turn({ tls }) })).toEqual([
    'listener turn moves: 127.0.0.1:5349 opens',
  ])
  expect(inWords({ turn: turn({ tls }) }, { turn: turn({}) })).toEqual([
    'listener turn moves: 127.0.0.1:5349 closes: what is in flight there ends in its own time',
  ])
  expect(inWords({}, { turn: turn({ transports: ['udp'] }) })).toEqual([
    'listener turn opens: udp 0.0.0.0:3478 opens',
  ])
})

test('listeners that take any free port do not take over that of one another', () => {
  const both = { web: http('127.0.0.1:0'), shop: http('127.0.0.1:0') }
  expect(inWords(both, both)).toEqual([])
})
