// config/examples/match.yaml: what each of its rules asks of a request.
import { expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'

test('match.yaml: members of lists, patterns, numbers, cookies, and what is absent', async () => {
  const origins = Object.fromEntries(
    PORTS.map((port) => [port, startOrigin((_, reply) => reply.send(200, String(port)))]),
  )
  await using stack = new AsyncDisposableStack()
  for (const origin of Object.values(origins)) stack.use(origin)
  await using gateway = await startGateway({ config: adapted('match.yaml', origins), file: 'match.yaml' })
  const ask = async (target: string, fields: string) =>
    stack.use(await rawClient(gateway.port('web'))).get(target, fields)
  const bodyOf = async (target: string, fields = '') => (await ask(target, fields)).body
  const statusOf = async (target: string, fields = '') => (await ask(target, fields)).status
  expect(await bodyOf('/data/a', 'Accept: text/html, application/json\r\n')).toBe('9002')
  expect(await bodyOf('/data/a', 'Accept: text/html\r\nAccept: application/json\r\n')).toBe('9002')
  expect(await bodyOf('/data/a', 'Accept: application/json;q=0.5\r\n')).toBe('9001')
  expect(await statusOf('/', 'User-Agent: curl/6.9\r\n')).toBe(403)
  expect(await statusOf('/', 'User-Agent: curl/7.9\r\n')).toBe(200)
  expect(await statusOf('/list?page=%31000')).toBe(404)
  expect(await bodyOf('/list?page=999')).toBe('9001')
  // Some servers take the first of them, some the last.
  expect(await statusOf('/list?page=1&page=1000')).toBe(400)
  expect(await bodyOf('/other?page=1&page=1000')).toBe('9001')
  expect(await bodyOf('/orders/7/lines/a/b')).toBe('9002')
  expect(await bodyOf('/orders//lines/a')).toBe('9001')
  expect(await statusOf('/orders/7%2Flines/a')).toBe(400)
  expect(await bodyOf('/', 'Cookie: a=b; canary=1\r\n')).toBe('9003')
  expect(await statusOf('/', 'Cookie: canary=1; canary=0\r\n')).toBe(400)
  expect(await bodyOf('/x?beta=1')).toBe('9003')
  expect(await bodyOf('/beta/a')).toBe('9003')
  expect(await bodyOf('/x', 'X-Beta: 1\r\n')).toBe('9003')
  expect(await bodyOf('/x', 'X-Beta: 2\r\n')).toBe('9001')
  expect(await bodyOf('/admin/a')).toBe('9001')
  expect(await statusOf('/vault/a')).toBe(403)
  expect(await statusOf('/x/../vault/a')).toBe(400)
  expect(await statusOf('/account/a')).toBe(303)
  expect(await bodyOf('/account/a', 'Cookie: session=a\r\n')).toBe('9001')
})
