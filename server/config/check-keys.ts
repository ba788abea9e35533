// What steps that limit each of many are told apart by, what requests of other costs match, and whether a
// tarpit has something to hold.
import type { MiddlewareConfig } from '../middleware/middleware.options.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import { checkToldBy } from './check-geo.ts'
import { checkCondition } from './check-match.ts'
import { capturesOf, checkTemplate } from './check-template.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

/** Steps that have keys. */
const KEYED = [
  'rate_limit',
  'concurrency',
  'bandwidth_limit',
] as const satisfies readonly (keyof MiddlewareConfig)[]

/** Checks the keys of a rule's steps, and the costs. */
export function checkKeys(checked: Checked, rulePath: Path, { match, middleware }: RuleConfig): void {
  const captures = middleware.length === 0 ? [] : capturesOf(match)
  for (const [place, step] of middleware.entries()) {
    for (const name of KEYED) {
      const at = [...rulePath, 'middleware', place, name]
      for (const [index, word] of step[name]?.key.entries() ?? []) {
        const isList = checked.written([...at, 'key'])?.is === 'list'
        const path = isList ? [...at, 'key', index] : [...at, 'key']
        checkKey(checked, path, word, captures)
        if (/^(?:user|claim)\b/.test(word) && !middleware.slice(0, place).some(knowsWho))
          warnOfNobody(checked, path, word)
      }
    }
    for (const [index, { match: words }] of step.rate_limit?.costs.entries() ?? [])
      checkCondition(
        checked,
        [...rulePath, 'middleware', place, 'rate_limit', 'costs', index, 'match'],
        words,
      )
  }
}

/** Steps that tell who it is; users' own may as well. */
const TELL_WHO: readonly string[] = ['api_key', 'basic_auth', 'forward_auth', 'jwt', 'oidc', 'plugin']

const knowsWho = (step: MiddlewareConfig): boolean =>
  Object.entries(step).some(
    ([name, options]) => TELL_WHO.includes(name) && (options as { readonly mode?: string }).mode !== 'off',
  )

function warnOfNobody(checked: Checked, path: Path, word: string): void {
  checked.warn({
    code: 'unused',
    path,
    found: `the key ${JSON.stringify(word)}, and no step before it that tells who it is`,
    allowed: 'it behind api_key, basic_auth, forward_auth, jwt or oidc',
    hint: 'as it stands, what "missing" says counts for all',
  })
}

/** Steps that never answer in place of a server. */
const HARMLESS: ReadonlySet<string> = new Set([
  'compress',
  'headers',
  'request_id',
  'security_headers',
  'tarpit',
])

/** A tarpit holds what steps behind it refuse, or the rule answers. */
export function checkTarpits(checked: Checked, path: Path, { middleware, respond }: RuleConfig): void {
  const names = middleware.map((step) => Object.keys(step)[0] ?? '')
  for (const [place, { tarpit }] of middleware.entries()) {
    if (tarpit === undefined || tarpit.when === 'always' || tarpit.mode === 'off') continue
    if (respond !== undefined || names.slice(place + 1).some((name) => !HARMLESS.has(name))) continue
    checked.warn({
      code: 'unused',
      path: [...path, 'middleware', place, 'tarpit'],
      found: 'a tarpit for what is refused, and nothing behind it refuses',
      allowed: 'it before the steps that refuse',
      hint: 'write when: always to hold each request',
    })
  }
}

function checkKey(checked: Checked, path: Path, word: string, captures: readonly string[]): void {
  if (word === 'country' || word === 'continent' || word === 'asn') checkToldBy(checked, path, word)
  const [kind, name] = word.split(/[ .]/, 2)
  if (kind === 'path' && name !== undefined)
    checkTemplate(checked, path, `{path.${name}}`, { from: 'request', captures })
}
