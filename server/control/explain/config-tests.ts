// The tests of a config, tried on it: what becomes of each request by the code that serves, and no socket is
// opened for it.
import type { LoadedConfig } from '../../config/load.ts'
import { isSecretField } from '../../config/secret-field.ts'
import type { Problem } from '../../config/problem.ts'
import type { Config } from '../../config/schema.ts'
import type { Steps } from '../../lib/slices.ts'
import { valuePattern, patternText } from '../../rules/value-pattern.ts'
import { YES } from '../../rules/verdict.ts'
import type { ValueWords } from '../../rules/value.options.ts'
import type { AskedRequest } from './asked-request.ts'
import { Explainer } from './explain.ts'
import type { Explained } from './explained.ts'
import { offlineGround } from './offline.ts'
import { partText } from './part-text.ts'
import type { ConfigTest } from './tests.options.ts'

/** What a test expects, and what came instead. */
export interface TestFailure {
  /** Place of the test in the list. */
  readonly place: number
  /** Within the test. */
  readonly path: readonly string[]
  readonly found: string
  readonly wanted: string
  /** Null: it is plain. */
  readonly why: string | null
}

/** Tries the tests of a config that was loaded; what fails is told with its place in the file. */
export function* failedTests(loaded: LoadedConfig): Steps<readonly Problem[]> {
  const { tests } = loaded.config
  if (tests.length === 0) return []
  const failures = yield* runTests(loaded.config)
  return loaded.problemsAt(
    failures.map(({ place, path, found, wanted, why }) => {
      const { name } = tests[place] ?? {}
      const told = name === undefined ? found : `${found} (test ${JSON.stringify(name.slice(0, 80))})`
      return { code: 'test-failed', path: ['tests', place, ...path], found: told, allowed: wanted, hint: why }
    }),
  )
}

/** Of each test the first thing that is not as it expects. */
export function* runTests(config: Config): Steps<readonly TestFailure[]> {
  const explainer = new Explainer(offlineGround(config))
  const failures: TestFailure[] = []
  for (const [place, test] of config.tests.entries()) {
    const asked = askedBy(test)
    const told = yield* explainer.explain(asked, null)
    if ('problem' in told) {
      const wanted = 'a request that a listener takes'
      failures.push({ place, path: ['request'], found: told.problem, wanted, why: null })
    } else {
      const failed = firstWrong(test.expect, told)
      if (failed !== null) {
        const whole = yield* explainer.explain(asked, 1, test.expect.rule ?? '')
        const why = 'problem' in whole ? null : whyElse(test.expect, whole)
        failures.push({ place, ...failed, found: `${failed.found} for ${requestText(told)}`, why })
      }
    }
    yield
  }
  return failures
}

function askedBy({ request }: ConfigTest): AskedRequest {
  const { method, url, host, path, headers, client, listener, scheme, time, tls, claims } = request
  const begin = scheme === undefined ? 'http' : scheme
  return {
    method,
    url:
      url ??
      (host === undefined && scheme === undefined ? path : `${begin}://${host ?? 'localhost'}${path}`) ??
      '/',
    headers: Object.entries(headers).flatMap(([name, values]) =>
      values.map((value) => [name, value] as const),
    ),
    client: client ?? null,
    listener: listener ?? null,
    ...(Object.keys(claims).length > 0 && { claims: mapped(claims, (said) => mapped(said, oneOrAll)) }),
    ...{ scheme, tls, atMs: time === undefined ? undefined : Date.parse(time) },
  }
}

const mapped = <A, B>(map: Readonly<Record<string, A>>, of: (one: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(map).map(([name, one]) => [name, of(one)]))

/** A list of one is as good as that one. */
const oneOrAll = (values: readonly string[]): unknown => (values.length === 1 ? values[0] : values)

type Expected = ConfigTest['expect']
type Wrong = Pick<TestFailure, 'path' | 'found' | 'wanted'>

function firstWrong(expected: Expected, told: Explained): Wrong | null {
  const { rule, backend, status, fault, refused_by: step, location, header, sent } = expected
  const refuser = told.middleware.find(({ does }) => does === 'refuses')?.name ?? null
  const wrong = (
    key: string,
    wanted: string | number | undefined,
    found: string | number | null,
  ): Wrong | null =>
    wanted === undefined || wanted === found
      ? null
      : wrongAt(key, String(wanted), foundText(key, found, told))
  return (
    wrong('rule', rule, told.rule?.name ?? null) ??
    wrong('fault', fault, told.fault) ??
    wrong('refused_by', step, refuser) ??
    wrong('status', status, told.status) ??
    wrong('backend', backend, told.backend?.backend ?? null) ??
    wrongValue(['location'], location, told.location === null ? [] : [told.location]) ??
    wrongField(['header'], header, (name) => valuesOf(told.headers, name)) ??
    (sent === undefined ? null : wrongSent(sent, told))
  )
}

function wrongField(
  path: readonly string[],
  fields: Expected['header'],
  valuesOfField: (name: string) => readonly string[],
): Wrong | null {
  for (const [name, words] of Object.entries(fields)) {
    const wrong = wrongValue([...path, name], words, valuesOfField(name))
    if (wrong !== null) return wrong
  }
  return null
}

function wrongSent({ target, host, header }: NonNullable<Expected['sent']>, told: Explained): Wrong | null {
  const { sent } = told
  if (sent === null)
    return {
      path: ['expect', 'sent'],
      found: foundText('sent', null, told),
      wanted: 'a request that is sent',
    }
  return (
    wrongValue(['sent', 'target'], target, [sent.target]) ??
    wrongValue(['sent', 'host'], host, [sent.host]) ??
    wrongField(['sent', 'header'], header, (name) => valuesOf(sent.fields, name))
  )
}

const wrongAt = (key: string, wanted: string, found: string): Wrong => ({
  path: ['expect', key],
  found,
  wanted: `${KINDS[key] ?? key} ${wanted}`,
})

const KINDS: Readonly<Record<string, string>> = { refused_by: 'a refusal by' }

function foundText(key: string, found: string | number | null, told: Explained): string {
  if (found !== null) return `${KINDS[key] ?? key} ${found}`
  if (key === 'rule') return told.fault === null ? 'no rule' : `no rule (${told.status} ${told.fault})`
  if (key === 'fault') return 'no fault'
  if (key === 'refused_by') return 'no refusal by a middleware'
  if (key === 'status') return `what a server of backend ${told.backend?.backend ?? '-'} answers`
  return told.fault === null ? `${told.outcome} ${told.status}` : `${told.status} ${told.fault}`
}

function wrongValue(
  path: readonly string[],
  words: string | ValueWords | undefined,
  values: readonly string[],
): Wrong | null {
  if (words === undefined || valuePattern(words).judge(values) === YES) return null
  const what = path.join(' ')
  // Whoever may not see what is set may not have it told by a test that fails.
  const text = isSecretField(path.at(-1) ?? '')
    ? 'with another value'
    : JSON.stringify(values.join(', ').slice(0, 200))
  const found = values.length === 0 ? `no ${what}` : `${what} ${text}`
  return { path: ['expect', ...path], found, wanted: `${what} ${patternText(words)}` }
}

const valuesOf = (headers: Explained['headers'], name: string): string[] =>
  headers.flatMap(([one, value]) => (one.toLowerCase() === name.toLowerCase() ? [value] : []))

function requestText({ request: { method, scheme, host, path, query } }: Explained): string {
  const url = `${scheme}://${host}${path}${query === '' ? '' : `?${query}`}`
  return `${method} ${url.length > 200 ? `${url.slice(0, 200)}…` : url}`
}

/** Why the rule that was expected is not the one that takes it. */
function whyElse({ rule }: Expected, { rule: taker, trace, detail }: Explained): string | null {
  if (rule === undefined || rule === taker?.name || trace === null || detail !== null) return detail
  const wanted = trace.candidates.find((one) => one.rule === rule)
  if (wanted !== undefined && !wanted.matches)
    return `of rule ${rule}: ${wanted.unmet.map(partText).join('; ')}`
  return taker === null ? null : `rule ${taker.name} stands before it, and takes it`
}
