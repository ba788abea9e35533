// The draft as a command, for a runbook or another machine.
import type { Draft } from './change.ts'
import { setOf, type Tried } from './reviewing.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Text that stands between two lines of `mark`, which is none of its lines. */
function here(text: string, name: string): string {
  const lines = new Set(text.split('\n'))
  let mark = name
  while (lines.has(mark)) mark += '_'
  return `<<'${mark}'\n${text}${text.endsWith('\n') ? '' : '\n'}${mark}\n`
}

/** With a token in place of the sign-in, which is nobody else's. */
export function asCurl(of: Draft, tried: Tried, origin: string): string {
  const isText = of.kind === 'text'
  const path = isText ? '/api/v1/changes' : '/api/v1/changesets'
  const body = JSON.stringify(isText ? { text: of.text } : setOf(of), null, 2)
  const hash = isText ? of.baseHash : tried.base.hash
  return [
    `curl --fail-with-body -X POST ${quoted(origin + path)} \\`,
    `  -H "Authorization: Bearer $SLUICE_TOKEN" \\`,
    `  -H 'Content-Type: application/json' \\`,
    ...(hash === undefined ? [] : [`  -H 'If-Match: "${hash}"' \\`]),
    `  --data-binary @- ${here(body, 'JSON')}`,
  ].join('\n')
}

/** The whole text that the file would have. */
export function asSluiceApply(of: Draft, tried: Tried): string {
  const hash = of.kind === 'text' ? of.baseHash : tried.base.hash
  const expect = hash === undefined ? '' : ` --expect ${hash.slice(0, 16)}`
  return `sluice apply -${expect} ${here(tried.text ?? '', 'YAML')}`
}
