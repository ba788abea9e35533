// What is wrong with rewrites, texts with variables and answers of rules, in words.
import { expect, test } from 'bun:test'
import { linesOf } from './parse.ts'

const ruled = (rule: string): string => `
listeners: { web: { bind: ":80" } }
rules: [{ name: r, ${rule} }]
backends: { app: { servers: [{ url: "http://a" }] } }
`
const problems = (rule: string): string => linesOf(ruled(rule)).join('\n')

test.each([
  [
    'match: { path: "/users/{id}" }, rewrite: { path: "/{path.ID}" }, backend: app',
    'rewrite.path: found "{path.ID}", which the rule\'s path does not have, allowed {path.id}',
  ],
  ['rewrite: { path: "/{path.id}" }, backend: app', 'a parameter of "path", which has none'],
  ['rewrite: { host: "{hsot}" }, backend: app', 'did you mean {host}?'],
  ['rewrite: { host: "http://inner.example/" }, backend: app', 'which is no host, allowed host or host:port'],
  ['rewrite: { query: { set: { a: "{headers.X-A}" } } }, backend: app', 'did you mean {header.X-A}?'],
  ['rewrite: { add_prefix: "/{status}" }, backend: app', 'which is not known before the answer'],
  ['rewrite: { strip_prefix: "/" }, backend: app', 'which every path begins with'],
  ['rewrite: { strip_prefix: api }, backend: app', 'a path that begins with "/"'],
  ['rewrite: { strip_prefix: [/a, "/b/*"] }, backend: app', 'rewrite.strip_prefix[1]'],
  ['rewrite: { strip_prefix: /a/../b }, backend: app', 'which has dot segments'],
  ['rewrite: { add_prefix: "/a%2" }, backend: app', 'which can be no path'],
  ['rewrite: { add_prefix: "/a?b" }, backend: app', 'rewrite.add_prefix: found "/a?b"'],
  [
    'rewrite: { strip_prefix: /a, replace_prefix: { from: /a, to: /b } }, backend: app',
    'strip_prefix and replace_prefix in one rewrite',
  ],
  [
    'rewrite: { path: { regex: "^/(a+)+$", to: "/" } }, backend: app',
    'a regular expression that no text makes slow',
  ],
  [
    'rewrite: { path: { regex: "^/(?<id>a)", to: "/{group.2}" } }, backend: app',
    'allowed {group.0}, {group.1}, {group.id}',
  ],
  ['rewrite: { path: { regex: "^/(a)", to: "/$1" } }, backend: app', 'write "/{group.1}"'],
  ['rewrite: {}, backend: app', 'a rewrite of nothing'],
  ['rewrite: { strip_prefix: /a }, respond: { body: a }', 'a rewrite of what no server is asked'],
  ['match: { rewrite: { strip_prefix: /a } }, backend: app', 'it stands beside "match", in the rule'],
  ['rewrite: { stripPrefix: /a }, backend: app', 'did you mean "strip_prefix"?'],
  ['respond: { body: a, file: b.txt }', 'body and file in one answer'],
  ['respond: { status: 204, file: b.txt }', 'a file with status 204'],
  ['respond: { file: none.txt }', 'which cannot be read'],
  ['respond: { headers: { X-A: "{clent_ip}" } }', 'did you mean {client_ip}?'],
  ['respond: { headers: { X-A: "{server}" } }', 'which is not known before the answer'],
  ['respond: { headers: { Connection: a } }', 'the field "Connection"'],
  [
    'middleware: [{ headers: { request: { set: { Host: "{path}" } } } }], backend: app',
    'a host with variables',
  ],
  ['middleware: [{ headers: { request: { rename: { Host: X-Host } } } }], backend: app', 'the field "Host"'],
  [
    'middleware: [{ headers: { request: { rename: { X-A: Content-Length } } } }], backend: app',
    'the field "Content-Length"',
  ],
  [
    'middleware: [{ headers: { request: { set: { X-A: "$remote_addr" } } } }], backend: app',
    'allowed text with variables in braces',
  ],
  ['redirect: { to: "https://{query.to}/" }', 'a host that whoever asks may choose'],
  ['match: { host: "*.a.example" }, redirect: { to: "/{host.2}" }', 'allowed {host.1}'],
  ['redirect: { to: "/{path.x}" }', 'a parameter of "path", which has none'],
])('%s: %s', (rule, told) => expect(problems(rule)).toContain(told))

test.each([
  'match: { path: "/users/{id}" }, rewrite: { path: "/{path.id}{header.X-A|}" }, backend: app',
  'match: { any: [{ path: "/a/{id}" }, { path: { regex: "^/b/(?<id>.)" } }] }, rewrite: { add_prefix: "/{path.id}" }, backend: app',
  'rewrite: { host: "{host}:8080", query: { remove: ["*"] } }, backend: app',
  `middleware: [{ headers: { response: { set: { Report-To: '{"group":"a","max_age":1}', X-A: "{status} {{x}" } } } }], backend: app`,
  'respond: { status: 404, body: "{not a variable}" }',
])('%s is fine', (rule) => expect(linesOf(ruled(rule)).filter((line) => line.includes('rules'))).toEqual([]))

test('a text has so many variables and no more', () => {
  const text = ruled(`respond: { headers: { X-A: "${'{host}'.repeat(257)}" } }`)
  expect(linesOf(text).join('\n')).toContain('found 257 variables in one text, allowed at most 256')
})

test('of what came from elsewhere nothing is repeated', () => {
  const text = ruled('rewrite: { path: "/${SECRET}" }, backend: app')
  const told = linesOf(text, { env: { SECRET: '{k33p}' } }).join('\n')
  expect(told).toContain('rewrite.path')
  expect(told).not.toContain('k33p')
})
