import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderFor, freePort, launch, programNamed, type Recipe } from './contender.ts'

/** Caddy: one thread, keep-alive to the origin, its JSON access log to a file. */
export const caddy: Recipe = {
  name: 'caddy',
  program: programNamed('caddy'),
  async start(setting) {
    const folder = folderFor(setting, 'caddy')
    const port = freePort()
    const file = join(folder, 'Caddyfile')
    writeFileSync(file, config(folder, port, setting.originPort))
    return launch({
      name: 'caddy',
      command: [this.program ?? 'caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
      port,
      folder,
      env: { GOMAXPROCS: '1', HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    })
  },
}

const config = (folder: string, port: number, originPort: number): string => `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  log {
    output file ${folder}/access.log
    format json
  }
  reverse_proxy 127.0.0.1:${originPort} {
    transport http {
      keepalive_idle_conns_per_host 2048
    }
  }
}
`
