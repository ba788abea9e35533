import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../../build.ts'
import { folderFor, freePort, launch, type Recipe } from './contender.ts'

/**
 * Ours, as built: one worker beside the supervisor, rules, health check, metrics and the access log to a
 * file.
 */
export const sluice = ours('sluice', { workers: 1, servers: 1 })

/**
 * What rests is measured with two of each, started by hand and as the systemd unit and the image start it
 * (deploy/).
 */
export const SLUICE_AT_REST: readonly Recipe[] = [
  ours('sluice, 2 workers', { workers: 2, servers: 2 }),
  ours('sluice, 2 workers, as a service', {
    workers: 2,
    servers: 2,
    env: { BUN_GC_TIMER_INTERVAL: '10000', MIMALLOC_SCAVENGER: '0' },
  }),
]

interface Ours {
  readonly workers: number
  readonly servers: number
  readonly env?: Readonly<Record<string, string>>
}

function ours(name: string, { workers, servers, env = {} }: Ours): Recipe {
  return {
    name,
    program: 'dist/sluice',
    async start(setting) {
      const { binary } = await build()
      const folder = folderFor(setting, name)
      const port = freePort()
      const file = join(folder, 'sluice.yaml')
      const origin = `http://127.0.0.1:${setting.originPort}`
      const urls = Array.from({ length: servers }, (_, i) => `{ name: s${i}, url: "${origin}" }`)
      writeFileSync(file, config({ folder, port, servers: urls.join(', '), workers }))
      return launch({ name, command: [binary, 'run', '-c', file], port, folder, env })
    },
  }
}

interface Filled {
  readonly folder: string
  readonly port: number
  readonly servers: string
  readonly workers: number
}

const config = ({ folder, port, servers, workers }: Filled): string => `
listeners:
  web: { bind: "127.0.0.1:${port}", limits: { requests: 100000000 } }
rules:
  - { name: teapot, match: { host: tea.example.org, path: /pot }, respond: { status: 418 } }
  - { name: old, match: { path: /old/* }, redirect: { to: /new, status: 308 } }
  - { name: all, backend: origin }
backends:
  origin:
    servers: [${servers}]
    health_check: { path: /small, interval: 10s }
    keep_alive: { connections: 128 }
workers: ${workers}
admin: { bind: "127.0.0.1:0" }
logs: { access: { file: ${JSON.stringify(join(folder, 'access.log'))} } }
`
