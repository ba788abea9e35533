// What depends on the system around a gateway: being process 1, a system without watches.
import { expect, test as always } from 'bun:test'
import { startGateway } from '../support/gateway.ts'
import { childrenOf, sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const answering = (body: string) => ({
  listeners: { web: { bind: '127.0.0.1:0' } },
  rules: [{ name: 'all', respond: { status: 200, body } }],
})

const NAMESPACES = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc']
const canUnshare = Bun.which('unshare') !== null && Bun.spawnSync([...NAMESPACES, 'true']).exitCode === 0
const test = canUnshare ? always : always.skip
const unless = canUnshare ? '' : ' (skipped: needs unshare, and leave to make namespaces)'

/** Processes that ended and that this one has not waited for. */
const zombiesOf = async (pid: number): Promise<number> => {
  const states = childrenOf(pid).map((child) => Bun.file(`/proc/${child}/stat`).text())
  return (await Promise.all(states)).filter((stat) => / Z \d/.test(stat)).length
}

test(`as process 1 it waits for those that others left behind, and still replaces its own${unless}`, async () => {
  await using gateway = await startGateway({ config: answering('here'), through: NAMESPACES })
  const [init = 0] = childrenOf(gateway.pid)
  // Each is left behind by a shell that ends at once.
  const leave = 'for i in 1 2 3 4 5; do sh -c "sleep 0 & sleep 0.01 & exit 0"; done'
  const inside = ['nsenter', '--user', '--preserve-credentials', '--pid', '--mount', '--target', String(init)]
  expect(Bun.spawnSync([...inside, 'sh', '-c', leave]).exitCode).toBe(0)
  const [worker = 0] = childrenOf(init)
  sendSignal(worker, 'SIGKILL')
  expect(await gateway.event('worker_exited')).toMatchObject({ signal: 'SIGKILL' })
  await gateway.event('worker_replaced')
  await waitFor(async () => (await zombiesOf(init)) === 0, { what: 'no zombie to be left' })
  expect((await gateway.fetch('/')).status).toBe(200)
  sendSignal(init, 'SIGTERM')
  await gateway.event('stopped')
})

test(`without a watch left it says so once, and sees changes all the same${unless}`, async () => {
  const emptied = 'echo 0 > /proc/sys/user/max_inotify_watches; exec "$@"'
  await using gateway = await startGateway({
    config: answering('one'),
    through: ['unshare', '--user', '--map-root-user', 'sh', '-c', emptied, 'sh'],
  })
  expect(await gateway.event('config_polled')).toMatchObject({ level: 'warn' })
  for (const body of ['two', 'three']) {
    expect((await gateway.apply(answering(body))).event).toBe('applied')
    expect(await (await gateway.fetch('/')).text()).toBe(body)
  }
  expect(gateway.events.filter(({ event }) => event === 'config_polled')).toHaveLength(1)
})
