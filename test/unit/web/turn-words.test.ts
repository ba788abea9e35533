// TURN in words: rates of two answers, whom a listener refuses, and what came of a test of the relay.
import { expect, test } from 'bun:test'
import type { Turn } from '../../../web/data/api-types.ts'
import { rowsOf } from '../../../web/pages/realtime/allocation-rows.ts'
import { nothingYet, type Outcome } from '../../../web/pages/realtime/relay-outcome.ts'
import { outsideSaid, resultOf, saidOf, wayOf } from '../../../web/pages/realtime/relay-words.ts'
import { followed, lately, type TurnListener } from '../../../web/pages/realtime/turn-courses.ts'
import {
  authWords,
  codesOf,
  refusalsOf,
  remaining,
  sentenceOf,
} from '../../../web/pages/realtime/turn-words.ts'

const LISTENER: TurnListener = {
  ...{
    name: 'turn',
    realm: 'example.org',
    connections: 0,
    dropped: {},
    refused: {},
    refused_peers: {},
    requests: {},
  },
  addresses: [
    { transport: 'udp', address: '203.0.113.10:3478' },
    { transport: 'tcp', address: '203.0.113.10:3478' },
    { transport: 'tls', address: '203.0.113.10:5349' },
  ],
  relay: {
    ...{ bind: [], advertise: [], ports: '49152-65535', port_count: 16384, tcp: false, mobility: false },
    ...{ lifetime_s: 600, lifetime_max_s: 3600 },
  },
  auth: { everybody: false, users: 1, secrets: 2, makes_credentials: true, strict_expiry: false },
  ...{ peers: { allow: [], deny: [] }, quotas: { total: 4000 }, limits: {} },
  allocations: { open: { udp: 2, tls: 1 }, total: {}, ended: {} },
  ...{ bytes: { to_peer: 1000, to_client: 0 }, packets: { to_peer: 10 } },
}

const answer = (s: number, more: Partial<TurnListener>): Turn => ({
  ...{ time: new Date(1_000_000 + s * 1000).toISOString(), serving: true },
  listeners: [{ ...LISTENER, ...more }],
})

test('rates are those between two answers, and not known after a restart or a gap', () => {
  const first = followed(new Map(), answer(0, {}))
  expect(first.get('turn')!.moments[0]!.toPeers).toBeNull()
  const second = followed(
    first,
    answer(2, { bytes: { to_peer: 5000, to_client: 0 }, refused: { 401: 90, 486: 2 } }),
  )
  expect(second.get('turn')!.moments[1]).toMatchObject({ toPeers: 2000, open: 3, refused: 60 })
  expect(lately(second.get('turn')!.moments, ({ toPeers }) => toPeers)).toBe(2000)
  expect(followed(second, answer(2, {})).get('turn')!.moments).toHaveLength(2)
  const restarted = followed(second, answer(4, { bytes: { to_peer: 10 } })).get('turn')!
  expect(restarted.moments[2]!.toPeers).toBeNull()
  expect(
    followed(second, answer(90, { bytes: { to_peer: 9000 } })).get('turn')!.moments[2]!.toPeers,
  ).toBeNull()
})

test('allocations tell what each relays between two answers', () => {
  const one = { id: 'a', bytes_to_peers: 100, bytes_to_client: 0 } as never
  const next = { id: 'a', bytes_to_peers: 1100, bytes_to_client: 500 } as never
  const [row, other] = rowsOf({ atMs: 2000, list: [next, { id: 'b' } as never] }, { atMs: 0, list: [one] })
  expect([row!.inPerS, row!.outPerS, other!.inPerS]).toEqual([500, 250, null])
})

test('a listener is told in a sentence', () => {
  expect(sentenceOf(LISTENER, true)).toBe(
    'Listener turn relays for 3 clients at 203.0.113.10, ports 3478 (UDP, TCP) and 5349 (TLS).',
  )
  expect(sentenceOf({ ...LISTENER, relay: null }, true)).toContain('answers STUN at')
  expect(sentenceOf(LISTENER, false)).toContain('is being started again')
  expect(authWords(LISTENER)).toBe('who has credentials made with one of 2 secrets and 1 user of the config')
  expect(remaining(432)).toBe('7:12')
})

test('refusals have a reason and a remedy, and challenges are no refusals', () => {
  const busy = { ...LISTENER, refused: { 401: 900, 403: 2, 486: 5 }, dropped: { no_permission: 3 } }
  expect(refusalsOf(busy).map(({ code, n, isUsual }) => [code, n, isUsual])).toEqual([
    ['486', 5, false],
    ['403', 2, false],
    ['401', 900, true],
    ['', 3, true],
  ])
  expect(refusalsOf(busy)[0]!.todo).toContain('quotas.user')
  expect(codesOf(busy)).toBe('486 5 · 403 2')
  expect(codesOf({ ...LISTENER, refused: { 401: 900 } })).toBe('')
})

const URL_UDP = 'turn:203.0.113.10:3478?transport=udp'
const AROUND = { relayPorts: '49152-65535', isLoopbackPage: false }
const outcome = (more: Partial<Outcome>): Outcome => ({
  ...nothingYet(URL_UDP),
  isDone: true,
  tookMs: 10_000,
  ...more,
})

test('the ways are told apart', () => {
  expect(wayOf(URL_UDP)).toEqual({ transport: 'UDP', host: '203.0.113.10', port: '3478' })
  expect(wayOf('turns:[2001:db8::1]:443?transport=tcp')).toEqual({
    transport: 'TLS',
    host: '[2001:db8::1]',
    port: '443',
  })
  expect(wayOf('turn:example.org?transport=tcp')).toEqual({
    transport: 'TCP',
    host: 'example.org',
    port: '3478',
  })
})

test('what worked says through what; what failed says at which step, why and what to do', () => {
  const good = outcome({ isOpen: true, openMs: 36, pair: 'a ⇄ b', p50Ms: 18.4, sent: 200, lost: 0 })
  expect(saidOf(good, AROUND)).toMatchObject({ state: 'up', title: 'TURN by UDP 3478', time: '36 ms' })
  expect(saidOf({ ...good, lost: 50 }, AROUND)).toMatchObject({
    state: 'warn',
    cause: '50 of 200 messages were lost.',
  })
  const closed = saidOf(outcome({ errors: [{ code: 701, text: '' }] }), AROUND)
  expect([closed.state, closed.detail]).toEqual(['down', 'No answer from 203.0.113.10:3478.'])
  expect(closed.todo).toContain('Open UDP 3478 in the firewall')
  const inside = saidOf(outcome({ relayed: ['10.0.0.5:50000'] }), AROUND)
  expect(inside.todo).toBe(
    'Open UDP 49152-65535 to the gateway, and set relay.advertise to the address that the outside knows it by.',
  )
  const refused = saidOf(outcome({ errors: [{ code: 401, text: 'Unauthorized' }] }), AROUND)
  expect(refused.detail).toBe('203.0.113.10:3478 answered 401 Unauthorized.')
  const loopback = { ...outcome({}), url: 'turn:127.0.0.1:3478?transport=udp' }
  expect(saidOf(loopback, { ...AROUND, isLoopbackPage: true }).cause).toContain('no loopback address')
  const tls = { ...outcome({}), url: 'turns:203.0.113.10:5349?transport=tcp' }
  expect(saidOf(tls, AROUND).cause).toContain('certificate')
})

test('the result is one word for all ways', () => {
  const open = outcome({ isOpen: true })
  const tls = { ...outcome({}), url: 'turns:203.0.113.10:5349?transport=tcp' }
  expect(resultOf([open, tls])).toEqual({ state: 'warn', word: 'Works, but not by TLS' })
  expect(resultOf([open]).word).toBe('Works')
  expect(resultOf([tls]).state).toBe('down')
  expect(resultOf([open, { ...tls, isDone: false }]).word).toBe('Under way')
})

test('STUN that told nothing is no success unless UDP got through', () => {
  const silent = { address: null, error: null }
  expect(outsideSaid(silent, [outcome({})]).state).toBe('unk')
  expect(outsideSaid(silent, [outcome({ isOpen: true })]).state).toBe('up')
  expect(outsideSaid({ address: null, error: '701 ' }, []).detail).toBe('no answer (701)')
  expect(outsideSaid({ address: '203.0.113.201:62110', error: null }, []).detail).toContain(
    '203.0.113.201:62110',
  )
})
