// The other process of contract tests: child.ts adopt | add PATH-OF-FD
import { receiveFds } from '../../server/lib/pass-fds.ts'

const [task = '', path = ''] = process.argv.slice(2)
const tasks: Readonly<Record<string, () => void>> = {
  /** Takes a listening socket from descriptor 3 and answers one connection. */
  adopt() {
    const [fd = -1] = receiveFds(3, 1, 1)
    const options = {
      fd,
      socket: {
        open: (socket: { write(text: string): number; shutdown(): void }) => {
          socket.write('adopted')
          socket.shutdown()
        },
        data() {},
        close: () => process.exit(0),
      },
    }
    Bun.listen(options as unknown as Parameters<typeof Bun.listen>[0])
  },
  /** Adds 200,000 times to one cell of a shared mapping. */
  add() {
    const cells = new Int32Array(Bun.mmap(path, { shared: true }).buffer)
    for (let i = 0; i < 200_000; i++) Atomics.add(cells, 0, 1)
  },
}
tasks[task]?.()
