import { afterEach, beforeEach, expect, jest, test } from 'bun:test'
import { Address } from '../../../../server/lib/address.ts'
import { CLASSES, METHODS } from '../../../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../../../server/turn/bytes/writer.ts'
import type { Link } from '../../../../server/cli/turn/link.ts'
import { Transactions } from '../../../../server/cli/turn/transactions.ts'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

/** A link that keeps what is sent. */
class Wire implements Link {
  readonly certificate = null
  readonly local = Address.parse('127.0.0.1', 1)!
  readonly remote = Address.parse('127.0.0.1', 2)!
  readonly sent: Uint8Array[] = []
  isOpen = true
  readonly transport: 'udp' | 'tcp'
  constructor(transport: 'udp' | 'tcp' = 'udp') {
    this.transport = transport
  }
  send(bytes: Uint8Array): boolean {
    if (this.isOpen) this.sent.push(bytes.slice())
    return this.isOpen
  }
  becomeRaw(): void {}
  finish(): void {}
  close(): void {}
}

const message = (messageClass: number, id: number): Uint8Array =>
  new MessageWriter().begin(METHODS.BINDING, messageClass, new Uint8Array(12).fill(id)).finish().slice()

test('over UDP a request is repeated after 0.5, 1.5, 3.5 and 7.5 s, until its time is over', async () => {
  const [wire, transactions] = [new Wire(), new Transactions()]
  const outcome = transactions.begin(wire, message(CLASSES.REQUEST, 1), 10_000)
  const sendings: number[] = []
  for (let ms = 0; ms < 10_000; ms += 100) {
    if (wire.sent.length > sendings.length) sendings.push(ms)
    jest.advanceTimersByTime(100)
  }
  expect(sendings).toEqual([0, 500, 1500, 3500, 7500])
  expect(new Set(wire.sent.map((bytes) => bytes.toHex())).size).toBe(1)
  expect(await outcome).toEqual({ silence: 'timeout', detail: 'no answer within 10000 ms', sendings: 5 })
  jest.advanceTimersByTime(60_000)
  expect([wire.sent.length, transactions.open]).toEqual([5, 0])
})

test('over TCP it goes out once', async () => {
  const [wire, transactions] = [new Wire('tcp'), new Transactions()]
  const outcome = transactions.begin(wire, message(CLASSES.REQUEST, 1), 5000)
  jest.advanceTimersByTime(5000)
  expect(await outcome).toMatchObject({ silence: 'timeout', sendings: 1 })
})

test('an answer ends it, whichever of several requests it is of, and only once', async () => {
  const [wire, transactions] = [new Wire(), new Transactions()]
  const first = transactions.begin(wire, message(CLASSES.REQUEST, 1), 5000)
  const second = transactions.begin(wire, message(CLASSES.REQUEST, 2), 5000)
  expect(transactions.take(message(CLASSES.ERROR, 2))).toBe(true)
  expect(await second).toMatchObject({ bytes: message(CLASSES.ERROR, 2), sendings: 1 })
  jest.advanceTimersByTime(500)
  expect(transactions.take(message(CLASSES.SUCCESS, 2))).toBe(false)
  expect(transactions.take(message(CLASSES.SUCCESS, 1))).toBe(true)
  expect(await first).toMatchObject({ sendings: 2 })
  jest.advanceTimersByTime(5000)
  expect(wire.sent.length).toBe(3)
})

test('what is no answer is not taken for one', () => {
  const transactions = new Transactions()
  void transactions.begin(new Wire(), message(CLASSES.REQUEST, 1), 5000)
  for (const bytes of [
    message(CLASSES.REQUEST, 1),
    message(CLASSES.INDICATION, 1),
    message(CLASSES.SUCCESS, 2),
    message(CLASSES.SUCCESS, 1).subarray(0, 19),
    new Uint8Array(0),
  ])
    expect(transactions.take(bytes)).toBe(false)
  expect(transactions.open).toBe(1)
})

test('all that wait end when the network says that nobody is there', async () => {
  const transactions = new Transactions()
  const outcomes = [1, 2].map((id) => transactions.begin(new Wire(), message(CLASSES.REQUEST, id), 5000))
  transactions.fail('refused', 'ECONNREFUSED')
  for (const outcome of await Promise.all(outcomes))
    expect(outcome).toEqual({ silence: 'refused', detail: 'ECONNREFUSED', sendings: 1 })
})

test('a request on a link that is gone ends at once', async () => {
  const wire = new Wire('tcp')
  wire.isOpen = false
  expect(await new Transactions().begin(wire, message(CLASSES.REQUEST, 1), 5000)).toMatchObject({
    silence: 'closed',
  })
})
