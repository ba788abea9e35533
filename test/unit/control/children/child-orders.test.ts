// What is told to a child and what it does, in any order: nothing that waits for it waits for ever, its end
// is told once, and nothing comes after that.
import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import type { ChildAnswer, SaidByChild } from '../../../../server/lib/child-words.ts'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import type { Answer } from '../../../../server/control/children/kept.ts'
import type { Ears, StartChild } from '../../../../server/control/children/child-start.ts'
import { childrenOf, sendSignal } from '../../../support/processes.ts'
import { seededRandom, seedOfRun, type Random } from '../../../support/random.ts'
import { pause, waitFor, within } from '../../../support/wait.ts'
import { Kid, kidPlan, startKid, WAYS, type KidPlan } from './kids.ts'

type SaidByKid = SaidByChild | ChildAnswer | { readonly type: 'beat'; readonly i: number }

const SEED = seedOfRun()
const DEEDS: readonly KidPlan['does'][] = [
  'ready',
  'ready',
  'fail',
  'nothing',
  'die',
  'half',
  'garbage',
  'last',
]
const descriptors = (): number => readdirSync('/proc/self/fd').length

/** What is waited for, by what it was; what it came to. */
class Waits {
  readonly #all: Promise<unknown>[] = []

  answer(asked: Promise<Answer>): void {
    this.#all.push(asked.then(({ is }) => expect(['ready', 'failed', 'gone']).toContain(is)))
  }

  swap(swapped: Promise<boolean>): void {
    this.#all.push(swapped.then((is) => expect(is).toBeBoolean()))
  }

  question(asked: Promise<unknown>, question: string): void {
    const refused = (error: Error): void => expect(error.message).toBe('the kid did not answer')
    this.#all.push(asked.then((answer) => expect(answer).toBe(question), refused))
  }

  async settled(): Promise<void> {
    await Promise.all(this.#all)
  }
}

/** One thing that is told to a kid. */
function tell(kid: Kid, waits: Waits, random: Random): void {
  const number = 1 + random.below(3)
  const plan = kidPlan(number, random.pick(DEEDS))
  const acts: readonly (() => void)[] = [
    () => waits.answer(kid.prepare(plan)),
    () => waits.swap(kid.commit(plan)),
    () => waits.question(kid.ask(`question ${number}`, 60_000), `question ${number}`),
    () => kid.drop(plan),
    () => (random.below(6) === 0 ? kid.drain(random.below(3) * 1000) : kid.drop(plan)),
    () => (random.below(8) === 0 ? kid.stop() : kid.drop(plan)),
    () => (random.below(8) === 0 ? kid.kill() : kid.drop(plan)),
  ]
  random.pick(acts)()
}

/** A child that is nothing but what it says and hears. */
class Puppet {
  ears: Ears<SaidByKid> | null = null
  hasEnded = false
  signals = 0
  #channel = -1

  readonly start: StartChild<never, unknown> = (channel, ears) => {
    this.#channel = channel
    this.ears = ears as unknown as Puppet['ears']
    return {
      pid: 7,
      send: () => expect(this.hasEnded).toBe(false),
      hangUp: () => expect(this.hasEnded).toBe(false),
      kill: () => {
        expect(this.hasEnded).toBe(false)
        this.signals++
        // A process ends a while after it is killed.
        queueMicrotask(() => this.end())
      },
    }
  }

  say(random: Random): void {
    const number = 1 + random.below(3)
    const words: readonly SaidByKid[] = [
      { type: 'hello', pid: 7 },
      { type: 'ready', number },
      { type: 'failed', number, why: 'no' },
      { type: 'serving', number },
      { type: 'answer', id: random.below(6), answer: `question ${number}` },
      { type: 'drained', aborted: number },
      { type: 'beat', i: number },
    ]
    this.ears?.onSaid(random.below(40) === 0 ? null : random.pick(words))
  }

  end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    closeFds([this.#channel])
    this.ears?.onExit({ code: 0, signal: null })
  }
}

test(`2,000 puppets, told and saying things in any order (seed ${SEED})`, async () => {
  const before = descriptors()
  const random = seededRandom(SEED)
  for (let i = 0; i < 2000; i++) {
    const puppet = new Puppet()
    const kid = new Kid({ start: puppet.start as never, silentMaxS: 10 })
    const waits = new Waits()
    for (let events = random.below(30); events > 0; events--) {
      const what = random.below(20)
      if (what < 9) tell(kid, waits, random)
      else if (what < 18) puppet.say(random)
      else if (what === 18) await Promise.resolve()
      else puppet.end()
    }
    const { beats } = kid
    kid.kill()
    await kid.exited
    const heard = beats.length
    puppet.say(random)
    expect(beats).toHaveLength(heard)
    expect(kid.exits).toHaveLength(1)
    expect(puppet.signals).toBeLessThan(12)
    await kid.hello
    await waits.settled().catch((error: unknown) => {
      // A puppet answers with whatever it likes.
      if (!String(error).includes('question')) throw error
    })
  }
  expect(descriptors()).toBeLessThanOrEqual(before)
})

test.each(WAYS)(`real children by %s, told and signalled in any order (seed ${SEED})`, async (way) => {
  const random = seededRandom(SEED)
  const moods = ['', '', '', 'beats', 'deaf', 'silent', 'dies']
  // What is loaded once is loaded by the first.
  const first = new Kid({ start: startKid(way) })
  await first.hello
  first.kill()
  await first.exited
  const before = descriptors()
  const kids: Kid[] = []
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      const kid = new Kid({ start: startKid(way, random.pick(moods)), answerMs: 4000 })
      kids.push(kid)
      const waits = new Waits()
      if (random.below(2) === 0) await kid.hello
      for (let events = random.below(25); events > 0; events--) {
        const what = random.below(12)
        if (what < 9) tell(kid, waits, random)
        else if (what === 9) await pause(random.below(20))
        else signal(kid, random.pick(['SIGSTOP', 'SIGCONT', 'SIGTERM'] as const))
      }
      if (random.below(2) === 0) await pause(random.below(100))
      kid.kill()
      await within(kid.exited, 'its end')
      await within(waits.settled(), 'all answers')
      await kid.hello
      expect(kid.exits).toHaveLength(1)
    }),
  )
  await waitFor(() => descriptors() <= before)
  await waitFor(() => childrenOf(process.pid).every((pid) => !kids.some((kid) => kid.pid === pid)))
})

function signal(kid: Kid, name: NodeJS.Signals): void {
  if (kid.exits.length === 0 && childrenOf(process.pid).includes(kid.pid)) sendSignal(kid.pid, name)
}
