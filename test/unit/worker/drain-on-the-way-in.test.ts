// A worker that drains while proxies have not yet said whose connection they bring.
import { afterEach, expect, test } from 'bun:test'
import type { Config } from '../../../server/config/schema.ts'
import { rawClient } from '../../support/client.ts'
import { waitFor, within } from '../../support/wait.ts'
import { config, machine, planOf, serve, stop, stopMachines } from './machines.ts'

afterEach(stopMachines)

const words = (more: object = {}): Config =>
  config({
    listeners: { web: { bind: '127.0.0.1:0', proxy_protocol: { trusted: ['127.0.0.1'] }, ...more } },
    rules: [{ name: 'all', respond: { status: 200, body: 'hi' } }],
  })

const LINE = 'PROXY TCP4 192.0.2.7 198.51.100.1 40000 80\r\n'
const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

test('who says it in time is answered, with the end of its connection; who says nothing is not waited for', async () => {
  const made = machine()
  await serve(made, planOf(1, words()))
  const port = made.plane.ports().get('web') ?? 0
  await using silent = await rawClient(port)
  await using late = await rawClient(port)
  await waitFor(() => made.plane.openConnections === 2)
  const drained = stop(made, 600_000)
  late.send(LINE + GET)
  const answer = await late.readAnswer()
  expect([answer.status, answer.get('connection')]).toEqual([200, 'close'])
  late.fin()
  await silent.closed()
  expect(await within(drained, 'the drain')).toBe(0)
})

test('a listener that gets the PROXY protocol by a reload keeps its address and who is there', async () => {
  const made = machine()
  await serve(made, planOf(1, words({ proxy_protocol: undefined })))
  const port = made.plane.ports().get('web') ?? 0
  await using before = await rawClient(port)
  before.send(GET)
  expect((await before.readAnswer()).body).toBe('hi')
  await serve(made, planOf(2, words()))
  expect(made.plane.ports().get('web')).toBe(port)
  await using after = await rawClient(port)
  after.send(LINE + GET)
  expect((await after.readAnswer()).body).toBe('hi')
  before.send(GET)
  expect((await before.readAnswer()).body).toBe('hi')
})
