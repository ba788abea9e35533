// A step that a user has written.
import { type Answer, faultAnswer } from '../head/answer.ts'
import type { Exchange } from '../http/exchange.ts'
import { nowMs } from '../lib/clock.ts'
import { messageOf } from '../plugins/load.ts'
import type * as api from '../plugins/api.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import type { PluginStepConfig } from './plugin.options.ts'
import { AnswerView, RequestView } from './plugin-views.ts'

/** Parts of a plugin's step, as they are counted. */
type Part = 'request' | 'response' | 'end'

const NOTHING: Middleware<RequestView> = { name: 'plugin' }

/** Throws what the plugin throws when it makes its step. */
export function plugin({ name, options }: PluginStepConfig, world: StepWorld): Middleware<RequestView> {
  const loaded = world.plugin(name)
  // Where nobody is served, as where a config is tried, no code of others runs.
  if (loaded === null) return NOTHING
  const { middleware } = loaded.exports
  if (typeof middleware !== 'function') throw new Error(`plugin "${name}" exports no function middleware`)
  const step = (middleware as api.Middleware)(options, worldOf(name, world)) as api.Step | undefined
  if (typeof step !== 'object' || step === null)
    throw new Error(`plugin "${name}": middleware returned no step, an object`)
  const calls = new Calls(name, world)
  const { request, response, end } = step
  return {
    name: 'plugin',
    note: () => new RequestView(),
    ...(request && {
      request(x, view) {
        const given = calls.of('request', x, () => step.request?.(view.over(x)))
        if (given instanceof Promise) return given.then((reply) => calls.taken(x, reply))
        return calls.taken(x, given)
      },
    }),
    ...(response && {
      response(x, head, view) {
        const given = calls.of('response', x, () => step.response?.(view.over(x), new AnswerView(head)))
        if (given instanceof Promise)
          return given.then((failed) => (failed instanceof Failed ? failed.answer : undefined))
        return given instanceof Failed ? given.answer : undefined
      },
    }),
    ...(end && {
      end(x, view) {
        calls.of('end', x, () => step.end?.(view.over(x), summaryOf(x)))
      },
    }),
  }
}

class Failed {
  readonly answer: Answer = faultAnswer('plugin_failed')
}

/** A call that keeps the loop from everything else for longer is counted. */
const SLOW_MS = 20

class Calls {
  readonly #name: string
  readonly #world: StepWorld

  constructor(name: string, world: StepWorld) {
    this.#name = name
    this.#world = world
  }

  /** What a function of the plugin gives, or that it has failed; never throws, its promise never rejects. */
  of<T>(part: Part, x: Exchange, call: () => T | Promise<T>): T | Failed | Promise<T | Failed> {
    const began = performance.now()
    try {
      const given = call()
      if (!(given instanceof Promise)) return given
      return given.catch((error: unknown) => this.#failed(part, x, error))
    } catch (error) {
      return this.#failed(part, x, error)
    } finally {
      if (performance.now() - began > SLOW_MS)
        this.#world.counter('plugin_slow_calls_total', [this.#name, part]).add(1)
    }
  }

  #failed(part: Part, x: Exchange, error: unknown): Failed {
    this.#world.counter('plugin_failures_total', [this.#name, part]).add(1)
    x.detail = `plugin ${this.#name}, ${part}: ${messageOf(error)}`
    return new Failed()
  }

  /** The answer that is meant; nothing: the request goes on. */
  taken(x: Exchange, given: api.Reply | undefined | void | Failed): Answer | undefined {
    if (given instanceof Failed) return given.answer
    if (given === undefined || given === null) return undefined
    const answer = answerOf(given)
    if (answer !== null) return this.#world.refuse(x, answer)
    return this.#failed(
      'request',
      x,
      new TypeError('request gave no reply: { status: 200 to 599, headers, body }'),
    ).answer
  }
}

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Null: it is none. */
function answerOf(reply: unknown): Answer | null {
  if (typeof reply !== 'object' || reply === null) return null
  const { status, headers = {}, body = '' } = reply as Partial<api.Reply>
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599) return null
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return null
  const fields = Object.entries(headers)
  if (!fields.every(([name, value]) => NAME.test(name) && typeof value === 'string' && VALUE.test(value)))
    return null
  const hasType = fields.some(([name]) => name.toLowerCase() === 'content-type')
  const type = hasType ? [] : [['Content-Type', 'text/plain; charset=utf-8'] as const]
  return { status: status as number, headers: [...type, ...fields], body, fault: null }
}

function worldOf(plugin: string, { rule, now }: StepWorld): api.World {
  return Object.freeze({
    rule,
    now,
    log: (message: unknown) => logEvent('info', 'plugin', { plugin, rule, message: messageOf(message) }),
  })
}

const summaryOf = (x: Exchange): api.Summary => ({
  status: x.status,
  server: x.server?.name ?? null,
  ms: Math.max(0, nowMs - x.startedMs),
  bytesIn: x.bytesIn,
  bytesOut: x.bytesOut,
  fault: x.fault?.code ?? null,
})
