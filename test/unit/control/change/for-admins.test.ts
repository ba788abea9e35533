import { expect, test } from 'bun:test'
import { keepingAdmin, mayFillIn } from '../../../../server/control/change/keeps-admin.ts'
import type { Edition } from '../../../../server/control/problem.ts'
import { configOf, withRules } from '../../config/parse.ts'

const TEXT = withRules('  - { name: all, backend: app }')
const DNS = (program: string): string => `certificates:
  a: { acme: { domains: [a.example.org], agree_to_terms: true, challenge: dns-01, dns: { command: [${program}] } } }
`

function edition(more: string, isEditor = true, text = TEXT + more): Edition {
  return {
    text,
    hash: text,
    config: configOf(text),
    from: 'api',
    by: 'x',
    replaces: null,
    note: { keepsAdmin: isEditor ? 'role' : null },
  }
}

async function refused(after: Edition, before = edition('')): Promise<unknown> {
  const checked = await keepingAdmin(Promise.resolve({ is: 'valid', edition: after }), before)
  return checked?.is === 'invalid' ? checked.problems.map(({ path, code }) => [path, code]) : checked?.is
}

test('an editor leaves what only admins may, and admins do not', async () => {
  const parts: [path: string, more: string][] = [
    ['admin', 'admin: { trusted: [10.0.0.0/8] }\n'],
    ['logs.access.file', 'logs: { access: { file: /etc/cron.d/x } }\n'],
    ['logs.audit', 'logs: { audit: false }\n'],
    ['certificates', DNS('sh')],
  ]
  for (const [path, more] of parts) {
    expect(await refused(edition(more))).toEqual([[path, 'admin_only']])
    expect(await refused(edition(more, false))).toBe('valid')
    expect(await refused(edition(`workers: 3\n${more}`), edition(more))).toBe('valid')
  }
  expect(await refused(edition(DNS('sh')), edition(DNS('hook')))).toEqual([['certificates', 'admin_only']])
  expect(await refused(edition(''), edition(DNS('hook')))).toBe('valid')
})

test('an editor has cookies of the dashboard sent to no server of theirs', async () => {
  const withOps = (ops: string): Edition =>
    edition(
      '',
      true,
      TEXT.replace(/^backends:.*$/m, (line) => `${line}\n  ops: { ${ops} }`),
    )
  const ops = 'servers: [{ url: "http://10.0.0.2" }]'
  const before = withOps(`dashboard: true, ${ops}`)
  const refusal = [['backends', 'admin_only']]
  expect(await refused(before, withOps(ops))).toEqual(refusal)
  expect(await refused(withOps('dashboard: true, servers: [{ url: "http://evil" }]'), before)).toEqual(
    refusal,
  )
  expect(await refused(withOps(`dashboard: true, ${ops}`), before)).toBe('valid')
  expect(await refused(withOps('servers: [{ url: "http://10.0.0.3" }]'), withOps(ops))).toBe('valid')
})

test('an editor has nothing filled in that is not filled in already', () => {
  const before = edition('x-a: "${A} ${file:b}"\n')
  expect(mayFillIn({ keepsAdmin: 'role' }, before)).toEqual(new Set(['A', 'file:b']))
  expect(mayFillIn({ keepsAdmin: 'role' }, null)).toEqual(new Set())
  expect(mayFillIn({ keepsAdmin: 'step_up' }, before)).toBeNull()
})
