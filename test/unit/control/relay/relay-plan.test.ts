import { expect, test } from 'bun:test'
import { makeRelayBody, turnListeners, type HeldSocket } from '../../../../server/control/relay/relay-plan.ts'
import { DOOR } from '../../../../server/turn/messages.ts'
import { relayConfig, turnListener } from '../../../support/turn-config.ts'
import { configOf } from './turn-config.ts'

const udp: HeldSocket = { key: 'turn#0', listener: 'turn', host: '127.0.0.1', port: 3478, fd: 11 }
const door: HeldSocket = { key: 'door', listener: DOOR, host: '', port: 0, fd: 12 }
const none = { udp: [], door: null, ownAddresses: [], nonceKey: 'aa', workers: 1 }

test('the relay is told of its listeners, its sockets, and what peers must not reach; of nothing else', () => {
  const config = configOf({ web: { protocol: 'http', bind: ':80' }, turn: turnListener() })
  const ownAddresses = ['127.0.0.1:80', '127.0.0.1:9090']
  const body = makeRelayBody({
    plan: { number: 3, config },
    udp: [udp],
    door,
    ownAddresses,
    nonceKey: 'aa',
    workers: 2,
  })
  expect(body.plan).toEqual({
    number: 3,
    listeners: { turn: turnListener() },
    ownAddresses,
    nonceKey: 'aa',
    logs: { level: 'warn', format: 'json' },
    sockets: [
      { key: 'turn#0', listener: 'turn', host: '127.0.0.1', port: 3478 },
      { key: 'door', listener: DOOR, host: '', port: 0 },
    ],
  })
  expect(body.sockets).toEqual([udp, door])
  expect(body.sockets[0]).toBe(udp)
  expect(body.drainMs).toBe(3000)
})

test('descriptors: a socket and a reservation an allocation, two families where both are relayed, two for each connection of each worker', () => {
  const wanted = (more: Parameters<typeof turnListener>[0], workers = 1): number => {
    const config = configOf({ turn: turnListener(more) })
    return makeRelayBody({ ...none, plan: { number: 1, config }, workers }).descriptors
  }
  const own = wanted({ relay: false, limits: { connections: 1, unauthenticated: 1, binding: 5000 } }) - 2
  const limits = { connections: 10, unauthenticated: 1, binding: 1 }
  const at = (...bind: string[]) => relayConfig({ bind })
  const quotas = { ...turnListener().quotas, total: 100 }
  expect(wanted({ limits, quotas, relay: at('127.0.0.1') }) - own).toBe(220)
  expect(wanted({ limits, quotas, relay: at('127.0.0.1') }, 4) - own).toBe(280)
  expect(wanted({ limits, quotas, relay: at('127.0.0.1', '::1') }) - own).toBe(320)
  expect(wanted({ limits, quotas, relay: at() }) - own).toBe(320)
  expect(wanted({ limits, quotas, relay: false }) - own).toBe(20)
})

test('turn listeners of a config', () => {
  expect(turnListeners(configOf({ web: { protocol: 'http', bind: ':80' } }))).toEqual({})
  expect(Object.keys(turnListeners(configOf({ web: { protocol: 'http' }, a: turnListener() })))).toEqual([
    'a',
  ])
})
