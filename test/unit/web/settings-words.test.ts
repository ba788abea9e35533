import { expect, test } from 'bun:test'
import { accessRows, adminLine } from '../../../web/pages/settings/access-rows.ts'
import { agentWords } from '../../../web/pages/settings/agent-words.ts'

test('browsers are called as people call them', () => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36'
  expect(agentWords(chrome)).toBe('Chrome 145 on Linux')
  expect(agentWords(`${chrome} Edg/145.0.1`)).toBe('Edge 145 on Linux')
  expect(
    agentWords(
      'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1',
    ),
  ).toBe('Safari 19 on iOS')
  expect([agentWords(''), agentWords('deploy-bot')]).toEqual(['not told', 'deploy-bot'])
})

test('what the file does not say is told apart from what it says', () => {
  const properties = { bind: { description: 'Where.' }, tls: { description: 'How.' } }
  const schema = { definitions: { long: { properties: { admin: { anyOf: [{}, { properties }] } } } } }
  expect(accessRows(schema, { bind: ':9090' }, { bind: ':9090', hosts: [], plain_http: false })).toEqual([
    { name: 'bind', help: 'Where.', written: ':9090', effective: ':9090' },
    { name: 'tls', help: 'How.', written: null, effective: 'not used' },
    { name: 'hosts', help: '', written: null, effective: 'none' },
    { name: 'plain_http', help: '', written: null, effective: 'no' },
  ])
})

test('the line of admin is found in YAML and TOML, and no other one that is called so', () => {
  expect(adminLine('rules:\n  - name: x\n    admin: y\nadmin: { bind: ":1" }\n')).toBe(4)
  expect(adminLine('[rules]\n[admin.tls]\n')).toBe(2)
  expect(adminLine('administrator: x\n')).toBe(0)
})
