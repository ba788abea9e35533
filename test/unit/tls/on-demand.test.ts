import { expect, test } from 'bun:test'
import { isAllowed, isPlainName, learnedName, readLearned } from '../../../server/lib/demanded-name.ts'
import { Certificate } from '../../../server/tls/certificate.ts'
import { type DemandNews, OnDemand } from '../../../server/tls/on-demand.ts'
import { waitFor } from '../../support/wait.ts'

const demands = [{ certificate: 'customers', allow: ['*.a.example'], waitMs: 60_000 }]
const made = new Certificate({ pairs: [], names: ['x.a.example'], endsMs: 1 })

/** One with a clock of its own, and what it told. */
function world() {
  const told: DemandNews[] = []
  const clock = { nowMs: 0 }
  const onDemand = new OnDemand(() => clock.nowMs)
  onDemand.tellTo((news) => void told.push(news))
  return { told, clock, onDemand }
}

test('names are plain ones of two labels or more: no addresses, no odd characters', () => {
  for (const name of ['a.example', 'a-b.c.example', 'xn--bcher-kva.example', '1.example'])
    expect(isPlainName(name), name).toBeTrue()
  for (const name of [
    ...['', 'localhost', '127.0.0.1', '1.2', '::1', 'a..example', '.a.example', 'a.example.', '-a.example'],
    ...[
      'a_b.example',
      'A.example',
      'a b.example',
      '*.example',
      '../../a.example',
      'a@b.example',
      'ä.example',
    ],
    ...[`${'a'.repeat(64)}.example`, `${'a.'.repeat(120)}example`, 'a.example\0', '__proto__.example'],
  ])
    expect(isPlainName(name), name).toBeFalse()
})

test('"*" stands for one label, alone for any name', () => {
  expect(isAllowed('x.a.example', ['*.A.example'])).toBeTrue()
  expect(isAllowed('shop.example', ['Shop.example'])).toBeTrue()
  expect(isAllowed('any.thing.example', ['*'])).toBeTrue()
  for (const name of ['a.example', 'y.x.a.example', 'xa.example'])
    expect(isAllowed(name, ['*.a.example'])).toBeFalse()
  expect(readLearned(learnedName('customers', 'x.a.example'))).toEqual({
    certificate: 'customers',
    name: 'x.a.example',
  })
  expect(readLearned('customers')).toBeNull()
})

test('all who ask for a name wait for one answer, and get it', () => {
  const { told, onDemand } = world()
  const got: (Certificate | null)[] = []
  for (let i = 0; i < 3; i++) expect(onDemand.hold(demands, 'x.a.example', (one) => got.push(one))).toBeTrue()
  expect(told).toEqual([{ type: 'name-wanted', certificate: 'customers', name: 'x.a.example' }])
  onDemand.settled('customers@x.a.example', made)
  expect(got).toEqual([made, made, made])
  expect(onDemand.hold(demands, 'x.b.example', () => {})).toBeFalse()
})

test('what was refused is not asked for again within a minute; one that throws keeps no other from going on', () => {
  const { told, clock, onDemand } = world()
  const got: (Certificate | null)[] = []
  onDemand.hold(demands, 'x.a.example', () => {
    throw new TypeError('the test says so')
  })
  onDemand.hold(demands, 'x.a.example', (one) => got.push(one))
  onDemand.settled('customers@x.a.example', null)
  expect(got).toEqual([null])
  clock.nowMs = 59_000
  expect(onDemand.hold(demands, 'x.a.example', () => {})).toBeFalse()
  clock.nowMs = 61_000
  expect(onDemand.hold(demands, 'x.a.example', () => {})).toBeTrue()
  expect(told).toHaveLength(2)
  onDemand.settled('customers@x.a.example', null)
})

test('nobody is held for longer than is said', async () => {
  const { onDemand } = world()
  const got: (Certificate | null)[] = []
  onDemand.hold([{ ...demands[0]!, waitMs: 5 }], 'x.a.example', (one) => got.push(one))
  await waitFor(() => got.length === 1)
  expect(got).toEqual([null])
})

test('names, clients of one name and questions in a second are bounded', () => {
  const { told, clock, onDemand } = world()
  let held = 0
  for (let i = 0; i < 100; i++) held += Number(onDemand.hold(demands, 'x.a.example', () => {}))
  expect(held).toBe(64)
  for (let i = 0; i < 100; i++) onDemand.hold(demands, `n${i}.a.example`, () => {})
  expect(told).toHaveLength(20)
  for (let i = 0; i < 1000; i++) {
    clock.nowMs += 100
    onDemand.hold(demands, `m${i}.a.example`, () => {})
  }
  expect(told).toHaveLength(256)
  for (const { certificate, name } of told) onDemand.settled(learnedName(certificate, name), null)
})

test('that a name is used is told now and then', () => {
  const { told, clock, onDemand } = world()
  for (let hour = 0; hour < 24; hour++) {
    clock.nowMs = hour * 3_600_000
    onDemand.used('customers', 'x.a.example')
  }
  expect(told).toHaveLength(4)
})
