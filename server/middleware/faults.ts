// Failures that are wanted: a share of a rule's requests waits, fails or breaks off, until an instant.
import { type Answer, faultAnswer } from '../head/answer.ts'
import type { Exchange } from '../http/exchange.ts'
import { unixSeconds } from '../lib/clock.ts'
import { valuePattern } from '../rules/value-pattern.ts'
import { YES } from '../rules/verdict.ts'
import type { FaultsConfig } from './faults.options.ts'
import type { Middleware, StepWorld } from './middleware.ts'

type Kind = 'delay' | 'reset' | 'abort'

/** Of one exchange: the wait that is under way, and what is told of it at its end. */
interface Note {
  timer: Timer | null
  waitedMs: number
}

/** Draws for each request what becomes of it, before any server is picked. */
export function faults(options: FaultsConfig, world: StepWorld): Middleware<Note> {
  const { delay, abort, reset } = options
  const untilS = Date.parse(options.until) / 1000
  const isMeant = meantBy(options.header)
  const draws = (one: { readonly percent: number } | undefined): boolean =>
    one !== undefined && world.chance() * 100 < one.percent
  const count = (kind: Kind): void => world.counter('faults_injected_total', [world.rule, kind]).add(1)
  const detail = `rules.${world.rule}.faults`
  const resets: Answer = { ...faultAnswer('fault_injected'), isReset: true }
  const status = abort?.status ?? 503
  const injected = faultAnswer('fault_injected')
  // RFC 9110 §10.2.3, RFC 6585 §4: these ask to come again.
  const aborts: Answer = {
    ...injected,
    status,
    headers: status === 503 || status === 429 ? injected.headers : [],
  }

  const refusal = (x: Exchange): Answer | undefined => {
    const kind = draws(reset) ? 'reset' : draws(abort) ? 'abort' : null
    if (kind === null) return undefined
    const answer = world.refuse(x, kind === 'reset' ? resets : aborts)
    if (answer === undefined) return undefined
    count(kind)
    x.detail = `${detail}.${kind}`
    return answer
  }

  /** Of what is injected the wait alone is no refusal: in shadow it is not made either. */
  const wait = (x: Exchange, note: Note, ms: number): Promise<Answer | undefined> => {
    count('delay')
    note.waitedMs = ms
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
    note.timer = setTimeout(() => {
      note.timer = null
      resolve(refusal(x))
    }, ms)
    return promise
  }

  return {
    name: 'faults',
    note: () => ({ timer: null, waitedMs: 0 }),
    explain(x) {
      if (unixSeconds() >= untilS) return { why: `was over at ${options.until}` }
      return isMeant(x) ? { why: faultWords(options), depends: true } : { why: 'of other requests' }
    },
    request(x, note) {
      if (unixSeconds() >= untilS || !isMeant(x)) return undefined
      if (options.mode === 'enforce' && delay !== undefined && draws(delay)) return wait(x, note, delay.time)
      return refusal(x)
    },
    cancelled: (_, note) => stop(note),
    end(x, note) {
      stop(note)
      // Attempts clear it where they are answered.
      if (note.waitedMs > 0) x.detail ??= `${detail}.delay: ${note.waitedMs} ms`
    },
  }
}

function stop(note: Note): void {
  if (note.timer !== null) clearTimeout(note.timer)
  note.timer = null
}

function meantBy(header: FaultsConfig['header']): (x: Exchange) => boolean {
  const patterns = Object.entries(header).map(([name, words]) => {
    const { judge } = valuePattern(words)
    return { lower: name.toLowerCase(), judge }
  })
  if (patterns.length === 0) return () => true
  return ({ request }) => patterns.every(({ lower, judge }) => judge(request.values(lower)) === YES)
}

/** What they do, for people. */
export function faultWords({ delay, abort, reset, header }: FaultsConfig): string {
  const kinds = [
    ...(delay === undefined ? [] : [`${delay.percent} % wait ${delay.time} ms`]),
    ...(reset === undefined ? [] : [`${reset.percent} % break off`]),
    ...(abort === undefined ? [] : [`${abort.percent} % get ${abort.status}`]),
  ]
  const names = Object.keys(header)
  return `${names.length === 0 ? '' : `of those with ${names.join(' and ')} `}${kinds.join(', ')}`
}
