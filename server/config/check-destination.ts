// Where a rule leads: exactly one destination, and what stands beside it.
import { formatDuration } from '../lib/durations.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import { checkGivenCookie } from './check-cookie.ts'
import { checkFamily } from './check-family.ts'
import { checkNearest } from './check-nearest.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

const DESTINATIONS = ['backend', 'split', 'nearest', 'respond', 'redirect'] as const

/** Checks a rule of http listeners; `listeners`: those that it may be for. */
export function checkDestination(
  checked: Checked,
  path: Path,
  rule: RuleConfig,
  listeners: readonly string[],
): void {
  const named = DESTINATIONS.filter((key) => rule[key] !== undefined)
  const isClosed = rule.maintenance !== undefined && rule.maintenance !== false
  if (named.length > 1 || (named.length === 0 && !isClosed))
    checked.report({
      code: named.length === 0 ? 'missing-key' : 'conflict',
      path: named[1] === undefined ? path : [...path, named[1]],
      found: named.length === 0 ? 'a rule without destination' : `${named.join(' and ')} in one rule`,
      allowed: 'exactly one of backend, split, nearest, respond or redirect; or maintenance',
    })
  const { split, nearest, mirror, maintenance } = rule
  if (nearest !== undefined) checkNearest(checked, [...path, 'nearest'], nearest, listeners)
  if (split !== undefined) checkSplit(checked, [...path, 'split'], split, listeners)
  if (mirror !== undefined) checkMirror(checked, path, rule, listeners)
  if (typeof maintenance === 'object')
    checkMaintenance(checked, [...path, 'maintenance'], maintenance, named.length > 0)
  checkWeight(checked, path, rule)
}

type Split = NonNullable<RuleConfig['split']>

function checkSplit(checked: Checked, path: Path, split: Split, listeners: readonly string[]): void {
  const seen = new Map<string, number>()
  for (const [place, { backend, name = backend }] of split.to.entries()) {
    const here = [...path, 'to', place]
    checked.resolve('backend', backend, [...here, 'backend'])
    checkFamily(checked, [...here, 'backend'], backend, listeners)
    const before = seen.get(name)
    seen.set(name, before ?? place)
    if (before === undefined) continue
    checked.report({
      code: 'duplicate',
      path: checked.isWritten([...here, 'name']) ? [...here, 'name'] : [...here, 'backend'],
      found: `a part called ${checked.quoted([...here, 'backend'], name)} a second time`,
      allowed: 'a name of its own for each part: by it is known who belongs there',
      hint: `to[${before}] has it as well; give one of them "name"`,
    })
  }
  if (split.to.length > 0 && split.to.every(({ weight }) => weight === 0))
    checked.report({
      code: 'wrong-value',
      path: [...path, 'to'],
      found: 'a split of which no part has a weight',
      allowed: 'at least one part with a weight of 1 or more',
    })
  const { by, cookie } = split
  if (cookie === undefined) return
  if (by === 'cookie')
    checkGivenCookie(checked, [...path, 'cookie'], { ...cookie, key: 'name', usual: 'sluice_split' })
  else
    checked.report({
      code: 'conflict',
      path: [...path, 'cookie'],
      found: `"cookie" with by: ${checked.said([...path, 'by'], by)}`,
      allowed: 'it with by: cookie',
      hint: `write ${checked.spelled({ by: 'cookie' })} for a cookie of the gateway's own`,
    })
}

function checkMirror(checked: Checked, path: Path, rule: RuleConfig, listeners: readonly string[]): void {
  const here = [...path, 'mirror']
  const { backend, compare } = rule.mirror as NonNullable<RuleConfig['mirror']>
  checked.resolve('backend', backend, [...here, 'backend'])
  checkFamily(checked, [...here, 'backend'], backend, listeners)
  if (rule.backend === undefined && rule.split === undefined)
    checked.report({
      code: 'conflict',
      path: here,
      found: '"mirror" in a rule that leads to no backend',
      allowed: 'it beside backend or split',
    })
  if (compare === 'off' || compare.status || compare.size || compare.body || compare.latency !== undefined)
    return
  checked.report({
    code: 'conflict',
    path: [...here, 'compare'],
    found: 'a comparison of nothing',
    allowed: 'status, size, body or latency',
    hint: `write ${checked.spelled({ compare: 'off' })} to compare nothing`,
  })
}

type Maintenance = Exclude<NonNullable<RuleConfig['maintenance']>, boolean>

function checkMaintenance(checked: Checked, path: Path, words: Maintenance, isBeside: boolean): void {
  const { until, allow } = words
  for (const key of ['until', 'allow'] as const)
    if (!isBeside && (key === 'until' ? until !== undefined : allow.length > 0))
      checked.report({
        code: 'conflict',
        path: [...path, key],
        found: `"${key}" in a rule that leads nowhere else`,
        allowed: 'it beside a destination, such as backend',
        hint: 'say where requests go that are let through, or once it is over',
      })
  if (until === undefined) return
  const here = [...path, 'until']
  const endsMs = Date.parse(until)
  if (Number.isNaN(endsMs))
    checked.report({
      code: 'wrong-value',
      path: here,
      found: checked.said(here, until),
      allowed: 'a time that there is, such as 2026-12-24T18:00:00Z',
    })
  else if (endsMs <= checked.nowMs)
    checked.warn({
      code: 'unreachable',
      path: here,
      found: `${checked.said(here, until)}, which was ${agoText(checked.nowMs - endsMs)} ago`,
      allowed: 'a time to come: this maintenance is over, and does nothing',
      hint: 'remove it, or write a later time',
    })
}

const MINUTE = 60_000
const agoText = (ms: number): string =>
  ms < MINUTE ? 'less than a minute' : formatDuration(ms - (ms % (ms < 60 * MINUTE ? MINUTE : 60 * MINUTE)))

function checkWeight(checked: Checked, path: Path, { weight, weight_by }: RuleConfig): void {
  if (weight_by === undefined || weight !== undefined) return
  checked.report({
    code: 'conflict',
    path: [...path, 'weight_by'],
    found: '"weight_by" without "weight"',
    allowed: 'both: how many of a hundred requests, and what decides which',
  })
}
