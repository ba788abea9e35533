import { programPath } from '../test/support/needs.ts'
import { killAll } from '../test/support/processes.ts'
import { waitFor } from '../test/support/wait.ts'
import { freePort } from './contenders/contender.ts'

/** coturn's echoing peer, in a process of its own. */
export async function startPeer(): Promise<{ port: number; stop: () => void }> {
  const port = freePort()
  const child = Bun.spawn(
    [programPath('turnutils_peer') ?? 'turnutils_peer', '-L', '127.0.0.1', '-p', String(port)],
    {
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
    },
  )
  const stop = (): void => killAll([child.pid])
  process.on('exit', stop)
  await waitFor(() => echoes(port), { what: 'turnutils_peer to answer', everyMs: 50 })
  return { port, stop }
}

async function echoes(port: number): Promise<boolean> {
  let isBack = false
  const socket = await Bun.udpSocket({
    hostname: '127.0.0.1',
    port: 0,
    socket: { data: () => void (isBack = true), error() {} },
  })
  try {
    socket.send('hello', port, '127.0.0.1')
    return await waitFor(() => isBack, { forMs: 200 }).catch(() => false)
  } finally {
    socket.close()
  }
}
