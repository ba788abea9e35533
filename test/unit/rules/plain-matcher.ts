// A second reading of what rules say, for tests: each rule in its order, each word as the docs have it, with
// no index and nothing compiled.
import type { AskedBy } from '../../../server/rules/asked.ts'
import type { Condition } from '../../../server/rules/match.options.ts'
import type { ValueWords } from '../../../server/rules/value.options.ts'
import type { Sample } from './words.ts'

export type Answer = number | null | 'ambiguous'
type Truth = 'yes' | 'no' | 'unclear'

const truth = (holds: boolean): Truth => (holds ? 'yes' : 'no')
const every = (all: readonly Truth[]): Truth =>
  all.includes('no') ? 'no' : all.includes('unclear') ? 'unclear' : 'yes'
const some = (all: readonly Truth[]): Truth =>
  all.includes('yes') ? 'yes' : all.includes('unclear') ? 'unclear' : 'no'

export function plainMatch(rules: readonly Condition[], sample: Required<Sample>, by: AskedBy): Answer {
  if (rules.some((rule) => hasTwice(rule, sample))) return 'ambiguous'
  const readings = readingsOf(sample.path)
  const answers = (rules.some(looksAtPaths) ? readings : readings.slice(0, 1)).map((path): Answer => {
    for (const [order, rule] of rules.entries()) {
      const holds = condition(rule, { ...sample, path }, by)
      if (holds !== 'no') return holds === 'yes' ? order : 'ambiguous'
    }
    return null
  })
  return answers.every((one) => one === answers[0]) ? answers[0]! : 'ambiguous'
}

function hasTwice(rule: Condition, sample: Required<Sample>): boolean {
  const names = Object.entries(rule.header).filter(([, words]) =>
    typeof words === 'string' ? words !== '*' : !('present' in words) && !('has' in words),
  )
  return (
    names.some(([name]) => new Set(fieldsOf(sample, name)).size > 1) ||
    below(rule).some((one) => hasTwice(one, sample))
  )
}

const fieldsOf = ({ fields }: Required<Sample>, name: string): string[] =>
  fields.filter(([lower]) => lower === name.toLowerCase()).map(([, value]) => value)
const below = ({ all, any, not }: Condition): readonly Condition[] => [...all, ...any, ...(not ? [not] : [])]
const looksAtPaths = (rule: Condition): boolean => rule.path.length > 0 || below(rule).some(looksAtPaths)

/** In normal form, as received, and as lenient servers read it; paths of tests have few escapes. */
function readingsOf(path: string): string[] {
  const upper = path.replace(/%../g, (escape) => escape.toUpperCase())
  const decoded = upper.replaceAll('%2E', '.').replaceAll('%61', 'a')
  const loose = decoded
    .replaceAll('%2F', '/')
    .replace(/;[^/]*/g, '')
    .replace(/\/+/g, '/')
  return [withoutDots(decoded), upper, withoutDots(loose)]
}

function withoutDots(path: string): string {
  const out: string[] = []
  const parts = path.split('/').slice(1)
  parts.forEach((part, i) => {
    if (part === '..') out.pop()
    if (part !== '.' && part !== '..') out.push(part)
    else if (i === parts.length - 1) out.push('')
  })
  return `/${out.join('/')}`
}

function condition(rule: Condition, sample: Required<Sample>, by: AskedBy): Truth {
  const { host, path, method, scheme, client, all, any, not } = rule
  const none = not === undefined ? 'no' : condition(not, sample, by)
  return every([
    truth(host.length === 0 || host.some((one) => hostIs(one, sample.host))),
    truth(path.length === 0 || path.some((one) => pathIs(one, sample.path))),
    truth(method.length === 0 || method.includes(sample.method)),
    truth(scheme === undefined || scheme === by.scheme),
    client.length === 0 ? 'yes' : by.address === null ? 'unclear' : truth(client.includes(by.address)),
    ...Object.entries(rule.header).map(([name, words]) => values(words, fieldsOf(sample, name))),
    ...Object.entries(rule.query).map(([name, words]) => values(words, partsOf(sample.query, '&', name))),
    ...Object.entries(rule.cookie).map(([name, words]) =>
      values(
        words,
        fieldsOf(sample, 'cookie').flatMap((field) => partsOf(field, '; ', name)),
      ),
    ),
    ...all.map((one) => condition(one, sample, by)),
    any.length === 0 ? 'yes' : some(any.map((one) => condition(one, sample, by))),
    none === 'unclear' ? 'unclear' : truth(none === 'no'),
  ])
}

const partsOf = (text: string, between: string, name: string): string[] =>
  text.split(between).flatMap((part) => (part.startsWith(`${name}=`) ? [part.slice(name.length + 1)] : []))

function hostIs(pattern: Condition['host'][number], host: string): boolean {
  if (typeof pattern !== 'string') return new RegExp(pattern.regex).test(host)
  return pattern.startsWith('*.')
    ? host.endsWith(pattern.slice(1)) && host.length >= pattern.length
    : host === pattern
}

function pathIs(pattern: Condition['path'][number], path: string): boolean {
  if (typeof pattern !== 'string') return new RegExp(pattern.regex).test(path)
  const source = pattern
    .split(/(\{\w+\.\.\.\}$|\{\w+\}|\*$)/)
    .map((part, i) => (i % 2 === 0 ? part : part.endsWith('...}') || part === '*' ? '.*' : '[^/]+'))
    .join('')
  return new RegExp(`^${source}$`).test(path)
}

function values(words: string | ValueWords, all: readonly string[]): Truth {
  if (typeof words !== 'string' && words.present !== undefined) return truth(all.length > 0 === words.present)
  if (words === '*') return truth(all.length > 0)
  if (typeof words !== 'string' && words.has !== undefined)
    return truth(all.flatMap((one) => one.split(',')).some((one) => one.trim() === words.has))
  const found = new Set(all.map((one) => value(words, one)))
  return found.size === 0 ? 'no' : found.size === 1 ? truth(found.has(true)) : 'unclear'
}

function value(words: string | ValueWords, text: string): boolean {
  if (typeof words === 'string') return text === words
  if (words.is !== undefined) return text === words.is
  if (words.prefix !== undefined) return text.slice(0, words.prefix.length) === words.prefix
  if (words.suffix !== undefined) return text.slice(-words.suffix.length) === words.suffix
  if (words.contains !== undefined) return text.indexOf(words.contains) >= 0
  if (words.regex !== undefined) return new RegExp(words.regex).test(text)
  return /^\d+$/.test(text) && Number(text) >= (words.min ?? 0) && Number(text) <= (words.max ?? Infinity)
}
