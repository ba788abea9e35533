import { afterEach, expect, test } from 'bun:test'
import { WorkerProcess } from '../../../../server/control/processes/worker-process.ts'
import { within } from '../../../support/wait.ts'

/** Says what it was told so far, once it is asked. */
const SCRIPT = `
const told = []
process.on('message', ({ type, id }) => {
  if (type === 'question') process.send({ type: 'answer', id, answer: null })
  else told.push(type)
  if (type === 'question') process.send({ type: 'metrics', delta: told.splice(0), oldest: 0 })
})
process.send({ type: 'hello', pid: process.pid })
`

const workers: WorkerProcess[] = []
afterEach(async () => {
  for (const worker of workers) worker.kill()
  await Promise.all(workers.splice(0).map(({ exited }) => exited))
})

function start(heard: unknown[]): WorkerProcess {
  const worker = new WorkerProcess({
    slot: 0,
    row: 0,
    command: [process.execPath, '-e', SCRIPT],
    env: {},
    boardFd: () => -1,
    bucketsFd: () => -1,
    windowsFd: () => -1,
    leasesFd: () => -1,
    ledgerFd: () => null,
    beats: () => 0,
    socket: () => null,
    reasons: () => ({}),
    sockets: () => 'bun',
    isLate: () => false,
    onSockets() {},
    onDemand() {},
    onCacheChanged() {},
    onMetrics: ({ delta }) => void heard.push(delta),
    onExit() {},
  })
  workers.push(worker)
  return worker
}

test('what a CA looks for soon is waited for until the worker has taken it; a certificate is not', async () => {
  const heard: unknown[] = []
  const worker = start(heard)
  expect(await within(worker.hello, 'its hello')).toBe(true)
  expect(worker.amend({ type: 'files', texts: {} })).toBeUndefined()
  const challenges = [
    { type: 'http-challenges', tokens: {} },
    { type: 'challenge', serverName: 'a.example', text: null },
  ] as const
  for (const amendment of challenges) {
    const taken = worker.amend(amendment)
    expect(taken).toBeInstanceOf(Promise)
    await within(Promise.resolve(taken), 'that it is taken')
  }
  expect(heard[0]).toEqual(['files', 'http-challenges'])
})

test('one that is gone is not waited for', async () => {
  const worker = start([])
  await within(worker.hello, 'its hello')
  worker.kill()
  await within(worker.exited, 'its end')
  await within(Promise.resolve(worker.amend({ type: 'http-challenges', tokens: {} })), 'that it is given up')
})
