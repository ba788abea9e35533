import { expect, test } from 'bun:test'
import { explainedText } from '../../../../server/cli/explained-text.ts'
import { loadConfig } from '../../../../server/config/load.ts'
import { type Explained, explain } from '../../../../server/control/explain/explain.ts'
import { offlineGround } from '../../../../server/control/explain/offline.ts'
import { atOnce } from '../../../../server/lib/slices.ts'

function told(client: string, rule: object): Explained {
  const words = {
    listeners: { web: { bind: '127.0.0.1:80' } },
    rules: [{ name: 'all', respond: { status: 204 }, ...rule }],
    backends: {},
  }
  const bytes = new TextEncoder().encode(JSON.stringify(words))
  const loaded = loadConfig('/sluice.json', {}, { readFile: () => bytes })
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join())
  const asked = { method: 'GET', url: 'http://h/', headers: [], client, listener: null }
  const explained = atOnce(explain(asked, offlineGround(loaded.config)))
  if ('problem' in explained) throw new Error(explained.problem)
  return explained
}

test('what counts requests under way is told with how many may be, the limit of the rule behind all steps', () => {
  const step = (mode: string) => ({ concurrency: { max: 5, key: ['host', 'header X-User'], mode } })
  const rule = {
    middleware: [step('enforce'), step('off'), { ip: { deny: ['192.0.2.0/24'] } }],
    max_connections: 3,
  }
  const by = { limit: '5 at once, by host, header X-User' }
  const whole = { name: 'max_connections', limit: '3 at once, of the whole rule' }
  const explained = told('198.51.100.1', rule)
  expect(explained.middleware).toMatchObject([
    { name: 'concurrency', does: 'depends', acts_on: ['request', 'end'], ...by },
    { name: 'concurrency', does: 'off', ...by },
    { name: 'ip', does: 'passes' },
    { ...whole, does: 'depends' },
  ])
  expect(explainedText({ kind: 'request', ...explained }, false)).toContain(
    'max_connections: depends on what else comes (3 at once, of the whole rule), acts on request, end',
  )
  expect(told('192.0.2.1', rule).middleware.slice(-2)).toMatchObject([
    { name: 'ip', does: 'refuses' },
    { ...whole, does: 'not_reached' },
  ])
})

test('a rule without limits tells of none', () => {
  const { middleware } = told('198.51.100.1', { middleware: [{ ip: { deny: ['192.0.2.0/24'] } }] })
  expect(middleware.map(({ name, limit }) => [name, limit])).toEqual([['ip', undefined]])
})
