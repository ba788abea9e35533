// Another gateway has taken over, and the old one still finishes what it has: whatever dies there then, who
// comes is the new one's.
import { afterEach, expect, test } from 'bun:test'
import { type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { rawClient } from '../support/client.ts'
import { commandOf, isRunning, sendSignal, treeOf } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

let gateway: Gateway | null = null
afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]()
  gateway = null
})

/** So many find it, whichever queue the kernel puts each of them in. */
const KNOCKS = 24

test('a worker of the old gateway that dies late is no end of the sockets that both have', async () => {
  const made = await startGateway({
    workers: 2,
    config: {
      drain: '3s',
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
      rules: [{ name: 'all', respond: { status: 200, body: 'hi' } }],
    },
  })
  gateway = made
  const port = made.port('web')
  const args = ['upgrade', '-c', made.configFile, '--probation', '0.3']
  expect(await runCommand(args)).toMatchObject({ code: 0, stderr: '' })
  sendSignal(
    treeOf(made.pid).find((pid) => commandOf(pid).includes('worker')),
    'SIGKILL',
  )
  expect(await made.event('worker_replaced')).toMatchObject({ slot: expect.any(Number) })
  await waitFor(() => !isRunning(made.pid), { what: 'the end of the old gateway' })
  for (let i = 0; i < KNOCKS; i++) {
    await using client = await rawClient(port)
    expect((await client.get('/')).body).toBe('hi')
  }
}, 30_000)
