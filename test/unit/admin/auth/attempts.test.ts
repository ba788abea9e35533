import { expect, test } from 'bun:test'
import { addressKey, Attempts } from '../../../../server/admin/auth/attempts.ts'

test('an address has thirty attempts a minute, and others their own', () => {
  let nowMs = 0
  const attempts = new Attempts(() => nowMs)
  const tries = (address: string): number => {
    let count = 0
    while (attempts.count(address).waitMs === 0) count++
    return count
  }
  expect(tries('192.0.2.1')).toBe(30)
  expect(tries('192.0.2.2')).toBe(30)
  nowMs = 20_000
  expect(attempts.count('192.0.2.1')).toEqual({ waitMs: 40_000, isRepeated: true })
  nowMs = 60_000
  expect(tries('192.0.2.1')).toBe(30)
  // A clock that is set back makes nobody wait for longer.
  nowMs = -10_000_000
  expect(attempts.count('192.0.2.1').waitMs).toBe(0)
})

test('of IPv6 a network counts as one address, and an IPv4 address is one however it is written', () => {
  expect(addressKey('2001:db8::1')).toBe(addressKey('2001:db8:0:0:ffff::2'))
  expect(addressKey('2001:db8::1')).not.toBe(addressKey('2001:db8:0:1::1'))
  expect(addressKey('::ffff:192.0.2.1')).toBe(addressKey('192.0.2.1'))
  expect(addressKey('unix')).toBe('unix')
})

test('two are worked on at a time, sixteen wait, and more are sent away', async () => {
  const attempts = new Attempts(() => 0)
  const ends: (() => void)[] = []
  let [now, most] = [0, 0]
  const work = async (): Promise<string> => {
    most = Math.max(most, ++now)
    await new Promise<void>((resolve) => ends.push(resolve))
    now--
    return 'done'
  }
  const all = Array.from({ length: 20 }, () => attempts.inTurn(work))
  expect(await Promise.all(all.slice(18))).toEqual([null, null])
  for (let ended = 0; ended < 18; ended++) {
    // Those in front end one after another; each hands its place on.
    while (ends.length === 0) await Promise.resolve()
    ends.shift()?.()
  }
  expect(await Promise.all(all.slice(0, 18))).toEqual(Array.from({ length: 18 }, () => 'done'))
  expect(most).toBe(2)
  // One that fails gives its place back as well.
  const failing = [1, 2, 3].map(() =>
    attempts.inTurn(() => Promise.reject(new Error('no'))).catch(() => 'failed'),
  )
  expect(await Promise.all(failing)).toEqual(['failed', 'failed', 'failed'])
})
