// Another gateway has taken over, and the old one still finishes what it has: whatever dies there or changes
// here then, who comes is the new one's.
import { afterEach, expect, test } from 'bun:test'
import { type Gateway, runCommand, startGateway } from '../support/gateway.ts'
import { rawClient } from '../support/client.ts'
import { listeningInodes } from '../../server/lib/tcp-table.ts'
import { childrenOf, commandOf, isRunning, sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

let gateway: Gateway | null = null
afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]()
  gateway = null
})

const config = (workers: number, drain = '20s'): Record<string, unknown> => ({
  workers,
  drain,
  listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
  rules: [{ name: 'all', respond: { status: 200, body: 'hi' } }],
})

const workersOf = (pid: number): number[] =>
  childrenOf(pid).filter((child) => commandOf(child).includes('worker'))
const listenersOn = (port: number): number => listeningInodes(port).size

/** So many find it, whichever queue the kernel puts each of them in. */
const KNOCKS = 24

test('a worker of the old gateway that dies late is no end of the sockets that both have', async () => {
  const made = await startGateway({ config: config(2, '3s') })
  gateway = made
  const port = made.port('web')
  const args = ['upgrade', '-c', made.configFile, '--probation', '0.3']
  expect(await runCommand(args)).toMatchObject({ code: 0, stderr: '' })
  sendSignal(workersOf(made.pid)[0], 'SIGKILL')
  // It is replaced, unless the end comes first.
  await waitFor(() => !isRunning(made.pid), { what: 'the end of the old gateway' })
  for (let i = 0; i < KNOCKS; i++) {
    await using client = await rawClient(port)
    expect((await client.get('/')).body).toBe('hi')
  }
}, 30_000)

test('sockets that the new gateway closes are nobody’s, though the old one still has them', async () => {
  const made = await startGateway({ config: config(3), args: ['--no-watch'] })
  gateway = made
  const port = made.port('web')
  const args = ['upgrade', '-c', made.configFile, '--probation', '0.3']
  expect(await runCommand(args)).toMatchObject({ code: 0, stderr: '' })
  // It does not come to close anything.
  const old = [made.pid, ...workersOf(made.pid)]
  for (const pid of old) sendSignal(pid, 'SIGSTOP')
  try {
    await made.writeConfig(config(1))
    expect(await runCommand(['reload', '-c', made.configFile])).toMatchObject({ code: 0 })
    await waitFor(() => listenersOn(port) === 1, { what: 'the end of the sockets of two workers' })
  } finally {
    for (const pid of old) sendSignal(pid, 'SIGCONT')
  }
  for (let i = 0; i < KNOCKS; i++) {
    await using client = await rawClient(port)
    expect((await client.get('/')).body).toBe('hi')
  }
}, 30_000)
