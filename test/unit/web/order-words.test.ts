import { describe, expect, test } from 'bun:test'
import type { ServerLive, ServerResource } from '../../../web/data/servers.ts'
import { sentenceOf } from '../../../web/pages/backend/head-words.ts'
import { consequenceOf, type Scene, type Wanted } from '../../../web/pages/backend/order-words.ts'
import { serverRows } from '../../../web/pages/backend/server-rows.ts'
import { durationOf, msOf } from '../../../web/pages/backend/untils.ts'

interface Given {
  readonly is?: 'up' | 'down' | 'unchecked'
  readonly admin?: ServerLive['admin']
  readonly weight?: number
  readonly reason?: string
  readonly active?: number
  readonly rate?: number
  readonly max?: number
  readonly backup?: boolean
}

function sceneOf(servers: Readonly<Record<string, Given>>, more: Partial<Scene> = {}): Scene {
  const resources = Object.entries(servers).map(([id, one]): ServerResource => {
    const { is = 'up', admin = 'ready', weight = 1, active = 0, max, backup = false } = one
    const state: ServerLive['state'] =
      admin === 'drain' ? 'draining' : admin === 'maintenance' ? 'maintenance' : is
    const fields = {
      url: `http://${id}:80`,
      name: id,
      weight,
      backup,
      ...(max !== undefined && { max_connections: max }),
    }
    const live = {
      healthy: state !== 'down',
      weight,
      active_connections: active,
      state,
      admin,
      operational: is,
    }
    return {
      ...{ id, etag: '"1"', place: { file: 'sluice.yaml', line: 1, column: 1, end_line: 1 } },
      configured: fields,
      effective: fields as unknown as ServerResource['effective'],
      live: { ...live, reason: servers[id]?.reason ?? null, total_requests: 0, failed_requests: 0 },
    }
  })
  return {
    ...{ backend: 'api', rows: serverRows('api', resources, []), ignoresWeights: false, boundBy: null },
    ...{ panicThreshold: 0, rateOf: (id) => servers[id]?.rate ?? 0 },
    ...more,
  }
}

const drain: Wanted = { admin: 'drain', endsConnections: false }
const told = (scene: Scene, ids: string[], wanted: Wanted = drain) =>
  consequenceOf(scene, new Set(ids), wanted)

describe('what an order would do is told before it is given', () => {
  const five = {
    'api-1': { weight: 3, rate: 691, active: 412, max: 1024 },
    'api-2': { is: 'down', weight: 3 },
    'api-3': { admin: 'drain', weight: 3, active: 118 },
    'api-4': { weight: 3, rate: 513, active: 431 },
    'api-5': { admin: 'maintenance' },
  } as const

  test('the one that is left carries all of it', () => {
    expect(told(sceneOf(five), ['api-4'])).toEqual({
      tone: 'warn',
      words:
        'Leaves 1 of 5. api-1 would carry about 1,204/s, with about 961 of its 1,024 in flight. 431 running requests may finish.',
      takesLast: false,
    })
  })

  test('of several that are left the one is named that gets the most', () => {
    const scene = sceneOf({ a: { rate: 10 }, b: { rate: 20, weight: 2 }, c: { rate: 10 } })
    expect(told(scene, ['c']).words).toBe(
      'Leaves 2 of 3. Each of them would carry more: b would carry about 27/s instead of 20.',
    )
  })

  test('the last one is not taken out by accident', () => {
    const scene = sceneOf({ a: { active: 1 }, b: { is: 'down' } })
    expect(told(scene, ['a'])).toEqual({
      tone: 'down',
      words: 'Leaves none of 2. Every request to api would be answered 503. 1 running request may finish.',
      takesLast: true,
    })
    expect(told(scene, ['a'], { admin: 'maintenance', endsConnections: true }).words).toEndWith(
      '1 running request would be cut off.',
    )
  })

  test('a backup stands in, and is not there else', () => {
    expect(told(sceneOf({ a: { rate: 9.42 }, b: { backup: true } }), ['a'])).toMatchObject({
      words: 'Leaves 1 of 2. b would carry about 9.4/s.',
      takesLast: false,
    })
  })

  test('who takes none already changes nothing', () => {
    expect(told(sceneOf(five), ['api-2']).words).toBe('It takes no new requests as it is.')
    expect(told(sceneOf({ a: { is: 'down' } }), ['a'])).toMatchObject({ takesLast: false, tone: 'warn' })
  })

  test('those who belong to a server that drains come back to it', () => {
    const scene = sceneOf({ a: {}, b: {} }, { boundBy: 'the cookie session' })
    expect(told(scene, ['a']).words).toEndWith('Requests that belong to it by the cookie session still come.')
  })

  test('below panic_threshold failing servers are used', () => {
    const servers = { a: {}, b: {}, c: { is: 'down' }, d: { is: 'down' } } as const
    expect(told(sceneOf(servers, { panicThreshold: 0.5 }), ['a']).words).toContain('panic_threshold')
    expect(told(sceneOf({ a: {}, b: {}, c: {} }, { panicThreshold: 0.5 }), ['a']).words).not.toContain(
      'panic',
    )
  })

  test('a weight is told as a share, and one that comes back as what it would take', () => {
    const scene = sceneOf({ a: { rate: 30 }, b: { rate: 10 }, c: { admin: 'drain' } })
    expect(told(scene, ['a'], { weight: 3 }).words).toBe(
      'a would take 75 % of requests, about 30/s; now 50 %.',
    )
    expect(told(scene, ['c'], { admin: 'ready', endsConnections: false }).words).toBe(
      'c would take 33 % of requests, about 13/s; now 0 %.',
    )
  })
})

describe('how a backend is, in a sentence', () => {
  test('who is out, and why', () => {
    const scene = sceneOf({ 'api-1': {}, 'api-2': { is: 'down' }, 'api-3': { admin: 'drain' }, 'api-4': {} })
    expect(sentenceOf(scene.rows)).toBe(
      '2 of 4 servers take new requests: api-2 fails its check and api-3 drains. Without api-1 and api-4 every request would be answered 503.',
    )
  })

  test('when none is left', () => {
    expect(sentenceOf(sceneOf({ a: { is: 'down' }, b: { is: 'down' } }).rows)).toBe(
      'No server takes new requests: a and b fail their check. Every request is answered 503.',
    )
  })

  test('when those that get requests fail them, and no check keeps them away', () => {
    const failing = { is: 'unchecked', reason: 'response_timeout, 44 in a row' } as const
    expect(sentenceOf(sceneOf({ a: failing }).rows)).toBe(
      'a fails its requests, and gets them all the same: no other server takes any.',
    )
    expect(sentenceOf(sceneOf({ a: failing, b: failing, c: { is: 'down' } }).rows)).toBe(
      'Both servers that get requests fail them: c fails its check.',
    )
  })

  test('when all is well', () => {
    expect(sentenceOf(sceneOf({ a: {}, b: {}, c: {} }).rows)).toBe('All 3 servers take requests.')
    expect(sentenceOf(sceneOf({ a: {}, b: {} }).rows)).toBe('Both servers take requests.')
  })
})

test('a time is read as it is written', () => {
  expect([msOf('1h30m'), msOf('90 min'), msOf('2d'), msOf('soon'), msOf('5')]).toEqual([
    5_400_000,
    5_400_000,
    172_800_000,
    null,
    null,
  ])
  expect(durationOf('90 min')).toBe('90m')
})
