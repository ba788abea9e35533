// What rules match: what their schema cannot say.
import { type Condition, DEPTH_MAX } from '../rules/match.options.ts'
import type { TimeConfig } from '../rules/time.options.ts'
import type { ValueWords } from '../rules/value.options.ts'
import { checkClaims } from './check-auth.ts'
import { checkWhere } from './check-geo.ts'
import { checkMethods } from './check-methods.ts'
import { checkPaths } from './check-paths.ts'
import type { Checked } from './checked.ts'
import { asksNothing } from './shadows.ts'
import type { Path } from './tree.ts'

/** Checks what a rule asks of requests. */
export function checkMatch(checked: Checked, path: Path, match: Condition, depth = 0): void {
  checkMethods(checked, [...path, 'method'], match.method)
  checkPaths(checked, [...path, 'path'], match.path)
  for (const part of ['header', 'query', 'cookie', 'claims'] as const)
    for (const [name, words] of Object.entries(match[part]))
      if (typeof words !== 'string') checkValue(checked, [...path, part, name], words)
  checkWhere(checked, path, match)
  checkClaims(checked, path, match)
  if (match.tls !== undefined) checkTls(checked, [...path, 'tls'], match)
  if (match.time !== undefined) checkTime(checked, [...path, 'time'], match.time)
  for (const key of ['all', 'any'] as const)
    for (const [place, one] of match[key].entries())
      checkCondition(checked, [...path, key, place], one, depth)
  if (match.not !== undefined) checkCondition(checked, [...path, 'not'], match.not, depth)
}

/** Checks a condition that stands within another, or by itself: it must ask for something. */
export function checkCondition(checked: Checked, path: Path, words: Condition, depth = 0): void {
  if (depth >= DEPTH_MAX)
    return checked.report({
      code: 'wrong-value',
      path,
      found: `conditions that are nested more than ${DEPTH_MAX} deep`,
      allowed: `at most ${DEPTH_MAX}`,
    })
  const written = checked.written(path)
  // What is no map has no conditions; that was said, as all that is wrong with what was written.
  if (written?.is !== 'map') return
  if (written.entries.size === 0 && Object.values(words).every(asksNothing))
    checked.report({
      code: 'missing-key',
      path,
      found: 'a condition that asks for nothing',
      allowed: 'one that names something, such as path or header',
    })
  checkMatch(checked, path, words, depth + 1)
}

function checkTls(checked: Checked, path: Path, { scheme, tls = { version: [] } }: Condition): void {
  const { version, cipher, client_certificate: certificate } = tls
  if (scheme === 'http')
    checked.warn({
      code: 'unreachable',
      path,
      found: 'tls beside scheme: http',
      allowed: 'one of the two: what comes by http has no TLS',
    })
  if (version.length === 0 && cipher === undefined && certificate === undefined)
    checked.report({
      code: 'missing-key',
      path,
      found: 'tls that asks for nothing',
      allowed: 'version, cipher or client_certificate',
      hint: 'write scheme: https for any TLS',
    })
  for (const [name, words] of Object.entries(typeof certificate === 'object' ? certificate : {}))
    if (typeof words === 'object') checkValue(checked, [...path, 'client_certificate', name], words)
  if (typeof cipher === 'object') checkValue(checked, [...path, 'cipher'], cipher)
  if (typeof certificate === 'object' && Object.keys(certificate).length === 0)
    checked.report({
      code: 'missing-key',
      path: [...path, 'client_certificate'],
      found: 'a certificate of which nothing is asked',
      allowed: 'subject, issuer, san or fingerprint',
      hint: 'write present for any that is good',
    })
}

function checkTime(checked: Checked, path: Path, { days, from, to }: TimeConfig): void {
  if (days.length === 0 && from === undefined && to === undefined)
    checked.report({
      code: 'missing-key',
      path,
      found: 'a time that is always',
      allowed: 'days, from or to',
    })
  if (from === '24:00' || (from ?? '00:00') === to)
    checked.report({
      code: 'wrong-value',
      path: [...path, from === undefined ? 'to' : 'from'],
      found: `a time from ${from ?? '00:00'} to ${to ?? '24:00'}, which is none`,
      allowed: 'an end that is another than the beginning',
      hint: 'leave both out for the whole day',
    })
}

const WORDS = ['is', 'prefix', 'suffix', 'contains', 'regex', 'present', 'has', 'min', 'max'] as const

/** Exactly one thing is asked. */
function checkValue(checked: Checked, path: Path, words: ValueWords): void {
  const { min, max } = words
  const named = WORDS.filter((word) => words[word] !== undefined)
  const isRange = named.every((word) => word === 'min' || word === 'max')
  if (named.length === 0 || (named.length > 1 && !isRange))
    checked.report({
      code: named.length === 0 ? 'missing-key' : 'conflict',
      path: named[1] === undefined ? path : [...path, named[1]],
      found: named.length === 0 ? 'a pattern that says nothing' : `${named.join(' and ')} in one pattern`,
      allowed: `one of ${WORDS.slice(0, -2).join(', ')}; or min, max or both`,
      hint: named.length === 0 ? null : 'what must hold at the same time stands below "all", each in a match',
    })
  if (min !== undefined && max !== undefined && min > max)
    checked.report({
      code: 'wrong-value',
      path: [...path, 'min'],
      found: `min ${min} above max ${max}`,
      allowed: 'a min that is at most max',
    })
  for (const word of ['prefix', 'suffix', 'contains', 'has'] as const)
    if (words[word] === '')
      checked.report({
        code: 'wrong-value',
        path: [...path, word],
        found: `an empty ${word}`,
        allowed: 'text',
        hint: 'write present: true for any value',
      })
}
