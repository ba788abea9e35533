// Tests of a config: names that must resolve, and tests that say too little. What becomes of their requests
// others try.
import type { ConfigTest } from '../control/explain/tests.options.ts'
import { MiddlewareOptions } from '../middleware/middleware.options.ts'
import type { Checked } from './checked.ts'
import { asksNothing } from './shadows.ts'
import { isStandIn } from './stand-in.ts'
import { nearest } from './nearest.ts'
import type { Path } from './tree.ts'

export function checkTests(checked: Checked): void {
  const { tests, rules } = checked.config
  if (tests.length === 0) return
  const names = new Set(rules.map(({ name }) => name))
  for (const [place, { request, expect }] of tests.entries()) {
    const path = ['tests', place]
    checkRequest(checked, [...path, 'request'], request)
    checkExpected(checked, [...path, 'expect'], expect, names)
  }
}

function checkRequest(checked: Checked, path: Path, { url, host, path: target, ...more }: Asked): void {
  if (url === undefined && target === undefined)
    checked.report({
      code: 'missing-key',
      path,
      found: 'a request without "url" or "path"',
      allowed: 'a url, or a path, with a host beside it if that counts',
    })
  for (const [key, value] of Object.entries({ host, path: target }))
    if (url !== undefined && value !== undefined)
      checked.report({
        code: 'conflict',
        path: [...path, key],
        found: `"url" and "${key}"`,
        allowed: 'either url, or host and path',
      })
  if (url !== undefined && !isStandIn(url) && !/^(?:https?:\/\/[^/?#]+(?:[/?#]|$)|\/)/i.test(url))
    checked.report({
      code: 'wrong-value',
      path: [...path, 'url'],
      found: checked.quoted([...path, 'url'], url),
      allowed: 'a URL that begins with http:// or https://, or a path',
    })
  if (target !== undefined && !target.startsWith('/') && target !== '*' && !isStandIn(target))
    checked.report({
      code: 'wrong-value',
      path: [...path, 'path'],
      found: checked.quoted([...path, 'path'], target),
      allowed: 'a path that begins with "/"',
    })
  if (more.listener !== undefined) checked.resolve('listener', more.listener, [...path, 'listener'])
  if (more.time !== undefined && Number.isNaN(Date.parse(more.time)))
    checked.report({
      code: 'wrong-value',
      path: [...path, 'time'],
      found: checked.quoted([...path, 'time'], more.time),
      allowed: 'a time that there is',
    })
}

type Asked = ConfigTest['request']
type Expected = ConfigTest['expect']

function checkExpected(checked: Checked, path: Path, expected: Expected, names: ReadonlySet<string>): void {
  const { rule, backend, refused_by: step } = expected
  if (Object.values(expected).every(asksNothing))
    checked.report({
      code: 'missing-key',
      path,
      found: 'a test that expects nothing',
      allowed: 'rule, backend, status, fault, refused_by, location or header',
    })
  if (rule !== undefined && !names.has(rule))
    unknown(checked, [...path, 'rule'], { name: rule, kind: 'a rule', known: names })
  if (backend !== undefined) checked.resolve('backend', backend, [...path, 'backend'])
  const steps = new Set([...Object.keys(MiddlewareOptions.properties), 'max_connections'])
  if (step !== undefined && !steps.has(step))
    unknown(checked, [...path, 'refused_by'], { name: step, kind: 'a middleware', known: steps })
}

interface Unknown {
  readonly name: string
  readonly kind: string
  readonly known: ReadonlySet<string>
}

const SHOWN_MAX = 12
/** Looking for what was meant costs a look at each name. */
const COMPARED_MAX = 1000

function unknown(checked: Checked, path: Path, { name, kind, known }: Unknown): void {
  const near = checked.isSubstituted(path) || known.size > COMPARED_MAX ? null : nearest(name, known)
  const names = [...known].slice(0, SHOWN_MAX).join(', ')
  const all = known.size > SHOWN_MAX ? `${names}, …` : names
  checked.report({
    code: 'unknown-name',
    path,
    found: checked.said(path, name),
    allowed: known.size === 0 ? `${kind}, but there is none` : `${kind}: ${all}`,
    hint: near === null ? null : `did you mean "${near}"?`,
  })
}
