import { expect, test } from 'bun:test'
import { untilOrphansEnd } from '../../../../server/control/processes/orphans.ts'
import { closeFds, duplicateFd, makeChannel, sendFds } from '../../../../server/lib/pass-fds.ts'
import { listeningInodes } from '../../../../server/lib/tcp-table.ts'

/**
 * A socket that listens, and that no process has: it is on its way to one. As one that closes while its
 * process ends.
 */
function listenAsNobody(): { readonly port: number; close(): void } {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { ours, theirs } = makeChannel()
  const fd = duplicateFd((listener as unknown as { fd: number }).fd)
  sendFds(ours, 1, [fd])
  closeFds([fd])
  listener.stop(true)
  return { port: listener.port, close: () => closeFds([ours, theirs]) }
}

test.skipIf(process.platform !== 'linux')('a port whose sockets are just closing is waited for', async () => {
  const nobody = listenAsNobody()
  expect(listeningInodes(nobody.port).size).toBe(1)
  let looks = 0
  const heldPorts = () => {
    if (++looks === 3) nobody.close()
    return listeningInodes(nobody.port).size > 0
      ? [{ bind: `127.0.0.1:${nobody.port}`, port: nobody.port }]
      : []
  }
  await untilOrphansEnd(heldPorts, () => true)
  expect(looks).toBe(3)
})

test.skipIf(process.platform !== 'linux')('a port that another program has is not waited for', async () => {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  let looks = 0
  await untilOrphansEnd(
    () => {
      looks++
      return [{ bind: `127.0.0.1:${port}`, port }]
    },
    () => true,
  )
  expect(looks).toBe(1)
  listener.stop(true)
})
