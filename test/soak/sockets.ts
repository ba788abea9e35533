// Connections of every kind on a gateway with the sockets of one kind: answers, uploads and tunnels of 0 to
// 10 MB, slow readers, half-closes, resets.
import { startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import type { Random } from '../support/random.ts'
import { PARTS, startEcho, stormyScript } from '../support/stormy.ts'
import { IN_USE, storm, type StormOptions, type StormResult } from './storm.ts'

/** Runs it and looks at what is left. */
export async function soakSockets(options: StormOptions): Promise<StormResult> {
  const echo = startEcho()
  await using origin = startOrigin(stormyScript)
  const config = someConfig(origin, echo.port)
  await using gateway = await startGateway({
    config: config(0),
    workers: options.workers,
    args: ['--no-watch'],
    env: { SLUICE_SOCKETS: options.kind },
  })
  const parts = Object.entries(PARTS).map(
    ([name, part]) => [name, (random: Random) => part(gateway.port('web'), random)] as const,
  )
  try {
    return await storm(options, {
      ...{ gateway, config, parts: Object.fromEntries(parts), inUse: IN_USE },
      played: () => origin.forget(),
    })
  } finally {
    echo.stop()
  }
}

const someConfig =
  (origin: Origin, echoPort: number) =>
  (round: number): Record<string, unknown> => ({
    listeners: {
      web: { bind: '127.0.0.1:0' },
      ...(round % 3 === 1 && { [`extra${round}`]: { bind: '127.0.0.1:0' } }),
    },
    rules: [
      { name: 'echo', match: { path: '/ws' }, backend: 'echo' },
      { name: `rule${round % 7}`, backend: `origin${round % 2}` },
    ],
    backends: {
      [`origin${round % 2}`]: { servers: [{ url: origin.url, weight: 1 + (round % 5) }] },
      echo: { servers: [{ url: `http://127.0.0.1:${echoPort}` }] },
    },
    logs: { level: 'info' },
  })
