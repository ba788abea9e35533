import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folderFor, freePort, launch, programNamed, type Recipe } from './contender.ts'

// It wants two descriptors for each, and refuses to start when the system allows fewer; 20,000 is usual.
const CONNECTIONS_MAX = 9900

/**
 * HAProxy: one thread, keep-alive to the origin, httplog to a local UDP sink; and once more without a log.
 */
export const haproxy = recipe('haproxy', true)
export const haproxyWithoutLog = recipe('haproxy-nolog', false)
/** That which passes bytes by pipes, where it is only to pass them on; by default it copies. */
export const haproxySplicing = recipe('haproxy-splice', false, true)

function recipe(name: string, logs: boolean, splices = false): Recipe {
  return {
    name,
    program: programNamed('haproxy'),
    connectionsMax: CONNECTIONS_MAX - 100,
    passesTls: true,
    async start(setting) {
      const folder = folderFor(setting, name)
      const port = freePort()
      const file = join(folder, 'haproxy.cfg')
      const { isPassed = false } = setting
      const config = isPassed ? passedConfig : setting.isTcp === true ? tcpConfig : httpConfig
      writeFileSync(file, config(port, setting.originPort, logs ? setting.sinkPort : null, splices))
      return launch({
        name,
        command: [this.program ?? 'haproxy', '-f', file, '-db'],
        port,
        folder,
        isTls: isPassed,
      })
    },
  }
}

const httpConfig = (port: number, originPort: number, sinkPort: number | null): string => `
global
  nbthread 1
  maxconn ${CONNECTIONS_MAX}
${sinkPort === null ? '' : `  log 127.0.0.1:${sinkPort} local0`}
defaults
  mode http
${sinkPort === null ? '' : '  log global\n  option httplog'}
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 75s
  timeout server 60s
  timeout http-request 10s
frontend web
  bind 127.0.0.1:${port}
  unique-id-format %[uuid()]
  unique-id-header X-Request-Id
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  default_backend origin
backend origin
  option httpchk GET /small
  server a 127.0.0.1:${originPort} check inter 10s
`

const tcpConfig = (port: number, originPort: number, sinkPort: number | null, splices: boolean): string => `
global
  nbthread 1
  maxpipes 50
  maxconn ${CONNECTIONS_MAX}
${sinkPort === null ? '' : `  log 127.0.0.1:${sinkPort} local0`}
defaults
  mode tcp
${sinkPort === null ? '' : '  log global\n  option tcplog'}
${splices ? '  option splice-auto' : ''}
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend web
  bind 127.0.0.1:${port}
  default_backend origin
backend origin
  server a 127.0.0.1:${originPort} check inter 10s
`

/** The same, but that the server is chosen by the name in the hello. */
const passedConfig: typeof tcpConfig = (...all) =>
  tcpConfig(...all)
    .replace(
      '  default_backend origin\n',
      `  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 }
  use_backend others if { req.ssl_sni -m end .others.example }
  use_backend origin if { req.ssl_sni -i localhost www.example.org }
  default_backend origin
`,
    )
    .concat(`backend others\n  server a 127.0.0.1:${all[1]}\n`)
