// Commands where the supervisor was killed: its workers serve on for a while, and that is what is said.
import { expect, test } from 'bun:test'
import { health } from '../../server/cli/health.ts'
import { metrics } from '../../server/cli/metrics.ts'
import { reload } from '../../server/cli/reload.ts'
import { status } from '../../server/cli/status.ts'
import { type Said, saidBy } from '../support/command.ts'
import { startGateway } from '../support/gateway.ts'
import { isRunning, killAll } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const CONFIG = {
  listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
  rules: [{ name: 'all', respond: { status: 200, body: 'here' } }],
}

test('workers of a killed supervisor are not called nothing: who serves what on, and what to do', async () => {
  await using gateway = await startGateway({ config: CONFIG, workers: 2 })
  const said = (command: typeof status): Promise<Said> =>
    saidBy((io) => command(['-c', gateway.configFile], io), { cwd: '/' })
  const workers = gateway.workers.toSorted((a, b) => a - b)
  const file = gateway.configFile
  gateway.signal('SIGKILL')
  await gateway.process.exited
  expect(await (await gateway.fetch('/')).text()).toBe('here')
  for (const command of [status, health, metrics]) {
    const { code, out, err } = await said(command)
    expect([command.name, code, out]).toEqual([command.name, 3, ''])
    const of =
      workers.length === 2 && err.includes(`workers ${workers.toReversed().join(', ')}`)
        ? workers.toReversed()
        : workers
    expect(err).toBe(
      `sluice ${command.name}: the supervisor of this config (${file}), process ${gateway.pid}, is gone (it was killed, or crashed), while workers ${of.join(', ')} serve revision 1 on: they take connections for 5 s more, then what is in flight finishes; start it again ("sluice run", or its service): it takes over\n`,
    )
  }
  const asked = await said(reload)
  expect([asked.code, asked.err]).toEqual([1, expect.stringContaining('serve revision 1 on')])
  // Once they are gone it is the gateway that did not end in order.
  killAll(workers)
  await waitFor(() => !workers.some(isRunning), { what: 'the workers to end' })
  expect(await said(status)).toEqual({
    code: 1,
    out: '',
    err: `sluice status: no gateway runs with this config (${file}): the last one, process ${gateway.pid}, did not end in order (it was killed, or crashed); start it again ("sluice run", or its service)\n`,
  })
  await using again = await startGateway({ config: CONFIG, folder: gateway.folder })
  expect((await said(status)).code).toBe(0)
  expect(await again.stop()).toBe(0)
  expect((await said(status)).err).toBe(`sluice status: no gateway runs with this config (${file})\n`)
}, 30_000)
