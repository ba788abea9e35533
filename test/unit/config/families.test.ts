// What servers speak is said by their schemes, and who may lead to them by that.
import { describe, expect, test } from 'bun:test'
import { linesOf } from './parse.ts'

const withServers = (servers: string, more = ''): string =>
  `listeners: { web: { bind: ":80", backend: a } }\nbackends: { a: { servers: [${servers}]${more} } }`

const pathsOf = (text: string): string[] => linesOf(text).map((line) => line.split(' ')[1] ?? '')

describe('the URL of a tcp server', () => {
  test('has a port', () => {
    expect(linesOf(withServers('{ url: "tcp://db" }'))).toEqual([
      '2:35 backends.a.servers[0].url: found "tcp://db", allowed "http://host", "https://host", "tcp://host:port", "tls://host:port", "udp://host:port" or "http://unix:/path"; write the port behind it: tcp has none of its own',
    ])
  })

  test.each([
    ['tcp://user@db:5432', 'leave user and password out: write "tcp://db:5432"'],
    ['TCP://db:5432', 'write "tcp://db:5432"'],
    ['tcp://db:5432/orders', 'leave the path out: write "tcp://db:5432"'],
    ...[
      'tcp://db:99999',
      'http://a:0',
      '[::1]:70000',
      'http://[::1]:0',
      'http://a:70000/path',
      'a:123456',
    ].map((url) => [url, 'ports go from 1 to 65535'] as const),
    ['amqp://db:5672', 'servers are spoken to by "http://", "https://", "tcp://", "tls://" or "udp://" only'],
  ])('%s is told with what to do', (url, hint) => {
    const [line = ''] = linesOf(withServers(`{ url: "${url}" }`))
    expect(line.slice(line.lastIndexOf('; ') + 2)).toBe(hint)
  })
})

describe('families', () => {
  test('an http listener leads to no tcp servers', () => {
    expect(linesOf(withServers('{ url: "tcp://a:1" }'))).toEqual([
      '1:34 listeners.web.backend: found "a", a backend of tcp servers, allowed a backend whose servers are http://, as listener "web" speaks http',
    ])
  })

  test('nor does a rule for one', () => {
    const text =
      'listeners: { web: { bind: ":80" } }\nrules: [{ name: r, backend: a }]\nbackends: { a: { servers: [{ url: "tcp://a:1" }] } }'
    expect(pathsOf(text)).toEqual(['rules[0].backend:'])
  })

  test('a backend has servers of one', () => {
    expect(linesOf(withServers('{ url: "http://a:1" }, { url: "tcp://b:1" }'))).toEqual([
      '2:53 backends.a.servers[1].url: found "tcp://b:1" among http servers, allowed servers of one kind in a backend; give the others a backend of their own',
    ])
  })

  test('what has to do with requests is refused beside tcp servers', () => {
    const more =
      ', answers: strict, keep_alive: {}, timeouts: { connect: 1s, response: 1s, idle: 1s, stream: 1s, rate_min: 9 }, algorithm: hash, hash: { by: path }'
    const paths = pathsOf(withServers('{ url: "tcp://a:1" }', more)).filter((path) => path.startsWith('b'))
    expect(paths.sort()).toEqual([
      'backends.a.answers:',
      'backends.a.hash.by:',
      'backends.a.keep_alive:',
      'backends.a.timeouts.idle:',
      'backends.a.timeouts.rate_min:',
      'backends.a.timeouts.response:',
      'backends.a.timeouts.stream:',
    ])
  })
})

test('tcp servers are checked by connecting where nothing else is said', () => {
  const paths = pathsOf(withServers('{ url: "tcp://a:1" }', ', health_check: { path: /health }'))
  expect(paths).toContain('backends.a.health_check.path:')
})
