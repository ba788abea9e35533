import type { Answer } from '../head/answer.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { MetricName } from '../tables/metrics.ts'
import type { Counter } from '../telemetry/series.ts'
import type { MiddlewareName } from './middleware.options.ts'
import type { Mode } from './mode.options.ts'

/**
 * A step of a rule's policy. A flat list: no next(). What a step must remember for one exchange is its typed
 * note.
 */
export interface Middleware<N = undefined> {
  readonly name: string
  /** Makes the note of one exchange; it is handed to the other functions. */
  note?(): N
  /**
   * Before a server is picked, in order. An Answer ends the exchange; a Promise parks it, so only what truly
   * waits makes one.
   */
  request?(x: Exchange, note: N): Answer | undefined | Promise<Answer | undefined>
  /** On every final answer, ours or a server's, in reverse order, for the steps reached. */
  response?(x: Exchange, head: ResponseHead, note: N): void | Promise<void>
  /**
   * Nobody waits for its Promise any more: the client has gone, the exchange was answered otherwise, or it
   * took longer than timeouts.step. Whatever it still does is of no use, and what the Promise gives is
   * dropped.
   */
  cancelled?(x: Exchange, note: N): void
  /** Exactly once for each step reached, also on abort. */
  end?(x: Exchange, note: N): void
}

/** What a step is given of the world it works in, beside its options. */
export interface StepWorld {
  /** Name of the rule that it is part of. */
  readonly rule: string
  /** A counter of this process: to be asked for when there is first something to count. */
  readonly counter: (name: MetricName, labels: readonly string[]) => Counter
  /** What all workers share. */
  readonly board: Scoreboard
  /** Milliseconds on a clock that all processes of this machine share; it is never set. */
  readonly now: () => number
  /** Chance in [0, 1). */
  readonly chance: () => number
  /**
   * The step of the same rule and name before the reload, whose options were others: it may hand on what it
   * has learned. Only while the step is made: who kept it would keep all steps before it, too.
   */
  readonly previous: Middleware<unknown> | null
  /** A limit of the config is reached: told now and then, and counted. */
  readonly limitReached: (limit: string, value: number) => void
  /** A refusal, as `mode` wants it: in shadow it is counted and logged, and the request passes. */
  readonly refuse: (x: Exchange, answer: Answer) => Answer | undefined
}

/** What one item of a rule's `middleware` says. */
export interface StepWords {
  readonly name: MiddlewareName
  readonly options: unknown
  readonly mode: Mode
}

/** A step with the words it was made of. */
export interface MadeStep {
  readonly words: StepWords
  readonly step: Middleware<unknown>
}
