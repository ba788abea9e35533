// A loop of ours in which Bun gets a turn for no other reason than that there is something for it to do.
import { bunEpoll } from '../../../server/sockets/bun-epoll.ts'
import { Loop } from '../../../server/sockets/loop.ts'
import { Poller, READABLE } from '../../../server/sockets/poller.ts'
import { libc } from '../../../server/lib/native.ts'
import { pairOfFds } from '../turn/sockets/net.ts'

export const HOURS_MS = 10_000_000

export interface Setting {
  readonly loop: Loop
  readonly poller: Poller
  /** Runs something within the event of a socket. */
  inEvent(run: () => void): void
}

/** Runs `test` while the loop runs, asleep or with sockets that are always ready. */
export async function onLoop(isBusy: boolean, run: (setting: Setting) => Promise<void>): Promise<void> {
  const poller = new Poller()
  const loop = new Loop(poller, bunEpoll(), HOURS_MS)
  const [ours, theirs] = pairOfFds()
  const [busy, other] = pairOfFds()
  let work: (() => void) | null = null
  const byte = Buffer.alloc(1)
  poller.add(ours, READABLE, {
    onReady() {
      libc().recv(ours, byte, 1, 0)
      const now = work
      work = null
      now?.()
    },
  })
  if (isBusy) {
    libc().send(other, byte, 1, 0)
    poller.add(busy, READABLE, { onReady() {} })
  }
  loop.hold()
  try {
    const inEvent = (run: () => void): void => {
      work = run
      libc().send(theirs, byte, 1, 0)
    }
    // From here on in a turn of ours, and no turn of Bun's is due.
    await new Promise<void>((resolve) => inEvent(() => inEvent(resolve)))
    await run({ loop, poller, inEvent })
  } finally {
    loop.release()
    for (const fd of [ours, busy]) poller.remove(fd)
    for (const fd of [ours, theirs, busy, other]) libc().close(fd)
    setImmediate(() => {
      loop.close()
      poller.close()
    })
    await new Promise<void>((resolve) => void setImmediate(() => setImmediate(resolve)))
  }
}
