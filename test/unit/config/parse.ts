// Config texts in tests, without files.
import { parseConfig } from '../../../server/config/load.ts'
import { formatProblem, type Problem } from '../../../server/config/problem.ts'
import type { Config } from '../../../server/config/schema.ts'

export interface Given {
  readonly file?: string
  readonly env?: Readonly<Record<string, string>>
  /** Contents by absolute path. */
  readonly files?: Readonly<Record<string, string>>
}

export const FILE = '/etc/sluice/test.yaml'

export function parse(text: string, { file = FILE, env = {}, files = {} }: Given = {}) {
  return parseConfig(file, Buffer.from(text), env, {
    readFile(path) {
      const content = files[path]
      if (content === undefined) throw new Error('no such file')
      return Buffer.from(content)
    },
  })
}

/** The config of a text that must be valid. */
export function configOf(text: string, given?: Given): Config {
  const parsed = parse(text, given)
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'))
  return parsed.config
}

/** The errors of a text; of a valid one its warnings. */
export function problemsOf(text: string, given?: Given): readonly Problem[] {
  const parsed = parse(text, given)
  return parsed.ok ? parsed.warnings : parsed.problems
}

/** As `problemsOf`, in lines without the name of the file. */
export function linesOf(text: string, given?: Given): string[] {
  return problemsOf(text, given).map((problem) => formatProblem({ ...problem, file: '' }).slice(1))
}

/** A valid long form, with more in it. */
export const withRules = (rules: string, more = ''): string => `listeners:
  web: { bind: "127.0.0.1:8080" }
rules:
${rules}
backends:
  app: { servers: [{ url: "http://a:1" }] }
${more}`

/** A valid long form whose backend has more keys. */
export const withBackend = (keys: string, servers = '[{ url: "http://a:1" }]'): string => `listeners:
  web: { bind: "127.0.0.1:8080", backend: app }
backends:
  app:
    servers: ${servers}
${keys
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}`

/** A valid turn listener with these keys, some of them in place of its own; and what stands beside it. */
export function withTurn(keys = '', more = ''): string {
  const own = [
    'protocol: turn',
    'bind: "192.0.2.1:3478"',
    'realm: example.org',
    'auth: { users: { alice: pass } }',
  ]
  const given = keys === '' ? [] : keys.split('\n')
  const named = new Set(given.map((line) => line.split(':')[0]))
  const lines = [...own.filter((line) => !named.has(line.split(':')[0])), ...given]
  return `listeners:\n  turn:\n${lines.map((line) => `    ${line}\n`).join('')}${more}`
}
