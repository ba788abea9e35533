import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onSignals } from '../../../server/control/signals.ts'
import { HandedSockets } from '../../../server/control/sockets/handed-sockets.ts'
import { Supervisor } from '../../../server/control/supervisor.ts'

const folder = mkdtempSync(join(tmpdir(), 'supervisor-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('no worker is started before signals are heard', () => {
  const file = join(folder, 'sluice.yaml')
  writeFileSync(file, 'workers: 2\n')
  const supervisor = new Supervisor({
    file,
    level: null,
    isWatching: false,
    env: {},
    stderr: () => {},
    ...{ handed: new HandedSockets(), predecessor: null, args: [] },
    build: { version: '0', commit: 'none' },
    doors: () => ({
      openAdmin: () => Promise.resolve({ problem: 'none here' }),
      openControl: () => Promise.reject(new Error('none here')),
    }),
  })
  expect(supervisor.workers).toEqual([])
  expect(supervisor.workerFacts).toEqual({ wanted: 0, serving: 0, silent: [], full: [] })
})

test('signals: the first TERM, INT or QUIT stops, the next ones stop now; HUP reloads; USR1 reopens logs; USR2 kills nobody', () => {
  const heard: string[] = []
  const forget = onSignals({
    stop: (signal) => heard.push(signal),
    stopNow: () => heard.push('now'),
    reload: () => heard.push('reload'),
    reopenLogs: () => heard.push('reopen'),
    handOver: () => heard.push('hand over'),
  })
  for (const signal of ['SIGUSR2', 'SIGHUP', 'SIGUSR1', 'SIGQUIT', 'SIGTERM', 'SIGINT'] as const)
    process.emit(signal, signal)
  forget()
  expect(heard).toEqual(['hand over', 'reload', 'reopen', 'SIGQUIT', 'now', 'now'])
})
