import type { CacheStore } from '../cache/store.ts'
import type { Answer } from '../head/answer.ts'
import type { Fields } from '../head/fields.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { LoadedPlugin } from '../plugins/load.ts'
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
  /**
   * On every final answer, ours or a server's, in reverse order, for the steps reached. An Answer goes in
   * place of it: the steps before this one see that.
   */
  response?(x: Exchange, head: ResponseHead, note: N): Answer | void | Promise<Answer | void>
  /**
   * Asked for each final answer once its head has passed all response steps, in reverse order too, and where
   * no body follows as well (HEAD, 304): the head may still be edited, now or until the first byte is let
   * out. Null: the body passes as it is.
   */
  body?(x: Exchange, head: ResponseHead, note: N): BodyTransform | null
  /**
   * Asked once all request steps let pass a request that has a body and goes to a backend, in order: the head
   * may still be edited. What comes of the body is counted by `limits.body`, kept for further attempts, and
   * framed anew: as long as it is short its length is told. Null: the body passes as it is.
   */
  requestBody?(x: Exchange, note: N): BodyTransform | null
  /** It may wait for so many ms longer than timeouts.step; left out: no longer. */
  readonly waitsMs?: number
  /**
   * Nobody waits for its Promise any more: the client has gone, the exchange was answered otherwise, or it
   * took longer than timeouts.step. Whatever it still does is of no use, and what the Promise gives is
   * dropped.
   */
  cancelled?(x: Exchange, note: N): void
  /** Exactly once for each step reached, also on abort. */
  end?(x: Exchange, note: N): void
  /** `request` may ask for the body (`bodyWithin` of the exchange), which is told as content then. */
  readonly seesBody?: true
  /**
   * What `request` and `response` do hangs on heads and the client alone, and touches nothing but the
   * exchange: who explains a request calls them.
   */
  readonly isPure?: true
  /**
   * What it would do, told and not done: nothing is counted, taken or sent, nobody is asked, nothing waits.
   * For `sluice explain`, the tester of the dashboard, and tests of the config. Left out: it is asked, where
   * it is pure; of others it is told where they act.
   */
  explain?(x: Exchange): Foreseen
}

/** What a step would do with a request of which head and client are known. */
export interface Foreseen {
  /** What it goes by, for people: "counts for 192.0.2.7, 100 in 1s"; null: there is nothing to say. */
  readonly why: string | null
  /** What it would answer; left out: it lets pass, or that hangs on what is not known here. */
  readonly answer?: Answer
  /** What becomes of it hangs on other requests, on a body, or on somebody who is asked. */
  readonly depends?: boolean
}

/** Changes the body of an answer, or of a request, as it passes. One for each of them. */
export interface BodyTransform {
  /** What it writes is as long as what came: a request keeps its Content-Length. Left out: nobody knows. */
  readonly keepsLength?: true
  /**
   * A piece of content. The buffer may be that of all reads: what is kept of it beyond this is `keepable`.
   */
  push(bytes: Buffer, from: number, to: number, next: BodySink): void
  /** The body is over: `next.end()` follows, now or later. */
  end(next: BodySink): void
  /** What of the trailers behind the body still holds; left out: all of them. Asked behind `next.end()`. */
  trailers?(trailers: Fields): Fields | null
  /** What was written has left, after `next` was full. */
  drained?(next: BodySink): void
  /** The exchange ends before the body does: nothing further is of use. Not told behind `next.end()`. */
  cancel?(): void
}

/**
 * Where a transform writes to: the next one, or the client. Who writes later than in `push` and `end` does so
 * in an event (lib/event.ts), or what is written waits for the next one.
 */
export interface BodySink {
  /** How many bytes will be written in all, where that is known before the first; -1: it is not. */
  length: number
  /** The bytes may be used again once this returns. */
  write(bytes: Buffer, from: number, to: number): void
  end(): void
  /** The client does not keep up: who can wait does, until `drained`. */
  readonly isFull: boolean
  /** No further piece is to come until `resume`; what is under way may still. */
  pause(): void
  resume(): void
  /** So many bytes more are kept by the transform, or fewer: they count for `limits.buffers`. */
  countKept(delta: number): void
  /** It cannot go on, which is a bug: the answer breaks off. */
  fail(error: unknown): void
  /**
   * It cannot go on with what it was given: of a request's body this is the answer, if none has begun; an
   * answer breaks off with its fault.
   */
  refuse(answer: Answer): void
}

/** What a step is given of the world it works in, beside its options. */
export interface StepWorld {
  /** Name of the rule that it is part of. */
  readonly rule: string
  /** Options of the items of the same name that the rule has before it. */
  readonly earlier: readonly unknown[]
  /** A counter of this process: to be asked for when there is first something to count. */
  readonly counter: (name: MetricName, labels: readonly string[]) => Counter
  /** What all workers share. */
  readonly board: Scoreboard
  /** Answers that are stored, of all rules of this process. */
  readonly cache: CacheStore
  /** Milliseconds on a clock that all processes of this machine share; it is never set. */
  readonly now: () => number
  /** Chance in [0, 1). */
  readonly chance: () => number
  /**
   * The step of the same rule and name before the reload, whose options were others: it may hand on what it
   * has learned. Only while the step is made: who kept it would keep all steps before it, too.
   */
  readonly previous: Middleware<unknown> | null
  /** A plugin as it was loaded; null: nobody is served, and none is. */
  readonly plugin: (name: string) => LoadedPlugin | null
  /** A limit of the config is reached: told now and then, and counted. */
  readonly limitReached: (limit: string, value: number) => void
  /**
   * The bytes of a file that the options name, one character each (lib/rule-files.ts lists which those are):
   * only while the step is made, which is made anew where one says something else.
   */
  readonly textOf: (path: string) => string
  /** A refusal, as `mode` wants it: in shadow it is counted and logged, and the request passes. */
  readonly refuse: (x: Exchange, answer: Answer) => Answer | undefined
}

/** What one item of a rule's `middleware` says. */
export interface StepWords {
  readonly name: MiddlewareName
  readonly options: unknown
  readonly mode: Mode
  /** Options of the items of the same name before it, those that are off too. */
  readonly earlier: readonly unknown[]
  /** Which code of plugins it is made with; '': none. */
  readonly code: string
}

/** A step with the words it was made of. */
export interface MadeStep {
  readonly words: StepWords
  readonly step: Middleware<unknown>
  /** The files that it was made of; null: none. */
  readonly reads: ReadonlyMap<string, string> | null
}
