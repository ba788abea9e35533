// Proxies as people have them, in front of a gateway: HAProxy and nginx, with the settings that their manuals
// begin with.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rawClient } from './client.ts'
import { freePort } from './kernel.ts'
import { programPath } from './needs.ts'
import { isRunning, killAll, treeOf } from './processes.ts'
import { waitFor } from './wait.ts'

export interface FrontProxy extends AsyncDisposable {
  readonly port: number
}

/** HAProxy before a port of 127.0.0.1; `lines` stand in its frontend, `how` behind its server. */
export const startHaproxy = (to: number, lines: string, how = ''): Promise<FrontProxy> =>
  start('haproxy', (_folder, port) => ({
    args: ['-db', '-f', 'conf'],
    conf: `global
  nbthread 1
  maxconn 100
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
frontend web
  bind 127.0.0.1:${port}
  ${lines}
  default_backend sluice
backend sluice
  ${lines.startsWith('mode') ? lines : ''}
  server a 127.0.0.1:${to} ${how}
`,
  }))

/** nginx before a port of 127.0.0.1; `lines` stand in its location. */
export const startNginx = (to: number, lines: string): Promise<FrontProxy> =>
  start('nginx', (folder, port) => ({
    args: ['-c', 'conf', '-p', folder, '-e', 'error.log'],
    conf: `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 100; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://127.0.0.1:${to}; ${lines} }
  }
}
`,
  }))

export interface Receiver {
  /** What it listens on, as nginx writes it; PORT stands for one that is free. */
  readonly listen: string
  readonly certificate?: { readonly certFile: string; readonly keyFile: string }
}

/** nginx as a server that takes the PROXY protocol: it answers whom that names, and how it was asked. */
export const startNginxReceiver = ({ listen, certificate }: Receiver): Promise<FrontProxy> =>
  start('nginx', (_folder, port) => ({
    args: ['-c', 'conf', '-p', _folder, '-e', 'error.log'],
    conf: `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 100; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`).join(' ')}
  server { listen 127.0.0.1:${port}; }
  server {
    listen ${listen} ${certificate === undefined ? '' : 'ssl'} proxy_protocol;
    ${certificate === undefined ? '' : `ssl_certificate ${certificate.certFile}; ssl_certificate_key ${certificate.keyFile};`}
    location / { return 200 "$proxy_protocol_addr $proxy_protocol_port $connection $ssl_server_name"; }
  }
}
`,
  }))

/** HAProxy as such a server. */
export const startHaproxyReceiver = (port: number, how: string): Promise<FrontProxy> =>
  start('haproxy', (_folder, ready) => ({
    args: ['-db', '-f', 'conf'],
    conf: `global
  nbthread 1
  maxconn 100
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
frontend ready
  bind 127.0.0.1:${ready}
  http-request return status 200
frontend web
  bind 127.0.0.1:${port} accept-proxy ${how}
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port]"
`,
  }))

type Setting = (folder: string, port: number) => { readonly args: readonly string[]; readonly conf: string }

async function start(program: string, setting: Setting): Promise<FrontProxy> {
  const folder = mkdtempSync(join(tmpdir(), `sluice-${program}-`))
  const port = freePort()
  const { args, conf } = setting(folder, port)
  writeFileSync(join(folder, 'conf'), conf)
  const logFile = join(folder, 'log')
  const log = openSync(logFile, 'a')
  const child = Bun.spawn([programPath(program) ?? program, ...args], {
    cwd: folder,
    stdin: 'ignore',
    stdout: log,
    stderr: log,
  })
  closeSync(log)
  started.add(child.pid)
  const stop = async (): Promise<void> => {
    killAll(treeOf(child.pid))
    await child.exited
    started.delete(child.pid)
    rmSync(folder, { recursive: true, force: true })
  }
  const isListening = async (): Promise<boolean> => {
    if (!isRunning(child.pid)) throw new Error(`${program} ended:\n${readFileSync(logFile, 'utf8')}\n${conf}`)
    return rawClient(port).then(
      (client) => {
        client.rst()
        return true
      },
      () => false,
    )
  }
  try {
    await waitFor(isListening, { what: `${program} to listen` })
  } catch (problem) {
    await stop()
    throw problem
  }
  return { port, [Symbol.asyncDispose]: stop }
}

const started = new Set<number>()
process.on('exit', () => killAll([...started]))
