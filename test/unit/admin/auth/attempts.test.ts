import { expect, test } from 'bun:test'
import { Attempts, placeOf, placeOfSignIn } from '../../../../server/admin/auth/attempts.ts'

test('an address has thirty attempts a minute, and others their own', () => {
  let nowMs = 0
  const attempts = new Attempts(() => nowMs)
  const tries = (address: string): number => {
    let count = 0
    while (attempts.count(placeOf(address), false).waitMs === 0) count++
    return count
  }
  expect(tries('192.0.2.1')).toBe(30)
  expect(tries('192.0.2.2')).toBe(30)
  nowMs = 20_000
  expect(attempts.count(placeOf('192.0.2.1'), false)).toEqual({ waitMs: 40_000, isRepeated: true })
  nowMs = 60_000
  expect(tries('192.0.2.1')).toBe(30)
  // A clock that is set back makes nobody wait for longer.
  nowMs = -10_000_000
  expect(attempts.count(placeOf('192.0.2.1'), false).waitMs).toBe(0)
})

test('of IPv6 a network counts as one address, and an IPv4 address is one however it is written', () => {
  const keyOf = (address: string): string => placeOf(address).key
  expect(keyOf('2001:db8::1')).toBe(keyOf('2001:db8:0:0:ffff::2'))
  expect(keyOf('2001:db8::1')).not.toBe(keyOf('2001:db8:0:1::1'))
  expect(placeOf('2001:db8::1').network).toBe(placeOf('2001:db8:0:ffff::1').network)
  expect(placeOf('2001:db8::1').network).not.toBe(placeOf('2001:db8:1::1').network)
  expect(placeOf('::ffff:192.0.2.1')).toEqual({ key: '192.0.2.1', network: '192.0.2.1' })
  expect(placeOf('unix')).toEqual({ key: 'unix', network: 'unix' })
})

test('all of a network have sixty together; who has signed in from there, or is signed in, does not count', () => {
  const attempts = new Attempts(() => 0)
  let made = 0
  while (attempts.count(placeOf(`2001:db8:0:${made.toString(16)}::1`), false).waitMs === 0) made++
  expect(made).toBe(60)
  expect(attempts.count(placeOf('2001:db8:0:ffff::1'), true).waitMs).toBe(0)
  expect(attempts.count(placeOf('2001:db8:1::1'), false).waitMs).toBe(0)
  for (let i = 0; i < 31; i++) attempts.count(placeOf('192.0.2.1'), false)
  expect(attempts.count(placeOfSignIn('x'), true).waitMs).toBe(0)
})

test('a network that has had its sixty gets none back by the many places that it has', () => {
  const attempts = new Attempts(() => 0)
  let made = 0
  for (let i = 0; i < 30_000; i++)
    if (attempts.count(placeOf(`2001:db8:0:${i.toString(16)}::1`), false).waitMs === 0) made++
  expect(made).toBe(60)
  // One place of it that tries without end takes nothing of the others.
  for (let i = 0; i < 100; i++) attempts.count(placeOf('2001:db8:1::1'), false)
  expect(attempts.count(placeOf('2001:db8:1:1::1'), false).waitMs).toBe(0)
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
  const all = Array.from({ length: 20 }, () => attempts.inTurn(false, work))
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
    attempts.inTurn(false, () => Promise.reject(new Error('no'))).catch(() => 'failed'),
  )
  expect(await Promise.all(failing)).toEqual(['failed', 'failed', 'failed'])
})

test('who is known gets through while strangers keep the queue full, and before them', async () => {
  const attempts = new Attempts(() => 0)
  const ends: (() => void)[] = []
  const done: string[] = []
  const turn = (name: string, isKnown: boolean) =>
    attempts.inTurn(isKnown, async () => {
      done.push(name)
      await new Promise<void>((resolve) => ends.push(resolve))
    })
  const strangers = Array.from({ length: 18 }, (_, i) => turn(`stranger ${i}`, false))
  expect(await turn('one more', false)).toBeNull()
  const known = turn('anna', true)
  ends.shift()!()
  while (done.length < 3) await Promise.resolve()
  expect(done).toEqual(['stranger 0', 'stranger 1', 'anna'])
  // Those who are known are bounded as well.
  const many = Array.from({ length: 17 }, (_, i) => turn(`known ${i}`, true))
  expect(await many[16]).toBeNull()
  for (let left = 34; left > 0; left--) {
    while (ends.length === 0) await Promise.resolve()
    ends.shift()!()
  }
  await Promise.all([...strangers, known, ...many])
})
