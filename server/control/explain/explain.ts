// What becomes of a request, and why: the listener where it comes in, the rule that takes it and those that
// do not, the steps that act, where it goes. Everything is asked of the code that serves; nothing is sent,
// and nothing is counted.
import { UNBELIEVED } from '../../http/client.ts'
import { fieldsThatDiffer } from '../../http/why.ts'
import type { Steps } from '../../lib/slices.ts'
import { whyAmbiguous } from '../../rules/why-ambiguous.ts'
import { type AskedRequest, readRequest, urlParts } from './asked-request.ts'
import type { Explained, Ground } from './explained.ts'
import { Explanation } from './explanation.ts'
import { explainShare, IN_ALL } from './explain-share.ts'
import { listenerRules, type ListenerRules, traceRules } from './explain-rules.ts'
import { type RuleSteps, stepsOf } from './explain-steps.ts'
import { findListener, type FoundListener } from './find-listener.ts'

export const CANDIDATES_MAX = 20

/** Explains a request; `problem`: why that cannot be. */
export const explain = (
  asked: AskedRequest,
  ground: Ground,
  candidatesMax = CANDIDATES_MAX,
): Steps<Explained | { readonly problem: string }> => new Explainer(ground).explain(asked, candidatesMax)

/** Explains many requests: what is made of the config for that is made once. */
export class Explainer {
  readonly #ground: Ground
  readonly #rules = new Map<string, ListenerRules>()
  readonly #steps = new Map<number, RuleSteps>()
  /** When the request comes that is asked about. */
  #nowMs = 0

  constructor(ground: Ground) {
    this.#ground = ground
  }

  /**
   * `candidatesMax`: so many rules that came close are told; null: none is looked at but the taker. `only`:
   * the name of the one that is told beside that.
   */
  *explain(
    asked: AskedRequest,
    candidatesMax: number | null,
    only: string | null = null,
  ): Steps<Explained | { readonly problem: string }> {
    const ground = this.#ground
    // oxlint-disable-next-line no-restricted-properties -- windows of time are of the wall
    this.#nowMs = asked.atMs ?? Date.now()
    const url = urlParts(asked.url)
    const listener = findListener(ground.config, asked, url, ground.portsOf)
    if ('problem' in listener) return listener
    const { head: headBytes, target: targetBytes, fields } = listener.options.limits
    const { request, fault } = readRequest(asked, url, { headBytes, targetBytes, fields })
    request.fields.hidden |= UNBELIEVED
    const one = new Explanation({ asked, url, listener, request, ground, nowMs: this.#nowMs })
    if (one.problem !== null) return { problem: one.problem }
    if (fault !== null) return one.refused(fault)
    const early = one.atOnce()
    if (early !== null) return early
    const rules = yield* this.#rulesOf(listener)
    const by = { ...one.by, shares: IN_ALL }
    const { found, trace } =
      candidatesMax === null
        ? { found: rules.match(request, by), trace: null }
        : yield* traceRules(rules, { request, by, nowMs: this.#nowMs }, candidatesMax, only)
    if (found === 'ambiguous')
      return one.refused('match_ambiguous', whyAmbiguous(request, fieldsThatDiffer(request)), trace)
    if (found === null) return { ...one.refused('no_rule', null, trace), outcome: 'no_rule' }
    const { place } = found
    const share = explainShare(rules, found, { request, by })
    return one.taken(found, { trace, share }, place === null ? null : this.#stepsOf(place))
  }

  *#rulesOf({ name, options }: FoundListener): Steps<ListenerRules> {
    let rules = this.#rules.get(name)
    if (rules === undefined) {
      rules = yield* listenerRules(this.#ground.config, name, options, { now: () => this.#nowMs })
      this.#rules.set(name, rules)
    }
    return rules
  }

  #stepsOf(place: number): RuleSteps | null {
    const rule = this.#ground.config.rules[place]
    if (rule === undefined) return null
    let steps = this.#steps.get(place)
    if (steps === undefined) this.#steps.set(place, (steps = stepsOf(rule, place)))
    return steps
  }
}
