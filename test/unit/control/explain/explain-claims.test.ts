// What tokens say is taken as given: by the tester, by sluice explain, and by tests of the config.
import { expect, test } from 'bun:test'
import { runTests } from '../../../../server/control/explain/config-tests.ts'
import { explainAny } from '../../../../server/control/explain/explain-any.ts'
import { offlineGround } from '../../../../server/control/explain/offline.ts'
import { atOnce } from '../../../../server/lib/slices.ts'
import { configOf } from '../../config/parse.ts'

const CONFIG = (tests = '') =>
  configOf(`
listeners: { web: { bind: "127.0.0.1:80" } }
auth: { jwt: { login: { issuer: a, audience: b, jwks_url: "https://a.example/keys" } } }
rules:
  - { name: admins, match: { jwt: login, claims: { groups: admin, level: { min: 5 } } }, respond: { body: a } }
  - name: others
    middleware: [{ jwt: { provider: login, claims: { scope: { has: shop } } } }]
    respond: { body: b }
${tests}
`)

const explained = (
  claims?: Readonly<Record<string, Record<string, unknown>>>,
  headers: [string, string][] = [],
) => {
  const asked = { method: 'GET', url: 'http://h/', headers, client: null, listener: null, claims }
  const told = atOnce(explainAny(asked, offlineGround(CONFIG()), 9))
  if ('problem' in told || told.kind === 'connection') throw new Error('it is a request')
  return told
}

test('the rule and the step go by what is given', () => {
  expect(explained({ login: { groups: ['x', 'admin'], level: 7 } })).toMatchObject({
    rule: { name: 'admins' },
  })
  expect(explained({ login: { groups: 'admin', level: 4, scope: 'read shop' } })).toMatchObject({
    rule: { name: 'others' },
    status: 200,
    middleware: [{ name: 'jwt', does: 'passes' }],
  })
  expect(explained({ login: { scope: 'read' } })).toMatchObject({
    ...{ status: 403, fault: 'token_insufficient' },
    middleware: [{ name: 'jwt', does: 'refuses', why: 'its claim "scope" is not as it must be' }],
  })
  expect(explained({ other: { scope: 'shop' } })).toMatchObject({ status: 401, fault: 'credentials_missing' })
})

test('without it a token is none to rules, and the step depends on it', () => {
  expect(explained(undefined, [['Authorization', 'Bearer x']])).toMatchObject({
    rule: { name: 'others' },
    middleware: [{ name: 'jwt', does: 'depends' }],
  })
})

test('what of a rule does not hold is told claim by claim', () => {
  const told = explained({ login: { groups: ['x'], level: 7 } })
  expect(JSON.stringify(told.trace)).toContain('"part":"claims","name":"groups"')
  expect(JSON.stringify(told.trace)).not.toContain('"name":"level"')
})

test('tests of a config say what tokens say', () => {
  const failures = atOnce(
    runTests(
      CONFIG(`tests:
  - { request: { path: /, claims: { login: { groups: [x, admin], level: "9" } } }, expect: { rule: admins } }
  - { request: { path: /, claims: { login: { scope: read shop } } }, expect: { rule: others, status: 200 } }
  - { request: { path: /, claims: { login: { scope: read } } }, expect: { fault: token_insufficient, refused_by: jwt } }
  - { request: { path: / }, expect: { rule: admins } }
`),
    ),
  )
  expect(failures.map(({ place }) => place)).toEqual([3])
})
