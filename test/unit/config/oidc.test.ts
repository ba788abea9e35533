// What is said of providers and steps of oidc that do not fit.
import { expect, test } from 'bun:test'
import { problemsOf, withRules } from './parse.ts'

const said = (provider: string, step = '{ provider: co }', rule = ''): string[] =>
  problemsOf(
    withRules(
      `  - { name: r, backend: app, ${rule}middleware: [{ oidc: ${step} }] }`,
      `auth: { oidc: { co: ${provider} } }\n`,
    ),
  ).map(({ path, message, hint }) => `${path}: ${message}; ${hint}`)

const GOOD = 'issuer: "https://id.example", client_id: a'

test('a provider and a step that fit are fine', () => {
  expect(said(`{ ${GOOD}, client_secret: abc }`)).toEqual([])
  expect(
    said('{ issuer: "http://127.0.0.1:8081/realms/a", client_id: a, params: { prompt: login } }'),
  ).toEqual([])
})

test.each([
  ['{ client_id: a }', /found no "issuer"/],
  [
    '{ issuer: id.example, client_id: a }',
    /issuer: found "id.example", allowed the issuer as the provider writes it/,
  ],
  ['{ issuer: "http://id.example", client_id: a }', /secrets and codes go in the clear/],
  [`{ ${GOOD}, scopes: [email] }`, /scopes without openid/],
  [`{ ${GOOD}, pkce: false }`, /it is always used/],
  [`{ ${GOOD}, redirect_uri: "https://a" }`, /it is called "redirect_path"/],
  [`{ ${GOOD}, redirect_path: "/a?b" }`, /redirect_path: found "\/a\?b", allowed a path without escapes/],
  [`{ ${GOOD}, redirect_path: /a, logout_path: /a }`, /one path for two things/],
  [`{ ${GOOD}, post_logout: "//evil.test" }`, /post_logout: found "\/\/evil\.test", allowed a path/],
  [`{ ${GOOD}, session: { same_site: strict } }`, /write lax/],
  [`{ ${GOOD}, session: { cookie: __Host-a } }`, /by https "__Host-" is put before it/],
  [`{ ${GOOD}, session: { secret: short } }`, /secret: /],
  [
    `{ ${GOOD}, session: { secret: "0123456789abcdef", secrets: ["0123456789abcdef"] } }`,
    /"secrets" beside "secret"/,
  ],
  [`{ ${GOOD}, session: { ttl: 1h, idle: 2h } }`, /idle beyond ttl/],
  [`{ ${GOOD}, claims_to_headers: { Host: sub } }`, /the field "Host"/],
  [`{ ${GOOD}, claims_to_headers: { X-A: "a b" } }`, /found "a b", allowed the name of a claim/],
  [`{ ${GOOD}, client_auth: post }`, /client_auth without client_secret/],
])('%s is told with what is allowed', (words, wanted) => {
  expect(said(words)).toEqual(expect.arrayContaining([expect.stringMatching(wanted)]))
})

test('secrets are not shown', () => {
  expect(
    JSON.stringify(said(`{ ${GOOD}, client_secret: [ "hush" ], session: { secret: hushhush } }`)),
  ).not.toContain('hush')
})

test('a step must name a provider, and its rules take the path to come back to', () => {
  expect(said(`{ ${GOOD} }`, '{ provider: com }')).toEqual(
    expect.arrayContaining([expect.stringMatching(/found "com", allowed a provider: co; did you mean "co"/)]),
  )
  expect(said(`{ ${GOOD} }`, '{}')).toEqual(
    expect.arrayContaining([expect.stringMatching(/found no "provider"/)]),
  )
  expect(said(`{ ${GOOD} }`, '{ provider: co }', 'match: { path: /app/* }, ')).toEqual([
    expect.stringMatching(
      /no rule with this provider for \/\.sluice\/oidc\/callback, where it sends browsers back to/,
    ),
  ])
  expect(
    said(`{ ${GOOD}, redirect_path: /app/cb }`, '{ provider: co }', 'match: { path: /app/* }, '),
  ).toEqual([])
  expect(
    problemsOf(withRules('  - { name: r, backend: app }', `auth: { oidc: { co: { ${GOOD} } } }\n`)).map(
      ({ message }) => message,
    ),
  ).toEqual([expect.stringMatching(/provider "co", which no rule asks for/)])
})
