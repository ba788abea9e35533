import { expect, test } from 'bun:test'
import { workerCommand } from '../../../server/control/processes/worker-command.ts'
import { within } from '../../support/wait.ts'

test('a worker whose supervisor is gone before it has a plan ends at once', async () => {
  for (const waitsForHello of [false, true]) {
    const hello = Promise.withResolvers<void>()
    const child = Bun.spawn(workerCommand(), {
      stdio: ['ignore', 'ignore', 'ignore'],
      serialization: 'advanced',
      ipc: () => hello.resolve(),
    })
    if (waitsForHello) await hello.promise
    child.disconnect()
    expect(await within(child.exited, 'its end')).toBe(0)
  }
})
