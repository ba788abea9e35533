// Steps that ask who somebody is, in a world whose time the test says.
import type { Answer } from '../../../server/head/answer.ts'
import type { Exchange } from '../../../server/http/exchange.ts'
import type { Middleware } from '../../../server/middleware/middleware.ts'
import type { StepGround } from '../../../server/snapshot/rule-steps.ts'
import { testGround } from '../../support/step-world.ts'
import { exchange, requestOf } from './exchanges.ts'

export interface World {
  nowMs: number
  /** `decision rule step`. */
  readonly counted: string[]
  readonly ground: StepGround
}

export function worldOf(): World {
  const plain = testGround()
  const counted: string[] = []
  const counter: StepGround['counter'] = (name, labels) => {
    const made = plain.counter(name, labels)
    return {
      ...made,
      add: (by: number) => {
        if (name === 'access_requests_total') counted.push(labels.join(' '))
        made.add(by)
      },
    } as unknown as typeof made
  }
  const world: World = { nowMs: 0, counted, ground: { ...plain, counter, now: () => world.nowMs } }
  return world
}

export interface Asked {
  readonly x: Exchange
  readonly answer: Answer | undefined
  /** What servers get of a field; null: nothing. */
  readonly sent: (name: string) => string | null
}

/** A request with these fields, through a step. */
export async function ask(
  step: Middleware<unknown>,
  fields: readonly string[],
  address = '192.0.2.1',
): Promise<Asked> {
  const x = exchange({ request: requestOf(...fields), address })
  const answer = await step.request?.(x, undefined)
  return { x, answer, sent: (name) => x.request.get(name) }
}

export const fieldOf = (answer: Answer | undefined, name: string): string | undefined =>
  answer?.headers.find(([one]) => one === name)?.[1]
