// The steps of a rule around an exchange: 3, 8 and a part of 10 in the life of a request (proxy.ts). A step
// whose request part has run is reached: its response and end parts run too, whatever the answer. One that
// waits parks the exchange meanwhile.
import type { Answer } from '../head/answer.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { tellBug } from '../lib/bug.ts'
import type { Rule } from '../snapshot/snapshot.ts'
import type { BodyForm } from './ends.ts'
import { formOf } from './own-answers.ts'
import { park } from './park.ts'
import type { Proxied } from './proxy.ts'

/** Runs the request steps from one on, in order, then goes on with the exchange; any may answer instead. */
export function requestSteps(x: Proxied, rule: Rule, from: number): void {
  for (let i = from; i < rule.requestSteps.length; i++) {
    const place = rule.requestSteps[i] as number
    x.reached = place + 1
    const answer = rule.steps[place]?.request?.(x, x.notes?.[place])
    if (answer instanceof Promise) return awaitRequestStep(x, rule, i, answer)
    if (answer) return x.reply(answer)
  }
  x.destine(rule)
}

/** The exchange goes on at the next step, unless it was answered or given up meanwhile. */
function awaitRequestStep(x: Proxied, rule: Rule, at: number, waited: Promise<Answer | undefined>): void {
  const place = rule.requestSteps[at] as number
  awaitStep(x, place, waited, (answer) => {
    x.stream.resume()
    if (answer) x.reply(answer)
    else requestSteps(x, rule, at + 1)
  })
}

/** Parks the exchange; whatever ends the wait otherwise gives it up, so that a step is heard once. */
export function awaitStep<T>(x: Proxied, place: number, waited: Promise<T>, goOn: (value: T) => void): void {
  x.waitingAt = place
  const mostMs = x.listener.options.timeouts.step + (x.rule?.steps[place]?.waitsMs ?? 0)
  x.parking = park(waited, x.engine.wheel, mostMs, {
    settled: (value) => {
      x.waitingAt = -1
      goOn(value)
    },
    failed: (error) => {
      if (x.waitingAt === place) x.waitingAt = -1
      x.bug(error)
    },
    expired: () => expiredStep(x, place),
  })
}

/** It has taken too long: its exchange is answered without it. */
function expiredStep(x: Proxied, place: number): void {
  cancelStep(x)
  const { name, options } = x.listener
  const what = x.rule === null ? 'a token' : `middleware ${x.rule.steps[place]?.name ?? ''}`
  x.detail = `listeners.${name}.timeouts.step: ${options.timeouts.step} ms, ${what}`
  x.failInside('step_timeout')
}

/** The step that is waited for hears that nobody waits any more. */
export function cancelStep(x: Proxied): void {
  const place = x.waitingAt
  x.waitingAt = -1
  x.parking?.giveUp()
  try {
    x.rule?.steps[place]?.cancelled?.(x, x.notes?.[place])
  } catch (error) {
    tellBug(error)
  }
}

/** Runs the response steps from one on, in reverse, then sends the answer. */
export function responseSteps(
  x: Proxied,
  rule: Rule,
  from: number,
  head: ResponseHead,
  form: BodyForm,
  own: Buffer | null,
): void {
  try {
    for (let i = from; i >= 0; i--) {
      const place = rule.responseSteps[i] as number
      if (place >= x.reached) continue
      const other = rule.steps[place]?.response?.(x, head, x.notes?.[place])
      if (other instanceof Promise) {
        x.parkAnswer()
        return awaitStep(x, place, other, (answer) => {
          if (answer) answerInstead(x, rule, i - 1, answer, form)
          else responseSteps(x, rule, i - 1, head, form, own)
        })
      }
      if (other) return answerInstead(x, rule, i - 1, other, form)
    }
  } catch (error) {
    return x.bug(error)
  }
  x.sendAnswer(head, form, own)
}

/** The steps from one on see another answer than those before them. */
function answerInstead(x: Proxied, rule: Rule, from: number, answer: Answer, form: BodyForm): void {
  const rendered = x.begunInstead(answer, form)
  responseSteps(x, rule, from, rendered.head, formOf(rendered), rendered.bytes)
}

/** Runs the end steps. One that throws takes nothing from the others. */
export function endSteps(x: Proxied, rule: Rule): void {
  for (const place of rule.endSteps) if (place < x.reached) endStep(x, rule, place)
}

function endStep(x: Proxied, rule: Rule, place: number): void {
  try {
    rule.steps[place]?.end?.(x, x.notes?.[place])
  } catch (error) {
    tellBug(error)
  }
}
