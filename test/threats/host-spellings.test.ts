// Threat: a rule that guards a host is passed by writing the host in another way: case, dots, ports, the
// target instead of Host.
//
// A rule about a host holds for every spelling of it, in Host and in the target.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type TestEngine, answering, startEngine, toServers } from '../support/engine.ts'
import { type Origin, startOrigin } from '../support/origin.ts'

let origin: Origin
let gateway: TestEngine
beforeAll(() => {
  origin = startOrigin(answering('let through'))
  gateway = startEngine({
    config: {
      ...toServers([origin.url]),
      rules: [
        {
          name: 'denied',
          match: { host: ['secret.example.org', '*.below.example', '[2001:db8::1]', '127.0.0.1'] },
          respond: { status: 403 },
        },
        { name: 'rest', backend: 'origin' },
      ],
    },
  })
})
afterAll(async () => {
  await gateway.settled()
  await gateway[Symbol.asyncDispose]()
  await origin[Symbol.asyncDispose]()
})

async function statusOf(head: string): Promise<number> {
  await using client = await gateway.client()
  client.send(head)
  return (await client.readAnswer()).status
}
const statuses = async (hosts: readonly string[]) => {
  const seen: (readonly [string, number, number])[] = []
  for (const host of hosts)
    seen.push([
      host,
      await statusOf(`GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
      await statusOf(`GET http://${host}/a HTTP/1.1\r\nHost: ok.example\r\n\r\n`),
    ])
  return seen
}

test('is denied in each spelling that readers agree on', async () => {
  const hosts = [
    'secret.example.org', 'SECRET.Example.ORG', 'secret.example.org.', 'secret.example.org:8080', 'secret.example.org.:80',
    'secret.example.org:', 'a.below.example', 'a.b.below.example.', '[2001:db8::1]', '[2001:DB8:0:0:0::1]:80', '127.0.0.1', '127.0.0.1.',
  ] // prettier-ignore
  expect(await statuses(hosts)).toEqual(hosts.map((host) => [host, 403, 403]))
})

test('is refused in each spelling that some readers take for it and others do not', async () => {
  const hosts = [
    '.secret.example.org', 'secret.example.org..', 'secret.example.org..:80', '..secret.example.org', 'secret..example.org',
    '.secret.example.org.', 'a..below.example', '.a.below.example', 'secret%2eexample.org', 'ok.example,secret.example.org',
    'secret.example.org\\x', 'u@secret.example.org', '127.1', '2130706433', '0x7f.0.0.1', '0177.0.0.1', '127.0.0.1..',
    '[2001:db8::1%25eth0]', '[2001:db8::1',
  ] // prettier-ignore
  expect(await statuses(hosts)).toEqual(hosts.map((host) => [host, 400, 400]))
  expect(gateway.log.at(-1)?.server).toBeNull()
})

test('which is another host goes through', async () => {
  const hosts = [
    'ok.example',
    'below.example',
    'secret.example.orgx',
    '127.0.0.2',
    '[2001:db8::2]',
    '1.example',
  ]
  expect(await statuses(hosts)).toEqual(hosts.map((host) => [host, 200, 200]))
})
