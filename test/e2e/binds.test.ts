// Listeners at several addresses: all are served, and each comes and goes by itself.
import { afterEach, expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const gateways: Gateway[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
})

async function start(config: string): Promise<Gateway> {
  const gateway = await startGateway({ config })
  gateways.push(gateway)
  return gateway
}

const words = (bind: string, more = ''): string => `listeners: { web: { bind: ${bind} } }
rules: [{ name: all, respond: { status: 200, body: "served" } }]
workers: 1
drain: 1s
admin: false
${more}`

const addressesOf = (gateway: Gateway): readonly string[] =>
  [(gateway.last('applied') ?? gateway.last('serving'))?.['listeners'] as { web: string | string[] }].flatMap(
    ({ web }) => web,
  )

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1))
const isServed = (address: string): Promise<boolean> =>
  bodyAt(address).then(
    () => true,
    () => false,
  )
const bodyAt = async (address: string): Promise<string> => (await fetch(`http://${address}/`)).text()

test('every address of a list is served, also by a worker that takes the place of another', async () => {
  const gateway = await start(words('["127.0.0.1:0", "127.0.0.2:0", "[::1]:0"]'))
  const addresses = addressesOf(gateway)
  expect(addresses.map((address) => address.replace(/[0-9]+$/, ''))).toEqual([
    '127.0.0.1:',
    '127.0.0.2:',
    '[::1]:',
  ])
  expect(await Promise.all(addresses.map(bodyAt))).toEqual(['served', 'served', 'served'])

  sendSignal(gateway.workers[0], 'SIGKILL')
  await gateway.event('worker_replaced')
  expect(await Promise.all(addresses.map(bodyAt))).toEqual(['served', 'served', 'served'])
})

test('an address that is added or removed leaves the others and their connections alone', async () => {
  const gateway = await start(words('["127.0.0.1:0", "127.0.0.2:0"]'))
  const [first = '', second = ''] = addressesOf(gateway)
  const client = await rawClient(portOf(first))
  const ask = async (): Promise<string> => {
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    return (await client.readAnswer()).body
  }
  expect(await ask()).toBe('served')

  await gateway.apply(words(`["${first}", "127.0.0.3:0"]`))
  const [, third = ''] = addressesOf(gateway)
  expect(await bodyAt(third)).toBe('served')
  expect(addressesOf(gateway)[0]).toBe(first)
  expect(await ask()).toBe('served')
  await waitFor(async () => !(await isServed(second)))
  client.rst()
})
