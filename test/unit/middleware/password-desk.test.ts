import { expect, test } from 'bun:test'
import { Failures } from '../../../server/middleware/failures.ts'
import { PasswordDesk, type Shown } from '../../../server/middleware/password-desk.ts'

const shown = (password: string, more: Partial<Shown> = {}): Shown => ({
  user: 'anna',
  password: Buffer.from(password),
  hash: '$2b$…',
  isReal: true,
  ...more,
})

test('few are worked on at once, few wait, and all others hear that at once', async () => {
  let [now, most] = [0, 0]
  const gates: (() => void)[] = []
  const desk = new PasswordDesk({
    atOnce: 2,
    waitingMax: 3,
    verify: async () => {
      most = Math.max(most, ++now)
      await new Promise<void>((go) => gates.push(go))
      now--
      return true
    },
  })
  const asked = Array.from({ length: 8 }, (_, n) => {
    const one = shown(`p${n}`)
    return desk.check(desk.nameOf(one), one, 0)
  })
  expect(asked.map((one) => one === null)).toEqual([false, false, false, false, false, true, true, true])
  for (const one of asked.slice(0, 5)) {
    gates.shift()?.()
    await one
  }
  expect(await Promise.all(asked.slice(0, 5))).toEqual([true, true, true, true, true])
  expect(most).toBe(2)
})

test('what was right is known for a while, within a bound, and to nobody whose hash or name differs', async () => {
  const desk = new PasswordDesk({ keptMax: 2, verify: () => Promise.resolve(true) })
  const names = []
  for (const password of ['a', 'b', 'c']) {
    const one = shown(password)
    names.push(desk.nameOf(one))
    await desk.check(desk.nameOf(one), one, 100)
  }
  expect(names.map((name) => desk.isKnown(name, 150, 60))).toEqual([false, true, true])
  expect(names.map((name) => desk.isKnown(name, 160, 60))).toEqual([false, false, false])
  const others = [{ user: 'ann' }, { hash: '$2b$other' }, { isReal: false }].map((more) => shown('c', more))
  expect(new Set([names[2], ...others.map((one) => desk.nameOf(one))]).size).toBe(4)
})

test('one who must not get in does not, though the password is right, and is not remembered', async () => {
  const desk = new PasswordDesk({ verify: () => Promise.resolve(true) })
  const one = shown('a', { isReal: false })
  expect(await desk.check(desk.nameOf(one), one, 0)).toBe(false)
  expect(desk.isKnown(desk.nameOf(one), 0, 60)).toBe(false)
})

test('of clients that fail only so many are known; who failed longest ago is forgotten first', () => {
  const failures = new Failures(2)
  const limit = { max: 1, per: 100 }
  for (const key of ['a', 'b', 'c']) failures.add(key, limit, 0)
  expect(['a', 'b', 'c'].map((key) => failures.waitMs(key, limit, 40))).toEqual([0, 60, 60])
  expect(failures.waitMs('b', limit, 100)).toBe(0)
})
