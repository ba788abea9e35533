import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../../build.ts'
import { folderFor, freePort, launch, type Recipe } from './contender.ts'

/** Ours, as built: one worker beside the supervisor, rules, health check, metrics and the access log to a file. */
export const sluice: Recipe = {
  name: 'sluice',
  program: 'dist/sluice',
  async start(setting) {
    const { binary } = await build()
    const folder = folderFor(setting, 'sluice')
    const port = freePort()
    const file = join(folder, 'sluice.yaml')
    writeFileSync(file, config(folder, port, setting.originPort))
    return launch({ name: 'sluice', command: [binary, 'run', '-c', file], port, folder })
  },
}

const config = (folder: string, port: number, originPort: number): string => `
listeners:
  web: { bind: "127.0.0.1:${port}", limits: { requests: 100000000 } }
rules:
  - { name: teapot, match: { host: tea.example.org, path: /pot }, respond: { status: 418 } }
  - { name: old, match: { path: /old/* }, redirect: { to: /new, status: 308 } }
  - { name: all, backend: origin }
backends:
  origin:
    servers: [{ url: "http://127.0.0.1:${originPort}" }]
    health_check: { path: /small, interval: 10s }
    keep_alive: { connections: 128 }
workers: 1
admin: { bind: "127.0.0.1:0" }
logs: { access: { file: ${JSON.stringify(join(folder, 'access.log'))} } }
`
