import { beforeAll, describe, expect, test } from 'bun:test'
import type { Circuit, PassiveState } from '../../../web/data/api-types.ts'
import { type ServerLive, shownOperation } from '../../../web/data/servers.ts'
import { sentenceOf } from '../../../web/pages/backend/head-words.ts'
import {
  circuitWords,
  failedOf,
  mostWords,
  lastCheckOf,
  weightWords,
  opensWords,
  passiveWords,
  shownCircuit,
  shownPassive,
  takesOutWords,
} from '../../../web/pages/backend/guard-words.ts'
import { limitCounts, retryCounts, sessionCounts } from '../../../web/pages/backend/policy-words.ts'
import { serverRows } from '../../../web/pages/backend/server-rows.ts'
import { boundByOf } from '../../../web/pages/backend/balancing-words.ts'
import { byOf, patchTo } from '../../../web/pages/backend/session-words.ts'

const CLOSED: Circuit = {
  ...{ state: 'closed', mode: 'enforce', since: null, reason: null, half_open_at: null },
  ...{ window: { requests: 200, failed: 4, slow: 0 }, failed_in_a_row: 0, let_through: 0 },
  ...{ half_open_requests: 3, went_well: 0, half_open_successes: 3, opening: null, openings: 0 },
  ...{ held_back: 0, ordered: null },
}
const OPENING = {
  ...{ reason: 'failure_ratio', requests: 138, failed: 98, slow: 0, failed_in_a_row: 7 },
  ...{ open_ms: 30_000, times: 1 },
}
const OPEN: Circuit = {
  ...CLOSED,
  ...{ state: 'open', since: new Date(2026, 0, 2, 2, 57).toISOString(), opening: OPENING, openings: 1 },
  window: { requests: 0, failed: 0, slow: 0 },
}

beforeAll(() => void (process.env['TZ'] = 'UTC'))

describe('a breaker', () => {
  test('says when it opens, in the words of what is configured', () => {
    expect(opensWords({})).toBe('opens when more than 50 % of at least 100 in 60 s failed')
    expect(opensWords({ failure_ratio: 1, failures: 5, slow: {} })).toBe(
      'opens when all of at least 100 in 60 s failed, or after 5 failed in a row, or when more than 50 % took over 2 s',
    )
    expect(mostWords()).toBe(
      'At most half of the servers are out at once by breakers and passive health together; one always may be.',
    )
    expect(mostWords(1)).toBe('All servers may be out at once by breakers and passive health together.')
  })

  test('that is open says when and at what it opened, and shows the share of that moment', () => {
    expect(circuitWords(OPEN)).toMatch(/^opened .*02:57 at 98 of 138 failed$/)
    expect(failedOf(OPEN)).toMatchObject({ failed: 98, requests: 138 })
    const again = { ...OPENING, reason: 'half_open', times: 3, failed: 1, requests: 1 }
    expect(failedOf({ ...OPEN, opening: again })).toMatchObject({ failed: 1, requests: 1 })
    expect(circuitWords({ ...OPEN, opening: again })).toEndWith(
      'again, as one that was let through failed, 3 times in a row',
    )
    expect(shownCircuit(OPEN)).toEqual({ look: 'down', word: 'Open' })
    expect(shownCircuit({ ...OPEN, mode: 'shadow' })).toEqual({ look: 'warn', word: 'Would be open' })
    const held = { state: 'open', by: 'mira', reason: null, since: '', until: null }
    expect(shownCircuit({ ...OPEN, ordered: held })).toEqual({ look: 'maint', word: 'Held open' })
  })

  test('that is half-open says how far it is', () => {
    const half = { ...OPEN, state: 'half_open', went_well: 2, let_through: 1 }
    expect(circuitWords(half)).toBe('2 of 3 that close it went well, 1 of 3 under way')
  })

  test('that a person holds says who, until when and why', () => {
    const ordered = { state: 'open', by: 'mira', reason: 'disk swap', since: '', until: null }
    expect(circuitWords({ ...OPEN, ordered })).toBe('held open by mira: “disk swap”')
  })

  test('that is closed says only what is odd', () => {
    expect(circuitWords(CLOSED)).toBe('')
    expect(circuitWords({ ...CLOSED, held_back: 2, openings: 1, failed_in_a_row: 3 })).toBe(
      '3 failed in a row · held back 2 times: too many others were out · opened once so far',
    )
  })
})

describe('passive health', () => {
  const IN: PassiveState = {
    ...{ state: 'in', mode: 'enforce', reason: null, until: null, times: 0, window: '30s' },
    ...{ attempts: 40, failures: 2, last: 'connect_refused' },
  }
  const OUT: PassiveState = {
    ...{ ...IN, state: 'out', until: '2026-01-02T03:00:00Z', times: 2 },
    reason: 'passive: 5 failures in 30s (last connect_refused), out for 1m, the 2nd time',
  }

  test('says by what a server goes out', () => {
    expect(takesOutWords({})).toBe(
      'out after 5 failures in 30 s, or 5 in a row, or a success rate far below its peers',
    )
    expect(takesOutWords({ failures: 0, faults_in_a_row: 0, success_rate: false })).toBe(
      'no rule takes a server out',
    )
  })

  test('says what failed, and why a server is out without repeating for how long', () => {
    expect(passiveWords(IN)).toBe('last connect refused')
    expect(passiveWords({ ...IN, failures: 0 })).toBe('')
    expect(passiveWords(OUT)).toBe('5 failures in 30s (last connect_refused), the 2nd time')
    expect([shownPassive(IN).word, shownPassive(OUT).word]).toEqual(['Not out', 'Taken out'])
    expect(shownPassive({ ...IN, attempts: 0 })).toEqual({ look: 'unk', word: 'Unused' })
    expect(shownPassive({ ...OUT, mode: 'shadow' }).word).toBe('Would be out')
  })
})

describe('a server in the list', () => {
  const live = (more: Partial<ServerLive>): ServerLive => ({
    ...{ healthy: true, weight: 1, active_connections: 0, state: 'up', reason: null, admin: 'ready' },
    ...{ operational: 'up', total_requests: 0, failed_requests: 0, ...more },
  })
  const OPENED = live({ healthy: false, circuit_state: 'Open', reason: 'circuit open: 9 of 9 failed' })
  const TAKEN = live({
    ...{ healthy: false, state: 'down', operational: 'down', reason: 'passive: 5 failures in 30s' },
  })

  test('has the state of its breaker and of passive health', () => {
    expect(shownOperation(OPENED)).toEqual({ look: 'down', word: 'Breaker open' })
    const order = {
      kind: 'circuit',
      value: 'open',
      reason: null,
      by: 'mira',
      since: '',
      until: null,
    } as const
    expect(shownOperation({ ...OPENED, orders: [order] })).toEqual({ look: 'maint', word: 'Held open' })
    expect(shownOperation(TAKEN)).toEqual({ look: 'down', word: 'Taken out' })
    const half = live({ circuit_state: 'HalfOpen', reason: 'circuit half-open: 9 of 9 failed' })
    expect(shownOperation(half)).toEqual({ look: 'warn', word: 'Half-open' })
    // One that only watches.
    expect(shownOperation(live({ circuit_state: 'Open' })).word).toBe('Up')
    const first = { state: 'starting', operational: 'starting', reason: 'not checked yet' } as const
    expect(shownOperation(live(first))).toEqual({ look: 'unk', word: 'Starting' })
  })

  test('has no last check where it is not checked any more', () => {
    const check = { time: '2026-01-02T03:04:05Z', result: 'pass', reason: null, ms: 0.9 } as const
    expect(lastCheckOf(live({ last_check: check }))).toEqual(check)
    const unchecked = live({ last_check: check, state: 'unchecked', operational: 'unchecked' })
    expect(lastCheckOf(unchecked)).toBeUndefined()
  })

  test('has a share of its weight while that is another one', () => {
    expect(weightWords(live({}))).toBe('')
    expect(weightWords(live({ weight: 3, dynamic_weight: 2.4, slow_start: 0.4 }))).toBe(
      'dynamic weight 2.40 of 3 · 40 % of it, as it came up lately',
    )
    expect(weightWords(live({ weight: 3, dynamic_weight: 2.4, dynamic_weight_shadow: true }))).toBe(
      'dynamic weight would be 2.40 in place of 3 (shadow)',
    )
    const orders = [{ kind: 'weight', value: 3, reason: null, by: 'ana', since: '', until: null }] as const
    expect(weightWords(live({ weight: 3, dynamic_weight: 2.4, orders }))).toBe(
      'dynamic weights leave an ordered weight alone',
    )
  })

  test('that takes no requests is named in the sentence above with the reason', () => {
    const rows = Object.entries({ a: live({}), b: OPENED, c: TAKEN }).map(([id, one]) => ({
      ...{ id, etag: '"1"', place: { file: 'sluice.yaml', line: 1, column: 1, end_line: 1 } },
      ...{ configured: { url: `http://${id}:80` }, live: one },
      effective: { url: `http://${id}:80`, name: id, weight: 1, backup: false, max_connections: 1 },
    }))
    expect(sentenceOf(serverRows('api', rows as never, []))).toBe(
      '1 of 3 servers takes new requests: c is out as its requests fail and b has its breaker open. Without a every request would be answered 503.',
    )
  })
})

describe('what policies counted', () => {
  test('retries come with their reasons, the budget with how much of it is in use', () => {
    expect(retryCounts({})).toBeNull()
    const retries = { by_reason: { status_503: 3, connect_refused: 12 }, refused: 0, under_way: 1, most: 4 }
    expect(retryCounts({ retries, hedges: { won: 2, lost: 5, refused: 1 } })).toEqual([
      { label: 'Tried again', value: '15', more: '12 connect refused, 3 status 503' },
      {
        ...{ label: 'Budget in use', value: '1 of 4', used: 0.25 },
        more: 'further attempts, over all workers',
      },
      { label: 'Stopped by the budget', value: '0', more: 'the budget was never used up' },
      { label: 'Hedged', value: '7', more: '5 lost, 2 won, 1 stopped by the budget' },
    ])
    const stopped = (refused: number, hedges: number): string | undefined =>
      retryCounts({ retries: { ...retries, refused }, hedges: { refused: hedges } })?.[2]?.more
    expect(stopped(597, 177)).toBe('420 where what had failed stood, 177 hedges')
    expect(stopped(177, 177)).toBe('all of them hedges: nothing had failed')
    expect(stopped(3, 0)).toBe('what had failed stood')
  })

  test('a limit that was found is told with what waits for answers, and that shadow holds nobody back', () => {
    const live = {
      waiting: 0,
      active_connections: 9,
      adaptive_limit: { in_flight: 3, most: 12, mode: 'shadow' },
    }
    expect(limitCounts(live, { size: 4, servers: null })).toEqual([
      {
        ...{ label: 'Adaptive limit', value: '3 of 12', used: 0.25 },
        more: 'wait for answers to begin; shadow: nothing is held back',
      },
      { label: 'Waiting', value: '0', more: 'each worker has room for 4' },
    ])
  })

  test('sessions come with their shares', () => {
    expect(sessionCounts({})).toBeNull()
    const [hit, fresh, moved] = sessionCounts({ sticky: { hit: 90, new: 10 } }) ?? []
    expect([hit?.value, hit?.more]).toEqual(['90', '90 %, served by the server that has the session'])
    expect([fresh?.label, moved?.value, moved?.more]).toEqual([
      ...['New', '0', 'their server was out of use, another has them now'],
    ])
  })
})

describe('by what sessions stay', () => {
  test('is read from each way of writing it', () => {
    expect(
      [undefined, false, true, {}, { header: 'X-User' }, { client_ip: true }, { learn: 'S' }].map(byOf),
    ).toEqual(['nothing', 'nothing', 'cookie', 'cookie', 'header', 'client_ip', 'learn'])
  })

  test('says what still comes to a server that drains', () => {
    const of = (sticky: unknown) => boundByOf({ algorithm: 'round_robin', sticky })
    expect([of(true), of({ drain: 'leave' })]).toEqual([null, null])
    expect(of({ drain: 'sticky' })).toBe('the cookie sluice_sticky')
    expect(of({ drain: 'sticky', learn: 'JSESSIONID' })).toBe('the cookie JSESSIONID')
    expect(of({ drain: 'sticky', header: 'X-User' })).toBe('the header X-User')
    const hash = { by: 'cookie', name: 'session' }
    expect(boundByOf({ algorithm: 'hash', hash })).toBe('the cookie session')
  })

  test('goes to another way with nothing of the old one left', () => {
    expect(patchTo('nothing', true)).toBeNull()
    expect(patchTo('cookie', undefined)).toBe(true)
    expect(patchTo('header', { ttl: '8h', drain: 'sticky' })).toEqual({ ttl: null, header: 'X-User' })
    expect(patchTo('cookie', { header: 'X-User', drain: 'sticky' })).toEqual({ header: null })
  })
})
