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
