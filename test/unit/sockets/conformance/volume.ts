import { expect } from 'bun:test'
import type { Socket } from '../../../../server/sockets/socket.ts'
import { waitFor, within } from '../../../support/wait.ts'
import { Recorder } from './recorder.ts'
import { onScene, pattern, type Subject, testOf } from './scene.ts'

const VOLUME = 64 * 1024 * 1024
/** Of which all that is sent is a part, at places that can be computed. */
const PERIOD = 1 << 19
const source = Buffer.concat([pattern(PERIOD), pattern(PERIOD)])

/** A generator of numbers that is the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Sends so many bytes, and checks as many, with pauses at random. */
class Mover extends Recorder {
  readonly done = Promise.withResolvers<void>()
  readonly #random: (below: number) => number
  #sent = 0
  #got = 0
  wrongAt = -1

  constructor(seed: number) {
    super()
    this.#random = numbers(seed)
  }

  override onData(bytes: Buffer): void {
    const from = this.#got % PERIOD
    // A piece is at most as long as the period.
    if (this.wrongAt < 0 && !bytes.equals(source.subarray(from, from + bytes.length)))
      this.wrongAt = this.#got
    this.#got += bytes.length
    if (this.#random(8) === 0) this.#pause()
  }

  #pause(): void {
    const socket = this.socket as Socket
    socket.pause()
    if (this.#random(2) === 0) return socket.resume()
    if (this.#random(20) === 0) Bun.gc(true)
    setImmediate(() => socket.resume())
  }

  override onDrain(): void {
    this.send()
  }

  send(): void {
    const socket = this.socket as Socket
    while (this.#sent < VOLUME) {
      const from = this.#sent % PERIOD
      const length = Math.min(VOLUME - this.#sent, 1 + this.#random(this.#random(2) === 0 ? 2000 : 300_000))
      const cut = Math.min(length, this.#random(3000))
      const taken =
        this.#random(3) === 0 && cut > 0
          ? socket.writeBoth(source.subarray(from, from + cut), source, from + cut, from + length)
          : socket.write(source, from, from + length)
      if (taken < 0) return
      this.#sent += taken
      if (taken < length) return
    }
    socket.shutdown()
  }

  override onEnd(): void {
    if (this.#got !== VOLUME) this.wrongAt = this.#got
  }

  override onClose(isBroken: boolean): void {
    super.onClose(isBroken)
    this.done.resolve()
  }

  /** Bytes that have gone, and that have come. */
  get moved(): number {
    return this.#sent + this.#got
  }
}

/** Much, for long. */
export function testVolume(subject: Subject): void {
  const test = testOf(subject)
  test('64 MB in both directions at once arrive byte for byte, with pauses and while memory is collected', async () => {
    const inner = new Mover(1)
    const listening = subject.sockets().listen({ hostname: '127.0.0.1', port: 0 }, (socket) => {
      socket.owner = inner
      inner.socket = socket
      inner.send()
    })
    const outer = new Mover(2)
    outer.on.connected = () => outer.send()
    subject.sockets().dial('127.0.0.1', listening.port, outer)
    const moved = (): number => inner.moved + outer.moved
    await within(Promise.all([inner.done.promise, outer.done.promise]), 'more bytes', moved)
    expect([inner.wrongAt, outer.wrongAt]).toEqual([-1, -1])
    expect([inner.events.at(-1), outer.events.at(-1)]).toEqual(['close', 'close'])
    listening.stop()
  })

  test(
    'lent bytes that are kept as they are told of stay what they were',
    onScene(subject, async (scene) => {
      const pairs = [await scene.pair(), await scene.pair(), await scene.pair()]
      const bytes = pattern(2 * 1024 * 1024)
      let sent = [0, 0, 0]
      await waitFor(
        () => {
          sent = sent.map(
            (count, i) => count + pairs[i]!.peer.send(bytes.subarray(count, count + 70_000 * (i + 1))),
          )
          return pairs.every(({ owner }) => owner.receivedBytes === bytes.length)
        },
        { everyMs: 1 },
      )
      for (const { owner } of pairs) expect(Buffer.concat(owner.received).equals(bytes)).toBe(true)
    }),
  )
}
