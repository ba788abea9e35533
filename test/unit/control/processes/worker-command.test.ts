import { describe, expect, test } from 'bun:test'
import { availableParallelism } from 'node:os'
import {
  defaultWorkers,
  earlyWorkers,
  guessWorkers,
  workerCommand,
  workerEnv,
} from '../../../../server/control/processes/worker-command.ts'

describe('starting workers', () => {
  test('their number is guessed from the text in each format', () => {
    expect(guessWorkers('listen: ":80"\nworkers: 3\n')).toBe(3)
    expect(guessWorkers('{"listeners": {},\n "workers": 3}')).toBe(3)
    expect(guessWorkers('workers = 3\n[listeners.web]\n')).toBe(3)
    expect(guessWorkers('workers: 0')).toBe(0)
  })

  test('what is no number, or not there, is guessed as the default', () => {
    expect(guessWorkers('workers: ${WORKERS}')).toBe(defaultWorkers())
    expect(guessWorkers('# workers: 3\nbackends: []')).toBe(defaultWorkers())
  })

  test('before the config is known to be valid no more are started than there are cores', () => {
    expect(earlyWorkers(999)).toBe(availableParallelism())
    expect(earlyWorkers(0)).toBe(0)
    expect(earlyWorkers(1)).toBe(1)
  })

  test('nothing of the environment is passed that changes Bun or may be a secret', () => {
    const env = {
      PATH: '/bin',
      TZ: 'UTC',
      BUN_OPTIONS: '--smol',
      BUN_BE_BUN: '1',
      DB_PASSWORD: 'x',
      NODE_ENV: 'y',
    }
    const { BUN_GC_TIMER_INTERVAL: interval, MIMALLOC_SCAVENGER: scavenger, ...passed } = workerEnv(env)
    expect(passed).toEqual({ PATH: '/bin', TZ: 'UTC' })
    // Ours, whatever the user has.
    expect(Number(interval)).toBeGreaterThan(1000)
    expect(scavenger).toBe('0')
  })

  test('a worker is this very program', () => {
    const [program, main, command] = workerCommand()
    expect(program).toBe(process.execPath)
    expect(main).toEndWith('server/main.ts')
    expect(command).toBe('worker')
  })
})
