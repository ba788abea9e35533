// Relays that start late, die and refuse while plans with and without turn listeners come, in any order.
import { afterEach, beforeEach, expect, jest, test } from 'bun:test'
import type { Answer } from '../../../../server/control/children/kept.ts'
import { RelayKeeper } from '../../../../server/control/relay/relay-keeper.ts'
import type { RelayBody } from '../../../../server/control/relay/relay-plan.ts'
import { seededRandom, seedOfRun, type Random } from '../../../support/random.ts'
import { later, settle } from '../processes/crews.ts'
import { FakeRelay, relayBody } from './relays.ts'

const SEED = seedOfRun()

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

/** As a process is: it answers nothing once it is gone. */
class MortalRelay extends FakeRelay {
  isGone = false
  serves = 0

  override async prepare(body: RelayBody): Promise<Answer> {
    const answer = await super.prepare(body)
    return this.isGone ? { is: 'gone', why: 'the TURN relay ended' } : answer
  }
  override async commit(body: RelayBody): Promise<boolean> {
    const isServing = await super.commit(body)
    if (isServing) this.serves = body.plan.number
    return isServing
  }
  override die(code: number | null = null): void {
    this.isGone = true
    super.die(code)
  }
}

class Chaos {
  readonly started: MortalRelay[] = []
  readonly keeper: RelayKeeper
  isOver = false
  committed: RelayBody | null = null
  last = 0
  readonly #random: Random
  #changing: Promise<void> = Promise.resolve()

  constructor(random: Random) {
    this.#random = random
    this.keeper = new RelayKeeper({
      start: (onExit) => {
        // One that no plan needs any more may still be at its end.
        expect(this.living).toEqual([])
        if (!this.isOver && random.below(8) === 0) throw new Error('no memory')
        const relay = new MortalRelay(100 + this.started.length, performance.now(), onExit)
        this.started.push(relay)
        if (this.isOver || random.below(2) === 0) relay.said.resolve(true)
        if (this.isOver) return relay
        relay.isDeadly = random.below(6) === 0
        if (random.below(6) === 0) relay.answer = { is: 'failed', why: 'no such address' }
        return relay
      },
      onExit: ({ pid }) => expect(this.living.map((relay) => relay.pid)).not.toContain(pid),
      onReplaced: ({ pid }, previous) => expect(pid).toBeGreaterThan(previous),
      onNotStarted: () => {},
    })
  }

  get living(): MortalRelay[] {
    return this.started.filter(({ isGone }) => !isGone)
  }

  event(): void {
    const random = this.#random
    const [relay] = this.living
    const acts: readonly (() => unknown)[] = [
      () => relay?.die(),
      () => relay?.said.resolve(true),
      () => relay?.said.resolve(true),
      () => this.change(random.below(3) > 0),
      () => jest.advanceTimersByTime(random.below(3000)),
      () => jest.advanceTimersByTime(random.below(50)),
    ]
    random.pick(acts)()
  }

  /** One at a time, as they are applied. */
  change(isOfUse: boolean): void {
    this.#changing = this.#changing.then(async () => {
      const body = relayBody(++this.last, [], isOfUse)
      if ((await this.keeper.prepare(body)) !== null) return this.keeper.drop(body)
      this.committed = isOfUse ? body : null
      await this.keeper.commit(body)
    })
  }

  changed(): Promise<void> {
    return this.#changing
  }
}

test(`1,000 keepers come to serve the last plan that was committed, or to have no relay (seed ${SEED})`, async () => {
  const random = seededRandom(SEED)
  for (let run = 0; run < 1000; run++) {
    const chaos = new Chaos(random)
    const { keeper } = chaos
    for (let events = random.below(60); events > 0; events--) {
      chaos.event()
      if (random.below(3) === 0) await settle()
    }
    // From here on all is well.
    chaos.isOver = true
    for (const relay of chaos.living) {
      relay.isDeadly = false
      relay.answer = { is: 'ready' }
      relay.said.resolve(true)
    }
    await later()
    await chaos.changed()
    if (random.below(2) === 0) chaos.change(random.below(2) === 0)
    await chaos.changed()
    await later()
    const wanted = chaos.committed?.plan.number ?? null
    expect(chaos.living.map(({ serves }) => serves)).toEqual(wanted === null ? [] : [wanted])
    expect(keeper.isServing).toBe(wanted !== null)
    expect(keeper.pid).toBe(chaos.living[0]?.pid ?? null)
    await keeper.kill()
    expect(chaos.living).toEqual([])
  }
})
