// config/examples/cross-origin.yaml as browsers meet it: preflights, what pages may read, and what they may
// not have sent; and what is told of it.
import { expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

const PREFLIGHT = (method: string, names = ''): string =>
  `Access-Control-Request-Method: ${method}\r\n${names === '' ? '' : `Access-Control-Request-Headers: ${names}\r\n`}`

test('cross-origin.yaml: who may read what, and have what sent', async () => {
  const origins = Object.fromEntries(
    PORTS.map((port) => [
      port,
      startOrigin((request, reply) =>
        reply.send(200, `${request.method} ${request.target}`, [
          'Access-Control-Allow-Origin: https://of-the-server.example',
          'access-control-allow-methods: PUT',
          'Vary: Accept-Encoding',
        ]),
      ),
    ]),
  )
  await using stack = new AsyncDisposableStack()
  for (const origin of Object.values(origins)) stack.use(origin)
  const asked = (): number => Object.values(origins).reduce((sum, one) => sum + one.requests.length, 0)
  await using gateway = await startGateway({
    config: adapted('cross-origin.yaml', origins),
    file: 'cross-origin.yaml',
    workers: 1,
  })
  const client = stack.use(await rawClient(gateway.port('web')))
  const ask = (method: string, target: string, origin: string | null, fields = '') => {
    const line = origin === null ? '' : `Origin: ${origin}\r\n`
    client.send(
      `${method} ${target} HTTP/1.1\r\nHost: own.example\r\n${line}${fields}Content-Length: 0\r\n\r\n`,
    )
    return client.readAnswer()
  }
  const allows = async (method: string, target: string, origin: string | null, fields = '') => {
    const answer = await ask(method, target, origin, fields)
    return [answer.status, answer.get('access-control-allow-origin')]
  }

  // Preflights are answered here, for all pages and for some.
  const open = await ask('OPTIONS', '/data/a', 'https://any.example', PREFLIGHT('GET'))
  expect([open.status, open.body, asked()]).toEqual([204, '', 0])
  expect(open.get('access-control-allow-origin')).toBe('*')
  expect(open.get('access-control-max-age')).toBe('86400')
  expect(open.get('access-control-allow-credentials')).toBeNull()
  const own = await ask(
    'OPTIONS',
    '/api/a',
    'https://a.b.partner.example',
    PREFLIGHT('DELETE', 'x-request-id'),
  )
  expect([own.status, asked()]).toEqual([204, 0])
  expect(
    own.fields.filter(([name]) => /^(?:access-control|vary)/i.test(name)).map((f) => f.join(': ')),
  ).toEqual([
    'Access-Control-Allow-Origin: https://a.b.partner.example',
    'Access-Control-Allow-Credentials: true',
    'Access-Control-Allow-Methods: GET, POST, DELETE',
    'Access-Control-Allow-Headers: Content-Type, X-Request-Id',
    'Access-Control-Max-Age: 600',
    'Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
  ])
  // One that is none goes to the server, as each request that may pass, and its answer says it once.
  const plain = await ask('OPTIONS', '/api/a', 'https://app.example')
  expect([plain.body, asked()]).toEqual(['OPTIONS /api/a', 1])
  const read = await ask('GET', '/api/a', 'https://pr-7.preview.example')
  expect(
    read.fields.filter(([name]) => /^(?:access-control|vary)/i.test(name)).map((f) => f.join(': ')),
  ).toEqual([
    'Vary: Accept-Encoding',
    'Vary: Origin',
    'Access-Control-Allow-Origin: https://pr-7.preview.example',
    'Access-Control-Allow-Credentials: true',
    'Access-Control-Expose-Headers: X-Total-Count',
  ])
  // All may read the same answer, whoever asks for it: caches keep it so.
  expect(await allows('GET', '/data/a', null)).toEqual([200, '*'])
  const unasked = await ask('GET', '/api/a', null)
  expect([unasked.get('access-control-allow-origin'), unasked.get('vary')]).toEqual([null, 'Accept-Encoding'])

  // Another's page gets nothing, and its preflight neither.
  const before = asked()
  expect(await allows('GET', '/api/a', 'https://app.example.evil.test')).toEqual([403, null])
  expect(await allows('OPTIONS', '/api/a', 'https://evil.test', PREFLIGHT('GET'))).toEqual([403, null])
  expect(asked()).toBe(before)

  // What pages have sent: the site's own, friends', others', nobody's.
  const send = async (target: string, fields: string) => (await ask('POST', target, null, fields)).status
  const api = 'Origin: https://app.example\r\n'
  expect(await send('/api/a', `${api}Sec-Fetch-Site: cross-site\r\n`)).toBe(200)
  expect(await send('/api/a', '')).toBe(200)
  expect(await send('/api/a', 'Sec-Fetch-Site: same-origin\r\n')).toBe(200)
  expect(await send('/api/a', 'Sec-Fetch-Site: none\r\n')).toBe(200)
  expect(await send('/api/a', 'Sec-Fetch-Site: cross-site\r\n')).toBe(403)
  expect(await send('/api/a', 'Sec-Fetch-Site: same-site\r\n')).toBe(403)
  expect(await send('/api/a', 'Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n')).toBe(403)
  expect(await send('/hooks/a', 'Origin: https://evil.test\r\nSec-Fetch-Site: cross-site\r\n')).toBe(200)
  expect(await send('/x', 'Origin: https://evil.test\r\nSec-Fetch-Site: cross-site\r\n')).toBe(200)

  await waitFor(async () => {
    const text = await (await fetch(`${gateway.admin}/metrics`)).text()
    return (
      text.includes('lb_cors_requests_total{decision="allowed",rule="data"} 1') &&
      text.includes('lb_csrf_requests_total{decision="refused",rule="api"} 3') &&
      text.includes('lb_shadow_refusals_total{rule="all",step="csrf"} 1') &&
      text.includes('lb_faults_total{code="cross_origin"} 3')
    )
  })
}, 60_000)
