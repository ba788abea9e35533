// What steps that ask who somebody is have in common: what they decide is counted, who it is stands on the
// exchange and, where that is told, in a field for servers.
import { type Answer, faultAnswer } from '../head/answer.ts'
import type { Exchange, Identity } from '../http/exchange.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { Counter } from '../telemetry/series.ts'
import type { Foreseen, StepWorld } from './middleware.ts'

/** Who a client chooses to be may be as long as its request. */
const NAME_CHARS_MAX = 256

const NO_CLAIMS: Identity['claims'] = {}

export const identityOf = (via: string, name: string, claims = NO_CLAIMS): Identity => ({
  via,
  name: name.length > NAME_CHARS_MAX ? name.slice(0, NAME_CHARS_MAX) : name,
  claims,
})

/** Why somebody does not pass. */
export interface Refusal {
  readonly code: FaultCode
  /** For the log: what is wrong, behind the place of the step. */
  readonly why: string
  readonly headers?: Answer['headers']
}

function answerOf({ code, headers = [] }: Refusal): Answer {
  const plain = faultAnswer(code)
  const usual = plain.headers.filter(([name]) => !headers.some(([own]) => own === name))
  return { ...plain, headers: [...usual, ...headers] }
}

/** A refusal, foreseen. */
export const foreseen = (refusal: Refusal): Foreseen => ({ why: refusal.why, answer: answerOf(refusal) })

export class Access {
  readonly #step: string
  readonly #world: StepWorld
  readonly #counters = new Map<string, Counter>()

  constructor(step: string, world: StepWorld) {
    this.#step = step
    this.#world = world
  }

  passed(): undefined {
    this.#count('allowed')
  }

  /** In shadow mode the request passes as it came. */
  refused(x: Exchange, refusal: Refusal): Answer | undefined {
    const answer = this.#world.refuse(x, answerOf(refusal))
    this.#count(answer === undefined ? 'shadow' : refusal.code)
    if (answer !== undefined) x.detail = `rules.${this.#world.rule}.${this.#step}: ${refusal.why}`
    return answer
  }

  /** Another answer than one of ours says no. */
  answered(x: Exchange, answer: Answer, decision: string, why: string): Answer | undefined {
    const given = this.#world.refuse(x, answer)
    this.#count(given === undefined ? 'shadow' : decision)
    if (given !== undefined) x.detail = `rules.${this.#world.rule}.${this.#step}: ${why}`
    return given
  }

  /** Nobody knows who it is, and that is no reason to refuse it here. */
  passedUnasked(): undefined {
    this.#count('unasked')
  }

  #count(decision: string): void {
    let counter = this.#counters.get(decision)
    if (counter === undefined) {
      counter = this.#world.counter('access_requests_total', [decision, this.#world.rule, this.#step])
      this.#counters.set(decision, counter)
    }
    counter.add(1)
  }
}
