// Writes what is made from the schema and the tables: config/schema.json, and the references in docs/, each
// between its two marks: bun server/config/write-schema.ts
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TestsOptions } from '../control/explain/tests.options.ts'
import { MiddlewareOptions } from '../middleware/middleware.options.ts'
import { ConditionOptions, MatchOptions } from '../rules/match.options.ts'
import { RuleOptions } from '../rules/rule.options.ts'
import { TimeOptions } from '../rules/time.options.ts'
import { TlsFactsOptions } from '../rules/tls-facts.options.ts'
import { FieldPattern, TextPattern } from '../rules/value.options.ts'
import { FAMILIES, type VariableWords, VARIABLES } from '../rules/variables.options.ts'
import { FAULTS } from '../tables/faults.ts'
import type { MetricRow } from '../tables/metric-row.ts'
import { METRICS } from '../tables/metrics.ts'
import { cellText, type Chapter, chaptersText, tableText } from './reference.ts'
import { configSchema } from './schema-json.ts'
import { ConfigOptions } from './schema.ts'
import type { SchemaNode } from './schema-node.ts'

const ROOT = join(import.meta.dir, '../..')

/** The text of config/schema.json. */
export const schemaText = (): string => `${JSON.stringify(configSchema(), null, 2)}\n`

/** The marks between which a page is made, and not written. */
export const BEGIN = '<!-- made by: bun server/config/write-schema.ts -->'
export const END = '<!-- to here -->'

/** Each file that is made, by its path from the project's folder, as it should be. */
export function madeFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['config/schema.json', schemaText()],
    ...Object.entries(PAGES).map(([path, make]) => [path, filledIn(path, make())] as const),
  ])
}

const ELSEWHERE = [{ schema: ConditionOptions as SchemaNode, link: '[match](rules-reference.md#match)' }]

/** What stands between the marks of a page. */
const PAGES: Readonly<Record<string, () => string>> = {
  'docs/rules-reference.md': () => chaptersText(ruleChapters()),
  'docs/middleware-reference.md': () =>
    chaptersText([...chaptersOf(MiddlewareOptions), ...topChapters()], ELSEWHERE),
  'docs/variables-reference.md': variablesText,
  'docs/faults-reference.md': faultsText,
  'docs/metrics-reference.md': metricsText,
}

/** Throws where a page has no marks. */
function filledIn(path: string, made: string): string {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${path} lacks "${BEGIN}" or "${END}"`)
  return `${text.slice(0, begin)}${BEGIN}\n\n${made}\n\n${text.slice(end)}`
}

/** A chapter for each key of a map that is a map itself. */
const chaptersOf = (schema: unknown, without: readonly string[] = []): Chapter[] =>
  Object.entries((schema as SchemaNode).properties ?? {}).flatMap(([title, one]) =>
    without.includes(title) || one.properties === undefined ? [] : [{ title, schema: one }],
  )

/** What steps and conditions name of the top level of a config. */
const topChapters = (): Chapter[] =>
  (['auth', 'geo', 'cache', 'plugins'] as const).flatMap((key) => {
    const schema = (ConfigOptions.properties as Record<string, unknown>)[key] as SchemaNode | undefined
    return schema?.properties === undefined ? [] : [{ title: `At the top level: ${key}`, schema }]
  })

function ruleChapters(): Chapter[] {
  const own = chaptersOf(RuleOptions, ['match'])
  return [
    { title: 'A rule', schema: RuleOptions as SchemaNode, without: ['match', 'middleware'] },
    { title: 'match', schema: MatchOptions as SchemaNode, same: [ConditionOptions as SchemaNode] },
    { title: 'Values', schema: FieldPattern as SchemaNode, same: [TextPattern as SchemaNode] },
    { title: 'tls', schema: TlsFactsOptions as SchemaNode },
    { title: 'time', schema: TimeOptions as SchemaNode },
    ...own,
    { title: 'tests', schema: TestsOptions.items as SchemaNode },
  ]
}

/** What a reading of a variable costs. */
const COSTS = { free: '', little: 'a little', some: 'text is made or searched' } as const

function variablesText(): string {
  const rows = (of: Readonly<Record<string, VariableWords>>, more: string): string[][] =>
    Object.entries(of).map(([name, { description, example, from, cost }]) => [
      ...[`\`{${name}${more}}\``, cellText(description), `\`${example}\``],
      ...[from === 'answer' ? 'answers' : '', COSTS[cost]],
    ])
  return tableText(
    ['variable', 'is', 'for example', 'only in texts of', 'costs'],
    [...rows(VARIABLES, ''), ...rows(FAMILIES, '.NAME')],
  )
}

function faultsText(): string {
  const rows = Object.entries(FAULTS).map(([code, { status, side, proxyStatus, retryAfter, text }]) => [
    ...[`\`${code}\``, String(status), side, `\`${proxyStatus}\``],
    ...[retryAfter === null ? '' : `${retryAfter} s`, cellText(text)],
  ])
  return tableText(['code', 'status', 'whose', 'Proxy-Status', 'Retry-After', 'is'], rows)
}

function metricsText(): string {
  const rows = Object.entries<MetricRow>(METRICS).map(([name, { type, labels, help }]) => [
    ...[`\`lb_${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), cellText(help)],
  ])
  return tableText(['metric', 'type', 'labels', 'is'], rows)
}

if (import.meta.main) for (const [path, text] of madeFiles()) await Bun.write(join(ROOT, path), text)
