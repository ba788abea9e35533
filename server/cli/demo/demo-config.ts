// The config of `sluice demo`: the first one that people read, and play with.
import type { Samples } from './samples.ts'
import type { SampleServer } from './sample-server.ts'

/** Ports of loopback. */
export interface DemoPorts {
  readonly web: number
  readonly secure: number
  readonly cache: number
  readonly echo: number
  readonly turn: number
  readonly admin: number
}

export const WANTED_PORTS: DemoPorts = {
  ...{ web: 8080, secure: 8443, cache: 6380, echo: 7007, turn: 3478, admin: 9090 },
}

export const FRUIT_WEIGHTS: readonly number[] = [3, 2, 1]
const API_WEIGHTS: readonly number[] = [9, 9, 1]
export const TURN_USER = 'demo'

export interface DemoConfig {
  readonly ports: DemoPorts
  readonly samples: Samples
  readonly turnPassword: string
  /** Of time-limited credentials. */
  readonly turnSecret: string
}

/** The text; files that it names stand in its folder. */
export const demoConfig = (config: DemoConfig): string => `${listenersOf(config)}
${RULES}
${backendsOf(config.samples)}
admin: { bind: "127.0.0.1:${config.ports.admin}" }   # the dashboard, and the API under /api/v1
workers: 2
drain: 2s
logs: { access: { file: access.log } }
`

function listenersOf({ ports, turnPassword, turnSecret }: Omit<DemoConfig, 'samples'>): string {
  const { web, secure, cache, echo, turn } = ports
  return `# The config of this demo. Edit it while the demo runs: changes apply at once, mistakes change nothing.
listeners:
  web: { bind: "127.0.0.1:${web}", limits: { connections: 1024 } }
  secure: { bind: "127.0.0.1:${secure}", protocol: https, certificates: [local, shop] }
  cache: { bind: "127.0.0.1:${cache}", protocol: tcp, backend: cache }
  echo: { bind: "127.0.0.1:${echo}", protocol: udp, backend: echo, idle: 10s }
  turn:
    bind: "127.0.0.1:${turn}"
    protocol: turn
    realm: demo.localhost
    auth: { users: { ${TURN_USER}: ${turnPassword} }, secrets: [${turnSecret}] }
    relay: { bind: [127.0.0.1] }
    peers: { allow: [127.0.0.0/8] }     # this machine alone: nothing else is reached

certificates:
  local: { self_signed: true }          # made by the gateway itself, for localhost
  shop: { cert: shop.pem, key: shop.key } # for shop.localhost; it ends in a few days, and files that change are served at once
`
}

const RULES = `# The first rule that matches wins.
rules:
  - name: hello
    match: { path: /hello }
    respond: { body: "Hello from the gateway itself.\\n" }
  - name: old
    match: { path: /old }
    redirect: { to: /new, status: 308 }
  - name: private                       # answers 403: we come from 127.0.0.1
    match: { path: /private/* }
    middleware: [{ ip: { allow: [10.0.0.0/8] } }]
    backend: fruit
  - name: beta                          # whoever asks for it
    match: { path: /api/*, header: { X-Beta: "true" } }
    backend: beta
  - name: api                           # all others; one of 19 meets the canary
    match: { path: /api/* }
    middleware:
      - rate_limit: { requests: 100, per: 1s, mode: shadow }
    backend: api
  - name: shop
    match: { path: /shop/* }
    backend: shop
  - name: pay
    match: { path: /pay/* }
    backend: pay
  - name: reports
    match: { path: /reports/* }
    backend: reports
  - name: live
    match: { path: /live }
    backend: live
  - name: intranet                      # nobody asks for this host
    match: { host: intranet.localhost }
    backend: fruit
  - name: everything
    middleware:
      - headers: { response: { set: { X-Demo: sluice } } }
    backend: fruit
  - name: robots                        # never reached: "everything" stands before it; move it up
    match: { path: /robots.txt }
    respond: { body: "User-agent: *\\nDisallow: /private/\\n" }
`

const backendsOf = (samples: Samples): string => `backends:
  fruit:
    algorithm: weighted_round_robin
    servers:
${rowsOf(samples.fruit, FRUIT_WEIGHTS)}
    health_check: { path: /health, interval: 2s, rise: 1, fall: 2 }
  api:                                  # the canary answers 500 now and then
    algorithm: weighted_round_robin
    servers:
${rowsOf(samples.api, API_WEIGHTS)}
    health_check: { path: /health, interval: 2s, rise: 1, fall: 2 }
  beta:
    servers:
${rowsOf(samples.beta)}
  shop:                                 # shop-3 fails its checks, shop-4 is in maintenance; shoppers keep their server
    algorithm: least_connections
    servers:
${rowsOf(samples.shop)}
    health_check: { path: /health, interval: 2s, rise: 1, fall: 2 }
    retry: { attempts: 3, backoff: 25ms }
    sticky: true
    passive_health: {}
  pay:                                  # pay-3 passes its checks and fails its requests: its breaker opens, retries hide it
    servers:
${rowsOf(samples.pay)}
    health_check: { path: /health, interval: 2s, rise: 1, fall: 2 }
    circuit_breaker: { failure_ratio: 0.4, min_requests: 4, open_for: 20s, open_for_max: 60s }
    retry: { statuses: [500] }
  reports:                              # nobody listens there
    servers:
      - { name: reports-1, url: "http://127.0.0.1:9" }
      - { name: reports-2, url: "http://127.0.0.1:19" }
    health_check: { path: /health, interval: 5s, rise: 1, fall: 2 }
  live:                                 # WebSockets; live-2 drains
    servers:
${rowsOf(samples.live)}
    health_check: { path: /health, interval: 5s, rise: 1, fall: 2 }
  cache:
    algorithm: least_connections
    servers:
${rowsOf(samples.cache)}
    health_check: { send: 'PING\\r\\n', expect: { data: +PONG }, interval: 5s }
  echo:
    servers:
${rowsOf(samples.echo)}
`

function rowsOf(
  servers: readonly Pick<SampleServer, 'name' | 'url'>[],
  weights: readonly number[] = [],
): string {
  const rows = servers.map(({ name, url }, index) => {
    const weight = weights[index]
    return `      - { name: ${name}, url: "${url}"${weight === undefined ? '' : `, weight: ${weight}`} }`
  })
  return rows.join('\n')
}
