import { describe, expect, test } from 'bun:test'
import type { BandwidthLimitConfig } from '../../../server/middleware/bandwidth-limit.options.ts'
import type { BodyTransform } from '../../../server/middleware/middleware.ts'
import { OwnPace, paceLimit, SharedPace } from '../../../server/middleware/pace.ts'
import { Throttled } from '../../../server/middleware/throttled.ts'
import { Buckets } from '../../../server/scoreboard/buckets.ts'
import { FakeSink, pushOnce } from '../../support/body-sink.ts'
import { stepOf, testGround } from '../../support/step-world.ts'
import { waitFor } from '../../support/wait.ts'
import { problemsOf, withRules } from '../config/parse.ts'
import { exchange, responseOf } from './exchanges.ts'

const KIB = 1024
const MIB = 1024 * KIB

describe('a pace', () => {
  test('of one body gives the burst at once, then each byte its time', () => {
    const pace = new OwnPace(1000, 500)
    expect([pace.ask(500, 0), pace.ask(100, 0), pace.ask(100, 0)]).toEqual([0, 100, 200])
    expect(pace.ask(100, 10_000)).toBe(0)
    expect(pace.ask(500, 10_000)).toBe(100)
  })

  test('that many share gives all of them together the rate, in turn', () => {
    const buckets = Buckets.private(64 * KIB)
    const limit = paceLimit(buckets, 'a', 100 * KIB, 16 * KIB)
    const paces = ['k', 'k', 'k', 'other'].map((key) => new SharedPace(buckets, limit, key, () => {}))
    const ask = (place: number, bytes: number, ms = 1_000_000): number =>
      Math.round(paces[place]!.ask(bytes, ms))
    expect([ask(0, 16 * KIB), ask(1, 10 * KIB), ask(2, 10 * KIB), ask(0, 10 * KIB)]).toEqual([
      0, 100, 200, 300,
    ])
    expect(ask(3, 16 * KIB)).toBe(0)
    expect(ask(1, 10 * KIB, 1_000_350)).toBe(50)
  })

  test('books no more than a minute ahead', () => {
    const buckets = Buckets.private(64 * KIB)
    for (const rate of [256, 10 * MIB, 1024 * MIB]) {
      const limit = paceLimit(buckets, `${rate}`, rate, 16 * KIB)
      const pace = new SharedPace(buckets, limit, 'k', () => {})
      let asked = 0
      while (pace.ask(rate, 5_000_000) >= 0) asked++
      expect(asked).toBeWithin(59, 61 + (16 * KIB) / rate + 1)
      expect(pace.ask(rate, 5_000_000)).toBeLessThan(0)
      expect(pace.ask(rate, 5_002_000)).toBeWithin(57_000, 60_001)
    }
  })
})

/** A throttle on a clock that the test sets; what it waits for comes at once. */
function throttled(bytesPerS: number, more: { after?: number; isShadow?: boolean; length?: number } = {}) {
  const over: number[] = []
  const transform = new Throttled({
    pace: new OwnPace(bytesPerS, 16 * KIB),
    after: more.after ?? 0,
    isShadow: more.isShadow ?? false,
    now: () => performance.now(),
    length: () => more.length ?? -1,
    over: (ms) => void over.push(ms),
  })
  return { transform, next: new FakeSink(), over }
}

const BODY = Buffer.from(Array.from({ length: 40 * KIB }, (_, i) => i % 251))

describe('an answer', () => {
  test('comes as it is, in its time, and its source waits meanwhile', async () => {
    const { transform, next, over } = throttled(256 * KIB, { length: BODY.length })
    const begun = performance.now()
    pushOnce(transform, BODY, next)
    expect([next.isPaused, next.length]).toEqual([true, BODY.length])
    expect(next.keptBytes).toBeGreaterThan(0)
    expect(next.bytes.length).toBeWithin(1, 17 * KIB)
    transform.end(next)
    await waitFor(() => next.isEnded)
    // 24 KiB beyond the burst.
    expect(performance.now() - begun).toBeGreaterThan(90)
    expect(next.bytes.equals(BODY)).toBe(true)
    expect([next.keptBytes, over.length]).toEqual([0, 1])
    expect(over[0]).toBeGreaterThan(40)
  })

  test('whose beginning is free counts from there', () => {
    const { transform, next } = throttled(256, { after: 30 * KIB })
    pushOnce(transform, BODY, next)
    expect(next.bytes.length).toBeWithin(30 * KIB, 46 * KIB + 1)
    transform.cancel()
    expect(next.keptBytes).toBe(0)
  })

  test('whose client is slow books nothing meanwhile, and goes on when it has taken it', async () => {
    const { transform, next } = throttled(100 * MIB)
    next.onWrite = () => void (next.isFull = true)
    pushOnce(transform, BODY, next)
    transform.end(next)
    while (!next.isEnded) {
      const before = next.bytes.length
      next.isFull = false
      transform.drained(next)
      await waitFor(() => next.isEnded || next.bytes.length > before)
    }
    expect(next.bytes.equals(BODY)).toBe(true)
  })

  test('in shadow waits for nothing, and says what it would have waited', () => {
    const { transform, next, over } = throttled(KIB, { isShadow: true })
    pushOnce(transform, BODY, next)
    transform.end(next)
    expect([next.isEnded, next.bytes.equals(BODY)]).toEqual([true, true])
    expect(over[0]).toBeGreaterThan(23_000)
  })

  test('without a body ends at once, and one that is given up lets go of all', () => {
    const empty = throttled(256)
    empty.transform.end(empty.next)
    expect([empty.next.isEnded, empty.over]).toEqual([true, [0]])
    const gone = throttled(256)
    pushOnce(gone.transform, BODY, gone.next)
    gone.transform.cancel()
    gone.transform.cancel()
    expect([gone.next.isEnded, gone.over.length]).toEqual([false, 1])
  })
})

const DEFAULTS: BandwidthLimitConfig = {
  mode: 'enforce',
  key: ['request'],
  missing: 'client_ip',
  ipv4_prefix: 32,
  ipv6_prefix: 64,
  after: 0,
}

describe('the step', () => {
  test('gives uploads and tunnels their paces, and those of two steps both hold', () => {
    const ground = testGround()
    const [own, shared] = [
      { uploads: 1000, answers: 500 },
      { uploads: 200, key: ['rule'], burst: 1024 },
    ].map((more) => stepOf({ bandwidth_limit: { ...DEFAULTS, ...more } }, ground))
    const x = exchange()
    own?.request?.(x, own.note?.())
    shared?.request?.(x, shared.note?.())
    const { uploads, answers } = x.paces!
    expect(answers).toBeInstanceOf(OwnPace)
    expect(uploads?.ask(1024, 1_000_000)).toBe(0)
    // 1,000 bytes at 200 a second: the slower of both.
    expect(uploads?.ask(1000, 1_000_000)).toBeCloseTo(5000, -1)
  })

  test('is no body step where answers are not limited, and counts what came of it', () => {
    const scratch = testGround()
    const counted: string[] = []
    const ground = testGround({
      counter: (name, labels) => {
        const counter = scratch.counter(name, labels)
        return Object.assign(Object.create(counter), { add: () => void counted.push(`${name} ${labels[0]}`) })
      },
    })
    const step = (more: Partial<BandwidthLimitConfig>) =>
      stepOf({ bandwidth_limit: { ...DEFAULTS, ...more } }, ground)
    expect(step({ uploads: 1000 }).body).toBeUndefined()
    const shadow = step({ answers: 1000, mode: 'shadow' })
    const x = exchange()
    const note = shadow.note?.()
    shadow.request?.(x, note)
    expect(x.paces ?? null).toBeNull()
    const transform = shadow.body?.(x, responseOf(), note) as BodyTransform
    pushOnce(transform, BODY, new FakeSink())
    transform.cancel?.()
    shadow.end?.(x, note)
    expect(x.shadow).toBe('bandwidth_limit')
    expect(counted).toEqual(['shadow_refusals_total test', 'bandwidth_bodies_total shadow'])
  })
})

test('bad input is told with what is allowed', () => {
  const said = (words: string): string =>
    problemsOf(withRules(`  - { name: r, backend: app, middleware: [${words}] }`))
      .map(({ path, message, hint }) => `${path}: ${message}; ${hint}`)
      .join('\n')
  const at = 'rules[0].middleware[0].bandwidth_limit'
  expect(said('{ bandwidth_limit: {} }')).toStartWith(`${at}: found neither answers nor uploads`)
  expect(said('{ bandwidth_limit: { answers: 100 } }')).toStartWith(
    `${at}.answers: found 100, allowed a size`,
  )
  expect(said('{ bandwidth_limit: { answers: 2GiB } }')).toStartWith(`${at}.answers: found "2GiB"`)
  expect(said('{ bandwidth_limit: { answers: 1MiB, key: nobody } }')).toContain(
    'allowed request, connection, client_ip',
  )
  expect(said('{ bandwidth_limit: { answers: 1MiB, key: [request, host] } }')).toStartWith(
    `${at}.key: found request`,
  )
  expect(said('{ limit_rate: 1MiB }')).toContain('it is called "bandwidth_limit"')
  expect(said('{ bandwidth_limit: { rate: 1MiB } }')).toContain('it is called "answers"')
  expect(said('{ bandwidth_limit: { answers: 1MiB, key: [client_ip, host], after: 1MiB } }')).toBe('')
})
